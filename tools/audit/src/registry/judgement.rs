//! One key: whether its admission follows from its evidence.

use super::chain::Registered;
use crate::source::{Source, SourceError};
use crate::trust::Trust;
use alloy_primitives::B256;
use orv_attester::{AdmissionPolicy, AttesterError, Fault, inspect};
use orv_verify::{AllowedMeasurement, Policy};

/// How the examination of a key ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Its admission follows from its evidence.
    Holds,
    /// It does not, for each of these reasons.
    Fails(Vec<String>),
    /// What it would be judged with was not given: the vendor's collateral.
    Unjudged(String),
    /// Nobody has its evidence.
    Missing(String),
}

/// Judges one key by what it was admitted with.
pub(super) fn judge(key: &Registered, source: &Source, trust: &Trust) -> Judgement {
    let mut reasons = contradictions(key);
    let root = key.told.admitted.evidenceRoot;
    let envelope = match source.bytes(root) {
        Ok(envelope) => envelope,
        Err(error) if reasons.is_empty() => return Judgement::Missing(missing(root, &error)),
        Err(error) => {
            reasons.push(missing(root, &error));
            return Judgement::Fails(reasons);
        }
    };
    let inspected = inspect(
        &envelope,
        &key.told.admitted,
        &key.facts,
        key.admitted_at,
        &trust.roots,
        &policy(key, trust),
        &trust.collateral,
    );
    match inspected {
        Ok(()) if reasons.is_empty() => Judgement::Holds,
        Ok(()) => Judgement::Fails(reasons),
        Err(Fault::Evidence(error)) if error.is_want_of_collateral() && reasons.is_empty() => {
            Judgement::Unjudged(error.to_string())
        }
        Err(fault) => {
            reasons.extend(in_words(&fault));
            Judgement::Fails(reasons)
        }
    }
}

fn missing(root: B256, error: &SourceError) -> String {
    format!("its evidence {root} is not to be had: {error}")
}

/// The auditor's rules. A list of measurements that they lack is the one that was admitted: an attester asks for more.
fn policy(key: &Registered, trust: &Trust) -> AdmissionPolicy {
    let admitted = AllowedMeasurement::by_id(key.told.admitted.measurement.0, "admitted on chain");
    AdmissionPolicy::of(Policy {
        measurements: trust.policy.measurements.clone().or(Some(vec![admitted])),
        ..trust.policy.clone()
    })
}

/// Where the registry's log and its state say different things. No honest endpoint shows any.
fn contradictions(key: &Registered) -> Vec<String> {
    let told = &key.told.admitted;
    let Some(stored) = &key.stored else {
        return vec!["the registry's log tells of it, and the registry knows nothing of it".to_owned()];
    };
    let fields = [
        ("operator", told.operator.to_string(), stored.operator.to_string()),
        ("platform", told.platform.to_string(), stored.platform.to_string()),
        (
            "measurement",
            told.measurement.to_string(),
            stored.measurement.to_string(),
        ),
        ("root", told.evidenceRoot.to_string(), stored.evidence_root.to_string()),
        ("tier", told.platformTier.to_string(), stored.platform_tier.to_string()),
        (
            "activation",
            told.activatesAt.to_string(),
            stored.activates_at.to_string(),
        ),
        ("end", told.expiresAt.to_string(), stored.expires_at.to_string()),
    ];
    fields
        .into_iter()
        .filter(|(_, told, stored)| told != stored)
        .map(|(name, told, stored)| format!("the registry's log tells the {name} {told}, its state {stored}"))
        .collect()
}

/// A fault's reasons, each check that failed by itself.
fn in_words(fault: &Fault) -> Vec<String> {
    match fault {
        Fault::Evidence(AttesterError::Refused(refused)) => refused
            .failed
            .iter()
            .map(|check| format!("{}: {}", check.name, check.detail))
            .collect(),
        fault => vec![fault.to_string()],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::registry::chain::Standing;
    use alloy_primitives::Address;
    use orv_attester::{BlockReference, ChainFacts, ToldAdmission};
    use orv_chain::AdmittedKey;
    use orv_chain::bindings::EnclaveRegistry::KeyAdmitted;
    use orv_evidence::UnixTime;

    /// A key of which log and state say the same.
    fn registered() -> Registered {
        let admitted = KeyAdmitted {
            key: Address::repeat_byte(1),
            operator: Address::repeat_byte(2),
            measurement: B256::repeat_byte(3),
            platform: B256::repeat_byte(4),
            platformTier: 1,
            evidenceRoot: B256::repeat_byte(5),
            challengeBlock: 6,
            activatesAt: 7,
            expiresAt: 8,
            verdicts: 9,
        };
        Registered {
            stored: Some(AdmittedKey {
                key: admitted.key,
                operator: admitted.operator,
                platform: admitted.platform,
                measurement: admitted.measurement,
                evidence_root: admitted.evidenceRoot,
                platform_tier: admitted.platformTier,
                verdicts_left: admitted.verdicts,
                activates_at: admitted.activatesAt,
                expires_at: admitted.expiresAt,
                revoked: false,
            }),
            told: ToldAdmission { admitted, block: 10 },
            admitted_at: UnixTime::from_seconds(6),
            facts: ChainFacts {
                chain_id: 1,
                registry: Address::ZERO,
                gateway: Address::ZERO,
                operator: Address::repeat_byte(2),
                challenge_block: BlockReference {
                    number: 6,
                    hash: B256::ZERO,
                },
            },
            standing: Standing::Live,
            withdrawn: None,
        }
    }

    #[test]
    fn an_endpoint_whose_log_and_state_agree_contradicts_nothing() {
        assert_eq!(contradictions(&registered()), Vec::<String>::new());
    }

    #[test]
    fn an_endpoint_that_changes_or_denies_what_its_log_tells_is_found_out() {
        let mut changed = registered();
        let stored = changed.stored.as_mut().unwrap();
        stored.measurement = B256::ZERO;
        stored.expires_at = u64::MAX;
        let reasons = contradictions(&changed);
        assert_eq!(reasons.len(), 2);
        assert!(
            reasons
                .iter()
                .any(|reason| reason.contains("the end 8, its state 18446744073709551615"))
        );
        let denied = Registered {
            stored: None,
            ..registered()
        };
        assert_eq!(contradictions(&denied).len(), 1);
        let nobody = Source::open(&[], None, 0).unwrap();
        let trust = Trust::at(None, &crate::command_line::RuleOptions::default()).unwrap();
        assert!(matches!(judge(&denied, &nobody, &trust), Judgement::Fails(_)));
        assert!(matches!(judge(&registered(), &nobody, &trust), Judgement::Missing(_)));
    }
}
