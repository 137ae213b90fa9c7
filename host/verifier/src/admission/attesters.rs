//! Who signs an admission. Today attesters on this machine; a remote one would be another arm of [`Attesters::admit`].

use crate::configuration::{AdmissionSource, LocalAttesters, Trust, raw_key};
use crate::enclave::Identity;
use crate::error::VerifierError;
use crate::operator::Operator;
use k256::ecdsa::SigningKey;
use orv_attester::{AdmissionPolicy, BlockReference, ChainFacts, admit, proof, sign};
use orv_chain::bindings::{AttesterQuorum, EnclaveRegistry};
use orv_evidence::UnixTime;
use orv_verify::{Policy, Roots};

/// A signed admission, as the registry takes it.
pub(crate) struct SignedAdmission {
    pub(crate) admission: EnclaveRegistry::Admission,
    pub(crate) proof: Vec<u8>,
}

/// Attesters that suffice for the quorum.
pub(crate) struct Attesters {
    keys: Vec<SigningKey>,
    roots: Roots,
    policy: AdmissionPolicy,
}

impl Attesters {
    /// The configured attesters, exactly as many as the quorum asks for.
    pub(crate) async fn of(operator: &Operator) -> Result<Self, VerifierError> {
        let AdmissionSource::Local(local) = &operator.config.admission;
        let quorum = operator.enclave.attester_quorum;
        let needed = operator.chain.call(quorum, &AttesterQuorum::thresholdCall {}).await?;
        let count = usize::try_from(needed).unwrap_or(usize::MAX);
        let mut keys = signing_keys(local)?;
        if keys.len() < count {
            return Err(VerifierError::QuorumNotReached {
                needed,
                known: keys.len(),
            });
        }
        keys.truncate(count);
        Ok(Self {
            keys,
            roots: roots(local.trust)?,
            policy: policy(local),
        })
    }

    /// Judges the evidence as of a block's time and signs.
    pub(crate) fn admit(
        &self,
        operator: &Operator,
        identity: &Identity,
        now: u64,
    ) -> Result<SignedAdmission, VerifierError> {
        let facts = ChainFacts {
            chain_id: operator.chain.chain_id(),
            registry: operator.enclave.enclave_registry,
            gateway: operator.enclave.verifier_gateway,
            operator: operator.owner.address(),
            challenge_block: BlockReference {
                number: identity.challenge_block.number,
                hash: identity.challenge_block.hash,
            },
        };
        let now = UnixTime::from_seconds(now);
        let decision = admit(&identity.envelope, &facts, now, &self.roots, &self.policy)?;
        let quorum = operator.enclave.attester_quorum;
        let signatures = self
            .keys
            .iter()
            .map(|key| sign(&decision, quorum, key))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(SignedAdmission {
            admission: decision.admission(),
            proof: proof(signatures),
        })
    }
}

fn signing_keys(local: &LocalAttesters) -> Result<Vec<SigningKey>, VerifierError> {
    let key = |text: &String| {
        let bytes = raw_key(text)?;
        SigningKey::from_slice(bytes.as_slice())
            .map_err(|_| VerifierError::Configuration("an attester's key is not a secp256k1 private key".to_owned()))
    };
    local.attester_keys.iter().map(key).collect()
}

fn roots(trust: Trust) -> Result<Roots, VerifierError> {
    match trust {
        Trust::Production => Ok(Roots::production()),
        Trust::Simulator => Roots::with_simulator(orv_simulator::root_der())
            .map_err(|error| VerifierError::Configuration(format!("the simulator's root: {error}"))),
    }
}

fn policy(local: &LocalAttesters) -> AdmissionPolicy {
    let evidence = Policy {
        measurements: Some(local.measurements.clone()),
        ..Policy::built_in()
    };
    AdmissionPolicy {
        life: local.life_seconds,
        verdicts: local.verdicts,
        ..AdmissionPolicy::of(evidence)
    }
}
