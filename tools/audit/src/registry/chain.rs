//! What the chain says of its keys, by the word of one endpoint.

use alloy_primitives::{Address, B256};
use orv_attester::{BlockReference, ChainFacts, ToldAdmission, admissions, ranges};
use orv_chain::{AdmittedKey, BlockHeader, Chain, ChainError, Deployment, EnclaveContracts, EnclaveKeys};
use orv_evidence::UnixTime;
use serde::Serialize;

/// A registry as one endpoint shows it.
pub(super) struct Registry {
    pub(super) contracts: EnclaveContracts,
    pub(super) chain_id: u64,
    /// The first block looked at.
    pub(super) first_block: u64,
    /// The newest block: everything is as of it.
    pub(super) head: BlockHeader,
    /// In the order of their admission.
    pub(super) keys: Vec<Registered>,
}

/// A key that was admitted.
pub(super) struct Registered {
    pub(super) told: ToldAdmission,
    /// Time of the block that admitted it.
    pub(super) admitted_at: UnixTime,
    /// What its evidence must answer to.
    pub(super) facts: ChainFacts,
    /// What the registry stores of it; none when it denies what its log tells.
    pub(super) stored: Option<AdmittedKey>,
    pub(super) standing: Standing,
    /// The registry's own word where the key counts no more.
    pub(super) withdrawn: Option<String>,
}

/// Whether a key's signature counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    /// It counts now.
    Live,
    /// It will, after the challenge delay.
    Pending,
    /// Somebody ended it.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its measurement or its attesters count no more.
    Withdrawn,
}

impl Standing {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Pending => "pending",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether what the key signs can settle, now or soon.
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::Live | Self::Pending)
    }
}

impl Registry {
    /// Asks `rpc` for everything from `first_block` on.
    pub(super) async fn read(
        deployment: &Deployment,
        contracts: EnclaveContracts,
        rpc: &str,
        first_block: u64,
    ) -> Result<Self, ChainError> {
        let chain = Chain::connect(rpc, deployment.network.chain_id).await?;
        let address = contracts.enclave_registry;
        chain.require_code("EnclaveRegistry", address).await?;
        let head = chain.head().await?;
        let reader = Reader {
            keys: EnclaveKeys::new(chain.clone(), contracts),
            chain,
            contracts,
            now: head.timestamp,
        };
        let mut keys = Vec::new();
        for blocks in ranges(first_block, head.reference.number) {
            for told in admissions(&reader.chain, address, blocks).await? {
                keys.push(reader.registered(told).await?);
            }
        }
        Ok(Self {
            contracts,
            chain_id: reader.chain.chain_id(),
            first_block,
            head,
            keys,
        })
    }
}

struct Reader {
    chain: Chain,
    keys: EnclaveKeys,
    contracts: EnclaveContracts,
    now: u64,
}

impl Reader {
    async fn registered(&self, told: ToldAdmission) -> Result<Registered, ChainError> {
        let key = told.admitted.key;
        let challenge = self.chain.block(told.admitted.challengeBlock).await?.reference;
        let admission = self.chain.block(told.block).await?;
        let stored = self.keys.key(key).await?;
        let (standing, withdrawn) = self.standing(key, stored.as_ref()).await?;
        Ok(Registered {
            admitted_at: UnixTime::from_seconds(admission.timestamp),
            facts: self.facts(told.admitted.operator, challenge.number, challenge.hash),
            told,
            stored,
            standing,
            withdrawn,
        })
    }

    fn facts(&self, operator: Address, number: u64, hash: B256) -> ChainFacts {
        ChainFacts {
            chain_id: self.chain.chain_id(),
            registry: self.contracts.enclave_registry,
            gateway: self.contracts.verifier_gateway,
            operator,
            challenge_block: BlockReference { number, hash },
        }
    }

    /// A key of which the registry stores nothing is taken for live: then nothing excuses what its log tells.
    async fn standing(
        &self,
        key: Address,
        stored: Option<&AdmittedKey>,
    ) -> Result<(Standing, Option<String>), ChainError> {
        let told = |standing| Ok((standing, None));
        match stored {
            None => told(Standing::Live),
            Some(stored) if stored.revoked => told(Standing::Revoked),
            Some(stored) if stored.expires_at <= self.now => told(Standing::Expired),
            Some(stored) if stored.activates_at > self.now => told(Standing::Pending),
            Some(_) => match self.keys.require_live(key).await {
                Ok(_) => told(Standing::Live),
                Err(ChainError::Reverted(revert)) => Ok((Standing::Withdrawn, Some(revert.to_string()))),
                Err(error) => Err(error),
            },
        }
    }
}
