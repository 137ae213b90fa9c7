//! Finding fault with a key that others admitted: what the challenge delay is for.

use alloy::primitives::{Address, B256};
use orv_contracts::admission::EnclaveRegistry::KeyAdmitted;
use orv_evidence::{Envelope, UnixTime};
use orv_verify::{Collateral, Roots};

use crate::{AdmissionPolicy, AttesterError, ChainFacts, LONGEST_LIFE, MOST_VERDICTS, admit};

/// Why an admission on chain does not follow from its evidence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The evidence does not admit any key by this attester's rules.
    #[error(transparent)]
    Evidence(#[from] AttesterError),
    /// The evidence is for another key.
    #[error("the evidence is for key {evidence}, {admitted} was admitted")]
    Key {
        /// The evidence's.
        evidence: Address,
        /// The registry's.
        admitted: Address,
    },
    /// The evidence has another platform, measurement or root than the registry.
    #[error("the evidence has {what} {evidence}, {admitted} was admitted")]
    Word {
        /// Which one.
        what: &'static str,
        /// The evidence's.
        evidence: B256,
        /// The registry's.
        admitted: B256,
    },
    /// The evidence is of another tier.
    #[error("the evidence is of tier {evidence}, {admitted} was admitted")]
    Tier {
        /// The evidence's.
        evidence: u8,
        /// The registry's.
        admitted: u8,
    },
    /// The admission outlives its evidence.
    #[error("the admission ends at {admitted}, its evidence and collateral end at {evidence}")]
    Life {
        /// The evidence's end, in Unix seconds.
        evidence: u64,
        /// The registry's, in Unix seconds.
        admitted: u64,
    },
}

/// Zeros behind an envelope that are tried; a genuine one ends in a few by chance.
const MOST_ZEROS: usize = 64;

/// An envelope with the zeros at its end that it was sealed with. A root does not bind a length (DESIGN 5.7), so whoever
/// serves the bytes may add or cut some, and must not make a sound key look unsound.
fn as_sealed(served: &[u8]) -> Vec<u8> {
    let end = served.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut bytes = served.get(..end).unwrap_or_default().to_vec();
    for _ in 0..=MOST_ZEROS {
        if Envelope::decode(&bytes).is_ok() {
            return bytes;
        }
        bytes.push(0);
    }
    served.to_vec()
}

/// Judges an admission that is on chain by its evidence, as of the moment it was admitted. How long a life and how many
/// verdicts the attester itself would have granted plays no part: those are the chain's bounds.
///
/// # Errors
/// [`Fault`]: a reason to revoke the key.
pub fn inspect(
    envelope: &[u8],
    admitted: &KeyAdmitted,
    facts: &ChainFacts,
    admitted_at: UnixTime,
    roots: &Roots,
    policy: &AdmissionPolicy,
    collateral: &Collateral,
) -> Result<(), Fault> {
    let bounds = AdmissionPolicy {
        evidence: policy.evidence.clone(),
        life: LONGEST_LIFE,
        verdicts: MOST_VERDICTS,
    };
    let found = admit(&as_sealed(envelope), facts, admitted_at, roots, &bounds, collateral)?.admission();
    if found.key != admitted.key {
        return Err(Fault::Key {
            evidence: found.key,
            admitted: admitted.key,
        });
    }
    for (what, evidence, admitted) in [
        ("platform", found.platform, admitted.platform),
        ("measurement", found.measurement, admitted.measurement),
        ("root", found.evidenceRoot, admitted.evidenceRoot),
    ] {
        if evidence != admitted {
            return Err(Fault::Word {
                what,
                evidence,
                admitted,
            });
        }
    }
    if found.platformTier != admitted.platformTier {
        return Err(Fault::Tier {
            evidence: found.platformTier,
            admitted: admitted.platformTier,
        });
    }
    if admitted.expiresAt > found.expiresAt {
        return Err(Fault::Life {
            evidence: found.expiresAt,
            admitted: admitted.expiresAt,
        });
    }
    Ok(())
}
