//! The enclave's key on chain: evidence to 0G, attesters' signatures, admission, and the wait until it is live.

mod attesters;

pub(crate) use self::attesters::Attesters;
use self::attesters::SignedAdmission;

use crate::enclave::{EnclaveAddress, Identity};
use crate::error::VerifierError;
use crate::journal::KeyRecord;
use crate::operator::Operator;
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::primitives::{Address, B256, Bytes};
use orv_chain::{AdmittedKey, ChainError, SendError};
use orv_content::Root;
use std::time::Duration;
use tokio::time::sleep;

/// Longest wait beyond the registry's own challenge delay.
const SLACK: Duration = Duration::from_secs(60);

/// Seconds by which the newest block may be older than evidence that attesters judge as of its time.
const FRESH: u64 = 60;

/// What the registry says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was never admitted.
    Unknown,
    /// Its statements count. Whether it may take another ticket is for [`life`] to say: the last one is used while none is
    /// left.
    Live {
        /// Root of the evidence that it was admitted with.
        evidence_root: B256,
    },
    /// It becomes live by itself.
    NotYetActive,
    /// It was admitted, and somebody has revoked it.
    Revoked,
    /// It was admitted and counts no more, for another reason.
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
        Ok(live) => Ok(Standing::Live {
            evidence_root: live.entry.evidenceRoot,
        }),
        Err(ChainError::Reverted(revert)) if revert.is::<EnclaveRegistry::UnknownKey>() => Ok(Standing::Unknown),
        Err(ChainError::Reverted(revert)) if revert.is::<EnclaveRegistry::KeyNotYetActive>() => {
            Ok(Standing::NotYetActive)
        }
        Err(ChainError::Reverted(revert)) if revert.is::<EnclaveRegistry::KeyIsRevoked>() => Ok(Standing::Revoked),
        Err(ChainError::Reverted(revert)) => Ok(Standing::Dead(revert.to_string())),
        Err(other) => Err(other),
    }
}

/// Makes sure that the key is admitted with exactly the evidence of this identity, and live.
///
/// # Errors
/// The attesters' refusal, the registry's, or [`VerifierError::EvidenceChanged`] for a key that was admitted with other
/// evidence: the chain admits a key once and never again.
pub(crate) async fn ensure_live(
    operator: &Operator,
    enclave: &EnclaveAddress,
    identity: &Identity,
) -> Result<(), VerifierError> {
    if standing(operator, identity.key).await? == Standing::Unknown {
        register(operator, enclave, identity).await?;
    }
    wait_until_live(operator, identity).await
}

/// How long a key will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyLife {
    /// For many runs.
    Lasting,
    /// For a run that begins now, and not for many more: time for the operator to boot the enclave anew.
    Ending(String),
    /// Not for a run that begins now: its statement could not be settled any more, and the attempt would be lost.
    Ended(String),
    /// As [`Self::Ended`], and another key would do no longer: its whole admission lasts so many seconds.
    TooShort(u64),
    /// For nothing. A new boot would only hide what was wrong with it.
    Revoked,
}

/// Verdicts below which a key is said to be ending.
const FEW_VERDICTS: u32 = 5;

/// A key that the chain counts on while its enclave signs no more costs its operator a ticket for each proposal.
const _: () = assert!(orv_attester::MOST_VERDICTS <= orv_receipt::MOST_VERDICTS);

/// Seconds of use below which another key is not worth its boot, its upload and its admission.
const SHORTEST_USE: u64 = 60;

/// Seconds that the whole admission of a key lasts.
pub(crate) fn whole_life(key: &AdmittedKey) -> u64 {
    key.expires_at.saturating_sub(key.activates_at)
}

/// Whether a key was never fit for runs of so many seconds, or hardly: another one would be no better.
pub(crate) fn is_too_short(key: &AdmittedKey, run_seconds: u64) -> bool {
    whole_life(key) <= run_seconds.saturating_add(SHORTEST_USE)
}

/// How long a key will do, by what the registry says of it and by the block's time.
pub(crate) fn life(admitted: Option<&AdmittedKey>, now: u64, run_seconds: u64) -> KeyLife {
    let Some(key) = admitted else {
        return KeyLife::Ended("it is not admitted".to_owned());
    };
    if key.revoked {
        return KeyLife::Revoked;
    }
    if key.verdicts_left == 0 {
        return KeyLife::Ended("no verdicts are left".to_owned());
    }
    let left = key.expires_at.saturating_sub(now);
    if left <= run_seconds && is_too_short(key, run_seconds) {
        return KeyLife::TooShort(whole_life(key));
    }
    if left <= run_seconds {
        return KeyLife::Ended(format!("it lives {left} s more, a run may need {run_seconds} s"));
    }
    if left <= run_seconds.saturating_mul(2) || key.verdicts_left < FEW_VERDICTS {
        let verdicts = key.verdicts_left;
        return KeyLife::Ending(format!("it lives {left} s more and has {verdicts} verdicts left"));
    }
    KeyLife::Lasting
}

