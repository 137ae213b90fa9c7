//! Who signs an admission: attesters elsewhere, or, on development networks, attesters on this machine.

use crate::configuration::{AdmissionSource, LocalAttesters, raw_key};
use crate::enclave::Identity;
use crate::error::VerifierError;
use crate::operator::Operator;
use k256::ecdsa::SigningKey;
use orv_attester::{
    AdmissionPolicy, AdmissionRequest, BlockReference, ChainFacts, GatheredAdmission, QuorumFacts, RemoteAttester,
    admit, collateral_in, gather, proof, sign,
};
use orv_chain::bindings::{AttesterQuorum, EnclaveRegistry};
use orv_evidence::UnixTime;
use orv_verify::{Collateral, Policy, Roots};

/// A signed admission, as the registry takes it.
pub(crate) struct SignedAdmission {
    pub(crate) admission: EnclaveRegistry::Admission,
    pub(crate) proof: Vec<u8>,
}

/// Attesters that suffice for the quorum.
pub(crate) enum Attesters {
    /// On this machine, exactly as many as the quorum asks for.
    Local(Box<Signers>),
    /// Elsewhere.
    Remote {
        attesters: Vec<RemoteAttester>,
        facts: QuorumFacts,
    },
}

/// What attesters on this machine sign with, and by which rules.
pub(crate) struct Signers {
    keys: Vec<SigningKey>,
    roots: Roots,
    policy: AdmissionPolicy,
    collateral: Collateral,
}

impl Attesters {
    /// The configured attesters, at least as many as the quorum asks for.
    pub(crate) async fn of(operator: &Operator) -> Result<Self, VerifierError> {
        let quorum = operator.enclave.attester_quorum;
        let needed = operator.chain.call(quorum, &AttesterQuorum::thresholdCall {}).await?;
        let threshold = usize::try_from(needed).unwrap_or(usize::MAX);
        let enough = |known: usize| {
            if known < threshold {
                Err(VerifierError::QuorumNotReached { needed, known })
            } else {
                Ok(())
            }
        };
        let config = operator.config();
        match &config.admission {
            AdmissionSource::Local(local) => {
                let mut keys = signing_keys(local)?;
                enough(keys.len())?;
                keys.truncate(threshold);
                Ok(Self::Local(Box::new(Signers {
                    keys,
                    roots: roots(local)?,
                    policy: policy(local),
                    collateral: match &config.collateral {
                        Some(folder) => {
                            collateral_in(folder).map_err(|error| VerifierError::Collateral(error.to_string()))?
                        }
                        None => Collateral::none(),
                    },
                })))
            }
            AdmissionSource::Remote(remote) => {
                enough(remote.attesters.len())?;
                let attesters = remote.attesters.iter().map(|address| RemoteAttester::at(address));
                Ok(Self::Remote {
                    attesters: attesters.collect::<Result<_, _>>()?,
                    facts: QuorumFacts {
                        chain_id: operator.chain.chain_id(),
                        quorum,
                        threshold,
                    },
                })
            }
        }
    }

    /// Has the evidence judged, by attesters here as of a block's time, and signed for.
    pub(crate) async fn admit(
        &self,
        operator: &Operator,
        identity: &Identity,
        now: u64,
    ) -> Result<SignedAdmission, VerifierError> {
        match self {
            Self::Local(signers) => signers.admit(operator, identity, UnixTime::from_seconds(now)),
            Self::Remote { attesters, facts } => {
                let request = AdmissionRequest {
                    operator: operator.owner.address(),
                    challenge_block: identity.challenge_block.number,
                    envelope: identity.envelope.clone().into(),
                    terms: None,
                };
                let GatheredAdmission { admission, proof } = gather(attesters, &request, facts).await?;
                Ok(SignedAdmission { admission, proof })
            }
        }
    }
}

impl Signers {
    fn admit(&self, operator: &Operator, identity: &Identity, now: UnixTime) -> Result<SignedAdmission, VerifierError> {
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
        let decision = admit(
            &identity.envelope,
            &facts,
            now,
            &self.roots,
            &self.policy,
            &self.collateral,
        )?;
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

fn roots(local: &LocalAttesters) -> Result<Roots, VerifierError> {
    let roots = local.trust.roots();
    roots.map_err(|error| VerifierError::Configuration(format!("the simulator's root: {error}")))
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
