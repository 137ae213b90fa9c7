//! What whoever runs an attester configures, as TOML.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use orv_chain::Deployment;
use orv_chain::wallet::{WalletSource, require_private, without_keys};
use orv_verify::{MAXIMUM_POLICY, PolicyDocument};
use serde::{Deserialize, Serialize};

use super::ServiceError;
use crate::{AdmissionPolicy, LONGEST_LIFE, MOST_VERDICTS, Trust};

/// Largest configuration file that is read, in bytes.
const MAXIMUM_FILE: u64 = 1 << 20;

/// The whole configuration. Relative paths are relative to the folder that the program runs in.
///
/// ```
/// let configuration = orv_attester::AttesterConfig::parse(r#"
///     deployment = "deployment.json"
///     policy = "policy.toml"
///     trust = "production"
///
///     [key.keystore]
///     directory = "/var/lib/orv/wallets"
///     id = "attester"
///     passphrase_file = "/run/secrets/passphrase"
/// "#)?;
/// assert_eq!(configuration.listen.to_string(), "127.0.0.1:8648");
/// # Ok::<(), orv_attester::ServiceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttesterConfig {
    /// The deployment file: chain id, contracts, and where chain and storage are.
    pub deployment: PathBuf,
    /// Another JSON-RPC address than the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc: Option<String>,
    /// Another storage indexer than the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_indexer: Option<String>,
    /// Where requests are taken. There is no TLS: what is exchanged is public and signed.
    #[serde(default = "defaults::listen")]
    pub listen: SocketAddr,
    /// What evidence must meet: a policy of `orv-verify`. It must list measurements.
    pub policy: PathBuf,
    /// Under which roots evidence is authentic.
    pub trust: Trust,
    /// A folder of the vendors' collateral, read anew for every candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collateral: Option<PathBuf>,
    /// Longest life of an admission, in seconds.
    #[serde(default = "defaults::life_seconds")]
    pub life_seconds: u64,
    /// Most verdicts of an admission.
    #[serde(default = "defaults::verdicts")]
    pub verdicts: u32,
    /// The attester's key. It signs admissions, and pays for revocations.
    pub key: WalletSource,
    /// Whether admitted keys are inspected; absent: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchConfig>,
}

/// How admitted keys are inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Where fetched evidence is kept.
    pub cache: PathBuf,
    /// Seconds between two looks at the chain.
    #[serde(default = "defaults::poll_seconds")]
    pub poll_seconds: u64,
    /// The first block looked at; absent: as far back as a key may be alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_block: Option<u64>,
    /// What to do about a key whose evidence does not hold.
    #[serde(default = "defaults::on_fault")]
    pub on_fault: OnFinding,
    /// What to do about a key that cannot be judged when it becomes active: nobody serves its evidence, or collateral
    /// for it is missing.
    #[serde(default = "defaults::on_missing")]
    pub on_missing: OnFinding,
}

/// What to do about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFinding {
    /// Say it.
    Report,
    /// Say it and revoke the key at once.
    Revoke,
}

mod defaults {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::{LONGEST_LIFE, MOST_VERDICTS, OnFinding};

    pub(super) fn listen() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 8648))
    }

    pub(super) fn life_seconds() -> u64 {
        LONGEST_LIFE
    }

    pub(super) fn verdicts() -> u32 {
        MOST_VERDICTS
    }

    pub(super) fn poll_seconds() -> u64 {
        12
    }

    pub(super) fn on_fault() -> OnFinding {
        OnFinding::Revoke
    }

    pub(super) fn on_missing() -> OnFinding {
        OnFinding::Report
    }
}

impl AttesterConfig {
    /// Reads a file. Nobody but its owner may read one in which the key itself stands.
    ///
    /// # Errors
    /// [`ServiceError::Unreadable`], [`ServiceError::Wallet`] with the `chmod` that mends it, or as [`Self::parse`].
    pub fn load(path: &Path) -> Result<Self, ServiceError> {
        let (file, text) = open(path, MAXIMUM_FILE)?;
        let configuration = Self::parse(&String::from_utf8_lossy(&text))?;
        if matches!(configuration.key, WalletSource::UnsafeRawKey(_)) {
            require_private(&file, path)?;
        }
        Ok(configuration)
    }

    /// Reads TOML; unknown keys are refused.
    ///
    /// # Errors
    /// [`ServiceError::Configuration`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Self, ServiceError> {
        let configuration: Self =
            toml::from_str(text).map_err(|error| ServiceError::Configuration(without_keys(&error.to_string())))?;
        if configuration
            .watch
            .as_ref()
            .is_some_and(|watch| watch.poll_seconds == 0)
        {
            return Err(ServiceError::Configuration("poll_seconds = 0: at least 1".to_owned()));
        }
        Ok(configuration)
    }

    /// The deployment, with this file's own address in it.
    pub(super) fn deployment(&self) -> Result<Deployment, ServiceError> {
        let mut deployment = Deployment::load(&self.deployment)?;
        if let Some(rpc) = &self.rpc {
            deployment.network.rpc_url.clone_from(rpc);
        }
        Ok(deployment)
    }

    /// The rules, and the hash of their file.
    pub(super) fn rules(&self) -> Result<(AdmissionPolicy, [u8; 32]), ServiceError> {
        // One byte more than is taken, so that a longer file is refused and never cut.
        let (_, bytes) = open(&self.policy, MAXIMUM_POLICY as u64 + 1)?;
        let document = PolicyDocument::parse(&bytes).map_err(|source| ServiceError::Policy {
            path: self.policy.clone(),
            source,
        })?;
        let policy = AdmissionPolicy {
            evidence: document.policy,
            life: self.life_seconds,
            verdicts: self.verdicts,
        };
        policy
            .sensible()
            .map_err(|error| ServiceError::Configuration(error.to_string()))?;
        Ok((policy, document.sha256))
    }
}

/// Opens a file and reads it, up to a limit.
fn open(path: &Path, limit: u64) -> Result<(File, Vec<u8>), ServiceError> {
    let unreadable = |source| ServiceError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    (&file).take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((file, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_the_defaults() {
        let example = AttesterConfig::parse(include_str!("../../attester.example.toml")).unwrap();
        assert_eq!(example.listen, defaults::listen());
        assert_eq!(
            (example.life_seconds, example.verdicts),
            (defaults::life_seconds(), defaults::verdicts())
        );
        let watch = example.watch.unwrap();
        assert_eq!(watch.poll_seconds, defaults::poll_seconds());
        assert_eq!(
            (watch.on_fault, watch.on_missing),
            (defaults::on_fault(), defaults::on_missing())
        );
    }

    #[test]
    fn a_mistake_beside_a_private_key_does_not_print_it() {
        let key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let shown = AttesterConfig::parse(&format!("[key]\nunsafe_raw_key = 0x{key}"));
        assert!(!shown.unwrap_err().to_string().contains(&key[..40]));
    }
}
