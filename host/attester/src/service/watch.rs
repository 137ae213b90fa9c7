//! The challenge path: every admitted key's evidence is looked at, and a key that it does not carry is revoked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Address, B256};
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::{BlockHeader, Call, FeeRules, Patience, SendError, TransactionOwner};
use orv_content::Root;
use orv_evidence::{MAXIMUM_ENVELOPE, UnixTime};
use orv_storage::{FetchError, Storage, StorageOptions};

use super::bench::{Bench, open_wallet};
use super::{AttesterConfig, AttesterNotice, OnFinding, ServiceError, WatchConfig};
use crate::{Fault, LONGEST_LIFE, ToldAdmission, admissions, inspect, ranges};

type KeyAdmitted = orv_contracts::admission::EnclaveRegistry::KeyAdmitted;

/// Blocks looked at again, so that a short reorganisation hides no admission.
const DEPTH: u64 = 12;

/// A key whose admission was not yet found sound.
struct Open {
    admitted: KeyAdmitted,
    block: u64,
    /// Said once, whatever the number of looks.
    told: bool,
}

/// Looks at the registry's admissions again and again.
pub(super) struct Watch {
    bench: Arc<Bench>,
    owner: TransactionOwner,
    storage: Storage,
    settings: WatchConfig,
    next: u64,
    open: BTreeMap<Address, Open>,
    /// End of the admission and root of its evidence, of those that nothing is left to be done about.
    done: BTreeMap<Address, (u64, B256)>,
}

/// What became of one look at one key.
enum Finding {
    Sound,
    Fault(String),
    /// Its evidence or what it must be judged with is not to be had.
    Unjudged(String),
}

impl Watch {
    pub(super) async fn open(
        settings: &WatchConfig,
        configuration: &AttesterConfig,
        bench: Arc<Bench>,
    ) -> Result<Self, ServiceError> {
        let deployment = configuration.deployment()?;
        let named = configuration.storage_indexer.clone();
        let indexer = named
            .or(deployment.storage.map(|storage| storage.indexer_rpc))
            .ok_or(ServiceError::NoStorage)?;
        let mut options = StorageOptions::new(indexer, settings.cache.clone());
        options.flow = deployment.flow;
        let owner = TransactionOwner::start(
            bench.chain.clone(),
            open_wallet(configuration).await?,
            FeeRules::default(),
            Patience::default(),
        );
        let next = match settings.from_block {
            Some(block) => block,
            None => first_of_a_living_key(&bench).await?,
        };
        Ok(Self {
            bench,
            owner,
            storage: Storage::connect(options)?,
            settings: settings.clone(),
            next,
            open: BTreeMap::new(),
            done: BTreeMap::new(),
        })
    }

