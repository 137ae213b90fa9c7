//! What an enclave's evidence measures, and whether those who decide admit it.

use super::chain::Reached;
use super::line::{Check, Line};
use crate::configuration::{AdmissionSource, VerifierConfig};
use crate::enclave::{Binding, Identity};
use orv_attester::{Trust, collateral_in};
use orv_chain::primitives::B256;
use orv_chain::{EnclaveContracts, EnclaveKeys};
use orv_evidence::{Envelope, UnixTime};
use orv_verify::{Collateral, ExpectedBinding, Policy, Verified, measurement_id, verify};

/// Seconds within which an enclave answers a challenge. Evidence is judged as of then, as those did who admitted its
/// key: a Nitro enclave's certificate ends after hours, and the key goes on.
const PROMPT: u64 = 300;

/// What an enclave showed.
pub(super) struct Evidence {
    pub(super) identity: Identity,
    pub(super) binding: Binding,
    /// The time of the block whose hash was the challenge, in seconds of Unix time.
    pub(super) asked_at: u64,
}

/// The measurement of a key: by its evidence where it was shown, else as it was admitted.
pub(super) async fn line(
    evidence: Option<&Evidence>,
    admitted: Option<B256>,
    reached: &Reached,
    contracts: EnclaveContracts,
    config: &VerifierConfig,
) -> Line {
    let measurement = match evidence.map(|evidence| measure(evidence, config)) {
        Some(Ok(measurement)) => measurement,
        Some(Err(line)) => return *line,
        None => match admitted {
            Some(measurement) => measurement,
            None => return Line::skipped(Check::Measurement, "no evidence was shown, and no key is admitted"),
        },
    };
    let keys = EnclaveKeys::new(reached.chain.clone(), contracts);
    match keys.listing(measurement).await {
        Ok(listing) if listing.platform == B256::ZERO => Line::fail(
            Check::Measurement,
            format!("{measurement} is not on the chain's list"),
            "run a released image (`orv-image` prints its measurement), or ask the owner of MeasurementPolicy to list it",
        ),
        Ok(listing) if listing.removed => Line::fail(
            Check::Measurement,
            format!("{measurement} was taken off the chain's list"),
            "upgrade to a release that is listed (docs/operator.md)",
        ),
        Ok(listing) if listing.validFrom > reached.head.timestamp => Line::warn(
            Check::Measurement,
            format!("{measurement} is listed and counts only from {}", listing.validFrom),
            "wait until then, or run the release that counts now",
        ),
        Ok(_) => Line::pass(Check::Measurement, format!("{measurement} is listed")),
        Err(error) => Line::fail(Check::Measurement, error.to_string(), "look at the endpoint"),
    }
}

/// The measurement, if those who decide on this machine admit it. Attesters elsewhere have rules of their own.
fn measure(evidence: &Evidence, config: &VerifierConfig) -> Result<B256, Box<Line>> {
    let refused = |found: String, fix: &str| Box::new(Line::fail(Check::Measurement, found, fix));
    let (trust, policy) = match &config.admission {
        AdmissionSource::Local(local) => (
            local.trust,
            Policy {
                measurements: Some(local.measurements.clone()),
                ..Policy::built_in()
            },
        ),
        AdmissionSource::Remote(_) => (Trust::Simulator, Policy::built_in()),
    };
    let verified = judged(evidence, config, trust, &policy).map_err(|error| {
        refused(
            format!("its evidence is not authentic here: {error}"),
            "compare admission.local.trust with the platform; TDX needs the `collateral` folder",
        )
    })?;
    let measurement = B256::from(measurement_id(verified.claims()));
    match verified.acceptable() {
        Ok(_) => Ok(measurement),
        Err(error) => Err(refused(
            format!("{measurement}: {error}"),
            "run a released image, or list this measurement under admission.local.measurements on a development network",
        )),
    }
}

fn judged(evidence: &Evidence, config: &VerifierConfig, trust: Trust, policy: &Policy) -> Result<Verified, String> {
    let Evidence {
        identity,
        binding,
        asked_at,
    } = evidence;
    let envelope = Envelope::decode(&identity.envelope).map_err(|error| error.to_string())?;
    let roots = trust.roots().map_err(|error| error.to_string())?;
    // A folder that cannot be read has a line of its own.
    let folder = config.collateral.as_deref().map(collateral_in);
    let mut collateral = folder.and_then(Result::ok).unwrap_or_else(Collateral::none);
    if let Some(brought) = &envelope.collateral {
        // A hint that is none does not matter: what is missing then fails its own check.
        let _ = collateral.add(brought);
    }
    let expected = ExpectedBinding::To(orv_evidence::Binding {
        platform: envelope.platform,
        purpose: envelope.purpose.clone(),
        challenge: binding.challenge(identity.challenge_block).0,
        public_key: envelope.public_key,
        context: envelope.context.clone(),
    });
    let then = UnixTime::from_seconds(asked_at.saturating_add(PROMPT));
    verify(&envelope.evidence, &collateral, then, &roots, policy, &expected).map_err(|error| error.to_string())
}
