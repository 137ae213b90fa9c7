//! The enclave's key on chain: evidence to 0G, attesters' signatures, admission, and the wait until it is live.

mod attesters;

pub(crate) use self::attesters::Attesters;

use crate::enclave::Identity;
use crate::error::VerifierError;
use crate::journal::KeyRecord;
use crate::operator::Operator;
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::primitives::{Address, B256, Bytes};
use orv_chain::{Call, ChainError};
use orv_content::Root;
use std::time::Duration;
use tokio::time::sleep;

/// Longest wait beyond the registry's own challenge delay.
const SLACK: Duration = Duration::from_secs(60);

/// What the registry says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was never admitted.
    Unknown,
    /// It may take tickets.
    Live {
        /// Root of the evidence that it was admitted with.
        evidence_root: B256,
    },
    /// It becomes live by itself.
    NotYetActive,
    /// It was admitted and counts no more.
    Dead(String),
}

/// Asks the registry.
pub(crate) async fn standing(operator: &Operator, key: Address) -> Result<Standing, ChainError> {
    let registry = operator.enclave.enclave_registry;
    let answer = operator
        .chain
        .call(registry, &EnclaveRegistry::requireLiveCall { key })
        .await;
    match answer {
        Ok(live) if live.entry.verdictsLeft == 0 => Ok(Standing::Dead("no verdicts are left".to_owned())),
        Ok(live) => Ok(Standing::Live {
            evidence_root: live.entry.evidenceRoot,
        }),
        Err(ChainError::Reverted(revert)) if revert.is::<EnclaveRegistry::UnknownKey>() => Ok(Standing::Unknown),
        Err(ChainError::Reverted(revert)) if revert.is::<EnclaveRegistry::KeyNotYetActive>() => {
            Ok(Standing::NotYetActive)
        }
        Err(ChainError::Reverted(revert)) => Ok(Standing::Dead(revert.to_string())),
        Err(other) => Err(other),
    }
}

/// Makes sure that the key is admitted with exactly the evidence of this identity, and live.
///
/// # Errors
/// The attesters' refusal, the registry's, or [`VerifierError::EvidenceChanged`] for a key that was admitted with other
/// evidence: the chain admits a key once and never again.
pub(crate) async fn ensure_live(operator: &Operator, identity: &Identity) -> Result<(), VerifierError> {
    if standing(operator, identity.key).await? == Standing::Unknown {
        register(operator, identity).await?;
    }
    wait_until_live(operator, identity).await
}

/// Refuses a key that would expire under a run: its statement could not be settled any more, and the attempt is lost.
///
/// # Errors
/// [`VerifierError::KeyDead`] with what is left, in block time.
pub(crate) async fn ensure_outlives_run(operator: &Operator, key: Address) -> Result<(), VerifierError> {
    let registry = operator.enclave.enclave_registry;
    let entry = operator
        .chain
        .call(registry, &EnclaveRegistry::keyOfCall { key })
        .await?;
    let left = entry.expiresAt.saturating_sub(operator.chain.head().await?.timestamp);
    let needed = operator.config.run_seconds;
    if left > needed {
        return Ok(());
    }
    let reason = format!("it lives {left} s more, a run may need {needed} s");
    Err(VerifierError::KeyDead { key, reason })
}

async fn register(operator: &Operator, identity: &Identity) -> Result<(), VerifierError> {
    let record = KeyRecord {
        address: identity.key,
        challenge_block: identity.challenge_block,
        envelope: identity.envelope.clone(),
    };
    operator.journal.keep_key(&record, operator.clock()).await?;
    publish(
        operator,
        "the evidence",
        identity.envelope.clone(),
        identity.evidence_root,
    )
    .await?;
    // Publishing has made a new block, so its time is close to the evidence's own.
    let now = operator.chain.head().await?.timestamp;
    let attesters = Attesters::of(operator).await?;
    let signed = attesters.admit(operator, identity, now).await?;
    let call = EnclaveRegistry::admitCall {
        admission: signed.admission,
        proof: Bytes::from(signed.proof),
    };
    operator
        .send("admitting the key", Call::new(operator.enclave.enclave_registry, &call))
        .await?;
    Ok(())
}

async fn wait_until_live(operator: &Operator, identity: &Identity) -> Result<(), VerifierError> {
    let registry = operator.enclave.enclave_registry;
    let delay = operator
        .chain
        .call(registry, &EnclaveRegistry::challengeDelayCall {})
        .await?;
    let most = Duration::from_secs(delay).saturating_add(SLACK);
    let begun = tokio::time::Instant::now();
    let given = B256::from(identity.evidence_root.0);
    loop {
        match standing(operator, identity.key).await? {
            Standing::Live { evidence_root } if evidence_root == given => return Ok(()),
            Standing::Live { evidence_root } => {
                return Err(VerifierError::EvidenceChanged {
                    key: identity.key,
                    admitted: evidence_root,
                    given,
                });
            }
            Standing::Dead(reason) => {
                return Err(VerifierError::KeyDead {
                    key: identity.key,
                    reason,
                });
            }
            Standing::Unknown | Standing::NotYetActive => {}
        }
        if begun.elapsed() >= most {
            return Err(VerifierError::KeyNotLiveInTime {
                key: identity.key,
                seconds: most.as_secs(),
            });
        }
        sleep(operator.config.poll().min(Duration::from_secs(1))).await;
    }
}

/// Puts bytes on 0G and compares the root that storage names with the bytes' own.
pub(crate) async fn publish(
    operator: &Operator,
    what: &'static str,
    bytes: Vec<u8>,
    expected: Root,
) -> Result<(), VerifierError> {
    let published = operator.storage.put(bytes, &operator.owner).await;
    let published = published.map_err(|source| VerifierError::Publish {
        what,
        source: Box::new(source),
    })?;
    if published.root != expected {
        return Err(VerifierError::PublishedOtherRoot {
            what,
            expected,
            got: published.root,
        });
    }
    Ok(())
}
