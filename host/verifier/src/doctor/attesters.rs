//! Who admits the enclave's key: enough of them for the quorum, and reachable.

use super::chain::Reached;
use super::line::{Check, Line};
use crate::configuration::{AdmissionSource, LocalAttesters, VerifierConfig, raw_key};
use orv_chain::bindings::AttesterQuorum;
use orv_chain::primitives::Address;
use orv_chain::wallet::Wallet;
use orv_chain::{ChainError, EnclaveContracts, EnclaveKeys, Endpoint, HttpClient};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long an attester's door may take to answer.
const DOOR: Duration = Duration::from_secs(8);

/// Most bytes of its answer.
const ANSWER: u64 = 64 << 10;

/// The configured attesters against the quorum's threshold.
pub(super) async fn lines(config: &VerifierConfig, reached: &Reached, contracts: EnclaveContracts) -> Vec<Line> {
    let threshold = match EnclaveKeys::new(reached.chain.clone(), contracts).threshold().await {
        Ok(threshold) => usize::try_from(threshold).unwrap_or(usize::MAX),
        Err(error) => return vec![unanswered(&error)],
    };
    match &config.admission {
        AdmissionSource::Local(local) => vec![on_this_machine(local, reached, contracts, threshold).await],
        AdmissionSource::Remote(remote) => {
            let mut doors = JoinSet::new();
            for address in remote.attesters.iter().cloned() {
                doors.spawn(async move { (knock(&address).await, address) });
            }
            let asked = doors.join_all().await;
            let silent: Vec<&str> = asked
                .iter()
                .filter(|(open, _)| !open)
                .map(|(_, address)| address.as_str())
                .collect();
            vec![elsewhere(asked.len() - silent.len(), &silent, threshold)]
        }
    }
}

fn unanswered(error: &ChainError) -> Line {
    Line::fail(
        Check::Attesters,
        error.to_string(),
        "look at the endpoint, or at the deployment's AttesterQuorum",
    )
}

/// Whether anybody answers there; what does not matter, since nothing was asked.
async fn knock(address: &str) -> bool {
    let Ok(endpoint) = Endpoint::parse(address) else {
        return false;
    };
    match HttpClient::new(DOOR) {
        Ok(client) => client.get(&endpoint, ANSWER).await.is_ok(),
        Err(_) => false,
    }
}

fn elsewhere(open: usize, silent: &[&str], threshold: usize) -> Line {
    let missing = if silent.is_empty() {
        String::new()
    } else {
        format!("; no answer from {}", silent.join(", "))
    };
    let found = format!("{open} answer, the quorum asks for {threshold}{missing}");
    let fix = "name more attesters under [admission.remote], or ask whoever runs the silent ones";
    if open < threshold {
        Line::fail(Check::Attesters, found, fix)
    } else if !silent.is_empty() {
        Line::warn(Check::Attesters, found, fix)
    } else {
        Line::pass(Check::Attesters, found)
    }
}

/// Keys on this machine that the quorum counts now.
async fn on_this_machine(
    local: &LocalAttesters,
    reached: &Reached,
    contracts: EnclaveContracts,
    threshold: usize,
) -> Line {
    let mut counted = 0;
    for text in &local.attester_keys {
        let Some(attester) = address(text) else {
            let found = "a key under admission.local.attester_keys is no private key";
            return Line::fail(Check::Attesters, found, "write it as 0x and 64 hexadecimal digits");
        };
        let call = AttesterQuorum::activeFromCall { attester };
        match reached.chain.call(contracts.attester_quorum, &call).await {
            Ok(from) if from != 0 && from <= reached.head.timestamp => counted += 1,
            Ok(_) => {}
            Err(error) => return unanswered(&error),
        }
    }
    let found = format!(
        "{counted} of {} keys on this machine count, the quorum asks for {threshold}",
        local.attester_keys.len()
    );
    if counted < threshold {
        let fix = "add keys that AttesterQuorum lists to admission.local.attester_keys, or ask attesters elsewhere";
        return Line::fail(Check::Attesters, found, fix);
    }
    Line::pass(Check::Attesters, found)
}

fn address(key: &str) -> Option<Address> {
    let key = raw_key(key).ok()?;
    Some(Wallet::from_raw_key_dangerously(&key).ok()?.address())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn attesters_that_are_silent_matter_as_far_as_the_quorum_needs_them() {
        assert_eq!(elsewhere(2, &[], 2).outcome, Outcome::Pass);
        assert_eq!(elsewhere(2, &["http://c"], 2).outcome, Outcome::Warn);
        let line = elsewhere(1, &["http://b"], 2);
        assert_eq!(line.outcome, Outcome::Fail);
        assert!(line.found.contains("http://b"));
    }
}
