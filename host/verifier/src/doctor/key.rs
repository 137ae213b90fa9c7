//! What the registry says of an enclave's key: admitted, live, and for how long.

use super::chain::Reached;
use super::enclave::KeyOf;
use super::line::{Check, Line};
use super::measurement;
use crate::admission::{is_too_short, whole_life};
use crate::configuration::VerifierConfig;
use orv_chain::primitives::Address;
use orv_chain::{AdmittedKey, ChainError, EnclaveContracts, EnclaveKeys};

/// Measurement and admission.
pub(super) async fn lines(
    key: &KeyOf,
    reached: &Reached,
    contracts: EnclaveContracts,
    operator: Address,
    config: &VerifierConfig,
) -> Vec<Line> {
    let keys = EnclaveKeys::new(reached.chain.clone(), contracts);
    let failed = |error: ChainError| Line::fail(Check::Key, error.to_string(), "look at the endpoint");
    let admitted = match keys.key(key.address).await {
        Ok(admitted) => admitted,
        Err(error) => return vec![failed(error)],
    };
    let measured = admitted.as_ref().map(|entry| entry.measurement);
    let measured = measurement::line(key.evidence.as_ref(), measured, reached, contracts, config).await;
    let line = match admitted {
        None => Line::warn(
            Check::Key,
            format!("{} is not admitted yet", key.address),
            "start the daemon, which has it admitted: `orv verifier run FILE`",
        ),
        Some(entry) if entry.operator != operator => Line::fail(
            Check::Key,
            format!(
                "{} is admitted for operator {}, this one is {operator}",
                key.address, entry.operator
            ),
            ANEW,
        ),
        Some(entry) => match judge(&entry, reached.head.timestamp, config.run_seconds) {
            line if line.fix.is_some() => line,
            line => match keys.require_live(key.address).await {
                Ok(_) => line,
                Err(ChainError::Reverted(revert)) => Line::fail(
                    Check::Key,
                    format!("{} is admitted and does not count: {revert}", key.address),
                    ANEW,
                ),
                Err(error) => failed(error),
            },
        },
    };
    vec![measured, line]
}

/// A key is admitted once: a new one needs a new boot.
const ANEW: &str = "restart the enclave, so that it makes a new key; set `restart` under [[enclaves]] to have it done";

fn judge(entry: &AdmittedKey, now: u64, run_seconds: u64) -> Line {
    let key = entry.key;
    let left = entry.expires_at.saturating_sub(now);
    let found = format!("{key} counts for {left} s more and {} verdicts", entry.verdicts_left);
    if entry.revoked {
        Line::fail(
            Check::Key,
            format!("{key} was revoked"),
            "find out why before anything else (docs/operator.md), then restart the enclave",
        )
    } else if left == 0 {
        let since = now.saturating_sub(entry.expires_at);
        Line::fail(Check::Key, format!("{key} expired {since} s ago"), ANEW)
    } else if entry.verdicts_left == 0 {
        Line::fail(Check::Key, format!("{key} has no verdicts left"), ANEW)
    } else if entry.activates_at > now {
        let wait = entry.activates_at - now;
        Line::warn(
            Check::Key,
            format!("{key} counts in {wait} s"),
            "wait for the challenge delay",
        )
    } else if left <= run_seconds && is_too_short(entry, run_seconds) {
        let whole = whole_life(entry);
        Line::fail(
            Check::Key,
            format!(
                "{key} is admitted for {whole} s in all; a run may need {run_seconds} s, so no ticket is opened with it or another"
            ),
            format!(
                "set `run_seconds` well below {whole}, or have keys admitted for longer: another boot does not help"
            ),
        )
    } else if left <= run_seconds {
        Line::warn(
            Check::Key,
            format!("{found}; a run may need {run_seconds} s, so no ticket is opened with it"),
            ANEW,
        )
    } else {
        Line::pass(Check::Key, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use orv_chain::primitives::B256;

    fn entry() -> AdmittedKey {
        AdmittedKey {
            key: Address::repeat_byte(1),
            operator: Address::repeat_byte(2),
            platform: B256::ZERO,
            measurement: B256::ZERO,
            evidence_root: B256::ZERO,
            platform_tier: 0,
            verdicts_left: 9,
            activates_at: 100,
            expires_at: 1000,
            revoked: false,
        }
    }

    #[test]
    fn a_key_is_judged_by_what_is_left_of_it() {
        assert_eq!(judge(&entry(), 200, 300).outcome, Outcome::Pass);
        assert_eq!(judge(&entry(), 50, 300).outcome, Outcome::Warn, "not active yet");
        assert_eq!(judge(&entry(), 800, 300).outcome, Outcome::Warn, "too short for a run");
        assert_eq!(judge(&entry(), 1001, 300).outcome, Outcome::Fail, "expired");
        let short = judge(&entry(), 200, 900);
        assert_eq!(short.outcome, Outcome::Fail);
        let fix = short.fix.unwrap();
        assert!(fix.contains("run_seconds` well below 900"), "{fix}");
        let used = AdmittedKey {
            verdicts_left: 0,
            ..entry()
        };
        assert_eq!(judge(&used, 200, 300).outcome, Outcome::Fail);
        let revoked = AdmittedKey {
            revoked: true,
            ..entry()
        };
        assert_eq!(judge(&revoked, 200, 300).outcome, Outcome::Fail);
    }
}
