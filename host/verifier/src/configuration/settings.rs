//! Tables of the configuration that say how much is done, and when nothing is.

use super::defaults;
use crate::enclave::EnclaveAddress;
use serde::{Deserialize, Serialize};

/// One enclave of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnclaveSettings {
    /// `unix:PATH`, `vsock:CID:PORT` or `hybrid:PATH:PORT`.
    pub address: EnclaveAddress,
    /// The command and its arguments that boot the enclave anew. A key is admitted once, so a new key needs a new boot;
    /// without a command the operator is told when it is time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<String>,
}

/// One JSON-RPC address, or several that are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RpcAddresses {
    /// One.
    One(String),
    /// Several, the preferred one first.
    Several(Vec<String>),
}

impl RpcAddresses {
    /// All of them, the preferred one first.
    pub fn all(&self) -> Vec<String> {
        match self {
            Self::One(address) => vec![address.clone()],
            Self::Several(addresses) => addresses.clone(),
        }
    }
}

/// Most that one run of the daemon does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Tickets that one run of the daemon opens; no limit when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposals: Option<u32>,
    /// Proposals that are prepared, settled or looked after at a time, beside the enclaves.
    pub concurrent_settlements: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            proposals: None,
            concurrent_settlements: defaults::concurrent_settlements(),
        }
    }
}

/// When no new attempt is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PauseSettings {
    /// Settlements that fail in a row.
    pub failed_settlements: u32,
    /// Runs or connections of one enclave that fail in a row; the other enclaves go on.
    pub failed_enclave: u32,
    /// Free bytes of the data directory.
    pub least_disk_bytes: u64,
    /// Seconds by which the newest block may be older than this machine's clock.
    pub stale_head_seconds: u64,
    /// Seconds after which one attempt is tried again; doubled with each that fails, up to an hour.
    pub retry_seconds: u64,
}

impl Default for PauseSettings {
    fn default() -> Self {
        Self {
            failed_settlements: 3,
            failed_enclave: 3,
            least_disk_bytes: 1 << 30,
            stale_head_seconds: 600,
            retry_seconds: 60,
        }
    }
}

/// What is done for others and for the operator's purse once proposals are decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DutySettings {
    /// Expire a proposal through the gateway after the ledger's deadline, so that its miner gets the verifier's half of
    /// the stake back. Costs gas and earns nothing.
    pub expire: bool,
    /// Withdraw fees of a project once so many whole tokens are owed; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdraw_from: Option<u64>,
}

impl Default for DutySettings {
    fn default() -> Self {
        Self {
            expire: true,
            withdraw_from: Some(1),
        }
    }
}