async fn register(operator: &Operator, enclave: &EnclaveAddress, identity: &Identity) -> Result<(), VerifierError> {
    let record = KeyRecord {
        address: identity.key,
        challenge_block: identity.challenge_block,
        envelope: identity.envelope.clone(),
    };
    let at = enclave.to_string();
    operator.journal.keep_key(&record, &at, operator.clock()).await?;
    let signed = signed_and_published(operator, identity).await?;
    let admitted = operator
        .keys
        .admit(&operator.owner, signed.admission, Bytes::from(signed.proof))
        .await;
    match admitted {
        Ok(_) => Ok(()),
        // By an earlier life of this program, whose transaction was mined meanwhile.
        Err(SendError::Reverted(revert)) if revert.is::<EnclaveRegistry::KeyAlreadyAdmitted>() => Ok(()),
        Err(source) => Err(VerifierError::sending("admitting the key", source)),
    }
}

/// Asks the attesters and publishes the evidence, in this order where that is possible: what they refuse is not paid for.
async fn signed_and_published(operator: &Operator, identity: &Identity) -> Result<SignedAdmission, VerifierError> {
    let attesters = Attesters::of(operator).await?;
    let evidence = || {
        let (envelope, root) = (identity.envelope.clone(), identity.evidence_root);
        publish(operator, "the evidence", envelope, root)
    };
    let head = operator.chain.head().await?.timestamp;
    if operator.clock().saturating_sub(head) <= FRESH {
        let signed = attesters.admit(operator, identity, head).await?;
        evidence().await?;
        return Ok(signed);
    }
    // The newest block is the attesters' time, and this one may have been made before the evidence was, where blocks are
    // made of transactions only: publishing makes another.
    evidence().await?;
    let head = operator.chain.head().await?.timestamp;
    attesters.admit(operator, identity, head).await
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
            Standing::Revoked => return Err(VerifierError::KeyRevoked(identity.key)),
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
        sleep(operator.config().poll().min(Duration::from_secs(1))).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(expires_at: u64, verdicts_left: u32) -> AdmittedKey {
        AdmittedKey {
            key: Address::ZERO,
            operator: Address::ZERO,
            platform: B256::ZERO,
            measurement: B256::ZERO,
            evidence_root: B256::ZERO,
            platform_tier: 0,
            verdicts_left,
            activates_at: 0,
            expires_at,
            revoked: false,
        }
    }

    fn ends(life: &KeyLife) -> &'static str {
        match life {
            KeyLife::Lasting => "lasting",
            KeyLife::Ending(_) => "ending",
            KeyLife::Ended(_) => "ended",
            KeyLife::TooShort(_) => "too short",
            KeyLife::Revoked => "revoked",
        }
    }

    #[test]
    fn a_key_ends_before_a_run_could_outlive_it_and_is_told_of_before_that() {
        let at = |left: u64, verdicts| life(Some(&key(1000 + left, verdicts)), 1000, 100);
        assert_eq!(ends(&at(201, 5)), "lasting");
        assert_eq!(ends(&at(200, 5)), "ending");
        assert_eq!(ends(&at(201, 4)), "ending");
        assert_eq!(ends(&at(100, 5)), "ended");
        assert_eq!(ends(&at(201, 0)), "ended");
        assert_eq!(ends(&life(None, 0, 100)), "ended");
        let revoked = AdmittedKey {
            revoked: true,
            ..key(9999, 9)
        };
        assert_eq!(ends(&life(Some(&revoked), 0, 100)), "revoked");
    }

    #[test]
    fn a_key_whose_whole_admission_is_too_short_for_a_run_is_not_one_that_another_could_replace() {
        let admitted = |whole: u64| AdmittedKey {
            activates_at: 1000,
            ..key(1000 + whole, 9)
        };
        let at_its_end = |whole: u64| life(Some(&admitted(whole)), 1000 + whole - 50, 100);
        assert_eq!(at_its_end(90), KeyLife::TooShort(90));
        assert_eq!(at_its_end(160), KeyLife::TooShort(160), "for hardly any run");
        assert_eq!(ends(&at_its_end(161)), "ended");
        assert_eq!(ends(&life(Some(&admitted(160)), 1000, 100)), "ending", "while it lasts");
    }
}