    /// Looks until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(error) = self.look().await {
                self.bench.notice(&AttesterNotice::LookFailed {
                    code: error.code(),
                    message: error.to_string(),
                });
            }
            tokio::time::sleep(Duration::from_secs(self.settings.poll_seconds)).await;
        }
    }

    async fn look(&mut self) -> Result<(), ServiceError> {
        let head = self.bench.chain.head().await?;
        self.take_in(head.reference.number).await?;
        self.forget(head.timestamp);
        let waiting: Vec<Address> = self.open.keys().copied().collect();
        let mut failed = None;
        for key in waiting {
            // One key's trouble must not hide the next one's.
            if let Err(error) = self.settle(key, &head).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Reads the admissions up to `newest`.
    async fn take_in(&mut self, newest: u64) -> Result<(), ServiceError> {
        let registry = self.bench.contracts.enclave_registry;
        for blocks in ranges(self.next, newest) {
            let next = blocks.end().saturating_add(1);
            for ToldAdmission { admitted, block } in admissions(&self.bench.chain, registry, blocks).await? {
                let done = self.done.get(&admitted.key);
                if done.is_none_or(|(_, root)| *root != admitted.evidenceRoot) {
                    let told = self.open.get(&admitted.key).is_some_and(|open| open.told);
                    self.open.insert(admitted.key, Open { admitted, block, told });
                }
            }
            self.next = next;
        }
        self.next = newest.saturating_sub(DEPTH);
        Ok(())
    }

    /// Keys that have expired hurt nobody any more.
    fn forget(&mut self, now: u64) {
        self.open.retain(|_, open| open.admitted.expiresAt > now);
        self.done.retain(|_, (expires_at, _)| *expires_at > now);
    }

    async fn settle(&mut self, key: Address, head: &BlockHeader) -> Result<(), ServiceError> {
        let Some(open) = self.open.get(&key) else {
            return Ok(());
        };
        let active = open.admitted.activatesAt <= head.timestamp;
        let finding = self.examine(open).await?;
        let (reason, answer) = match finding {
            Finding::Sound => {
                self.bench.notice(&AttesterNotice::Sound { key });
                self.close(key);
                return Ok(());
            }
            Finding::Fault(reason) => (reason, self.settings.on_fault),
            // Whoever publishes it has until the key counts.
            Finding::Unjudged(_) if !active => return Ok(()),
            Finding::Unjudged(reason) => (reason, self.settings.on_missing),
        };
        self.tell(key, reason);
        if answer == OnFinding::Revoke {
            self.revoke(key).await?;
            self.close(key);
        }
        Ok(())
    }

    fn close(&mut self, key: Address) {
        if let Some(Open { admitted, .. }) = self.open.remove(&key) {
            self.done.insert(key, (admitted.expiresAt, admitted.evidenceRoot));
        }
    }

    fn tell(&mut self, key: Address, reason: String) {
        if let Some(open) = self.open.get_mut(&key).filter(|open| !open.told) {
            open.told = true;
            self.bench.notice(&AttesterNotice::Doubted { key, reason });
        }
    }

    async fn examine(&self, open: &Open) -> Result<Finding, ServiceError> {
        let admitted = &open.admitted;
        let root = Root(admitted.evidenceRoot.0);
        let envelope = match self.storage.get(root, None).await {
            Ok(file) => file.read(MAXIMUM_ENVELOPE as u64),
            // An indexer that does not answer is this machine's trouble, and no finding.
            Err(FetchError::NotAvailable { blames, .. }) => {
                return Ok(Finding::Unjudged(format!(
                    "nobody serves its evidence {root}: {blames}"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        let envelope = match envelope {
            Ok(envelope) => envelope,
            Err(error) => return Ok(Finding::Fault(format!("its evidence {root} cannot be read: {error}"))),
        };
        let block = self.bench.chain.block(admitted.challengeBlock).await?;
        let admitted_at = self.bench.chain.block(open.block).await?.timestamp;
        let collateral = self.bench.collateral().await?;
        let inspected = inspect(
            &envelope,
            admitted,
            &self.bench.facts(admitted.operator, &block),
            UnixTime::from_seconds(admitted_at),
            &self.bench.roots,
            &self.bench.policy,
            &collateral,
        );
        Ok(match inspected {
            Ok(()) => Finding::Sound,
            Err(Fault::Evidence(error)) if error.is_want_of_collateral() => Finding::Unjudged(error.to_string()),
            Err(fault) => Finding::Fault(fault.to_string()),
        })
    }

    /// A key that somebody else has revoked meanwhile is as good.
    async fn revoke(&self, key: Address) -> Result<(), ServiceError> {
        let call = EnclaveRegistry::revokeCall { key };
        let registry = self.bench.contracts.enclave_registry;
        match self.owner.send(Call::new(registry, &call)).await {
            Ok(_) => self.bench.notice(&AttesterNotice::Revoked { key }),
            Err(SendError::Reverted(revert)) if revert.is::<EnclaveRegistry::KeyIsRevoked>() => {}
            Err(source) => {
                return Err(ServiceError::Revoke {
                    key,
                    source: Box::new(source),
                });
            }
        }
        Ok(())
    }
}

/// The first block in which a key may have been admitted that is alive now: found by halving, because blocks have no
/// fixed rate.
async fn first_of_a_living_key(bench: &Bench) -> Result<u64, ServiceError> {
    let head = bench.chain.head().await?;
    let begin = head.timestamp.saturating_sub(LONGEST_LIFE);
    let (mut low, mut high) = (0, head.reference.number);
    while low < high {
        let middle = low.midpoint(high);
        if bench.chain.block(middle).await?.timestamp < begin {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}
