//! An operator's way to its attesters: asks all, settles on what all of a quorum grant, and gathers their signatures.

use std::time::Duration;

use alloy::primitives::{Address, B256, Signature};
use orv_chain::{Endpoint, HttpClient, HttpError};
use orv_content::merkle;
use orv_contracts::admission::EnclaveRegistry::Admission;
use orv_evidence::{Envelope, EnvelopeError};
use tokio::task::JoinSet;

use crate::signature::digest_of;
use crate::{
    ADMISSION_SCHEMA, ADMISSIONS_PATH, AdmissionAnswer, AdmissionRequest, AdmissionTerms, AttesterError,
    AttesterSignature, MAXIMUM_ANSWER, Refusal, SignedFields, proof,
};

/// How long one attester may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An attester that is asked over HTTP. Nothing that it answers is believed but a signature that verifies.
#[derive(Debug, Clone)]
pub struct RemoteAttester {
    client: HttpClient,
    endpoint: Endpoint,
}

/// Whose signatures count, and how many it takes: read from the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuorumFacts {
    /// The chain's id.
    pub chain_id: u64,
    /// Address of the `AttesterQuorum`.
    pub quorum: Address,
    /// Signatures that an admission needs, at least 1.
    pub threshold: usize,
}

/// An admission with as many signatures as the quorum asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatheredAdmission {
    /// What they signed.
    pub admission: Admission,
    /// The `proof` of `EnclaveRegistry.admit`.
    pub proof: Vec<u8>,
}

/// Why an attester gave no signature, or too few did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The address is none, or nobody answers there.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It refused.
    #[error("{attester} refused with {code}: {message}")]
    Refused {
        /// Who.
        attester: String,
        /// Its stable code.
        code: String,
        /// Its words.
        message: String,
    },
    /// Its answer is none.
    #[error("{attester} answered with status {status}: {reason}")]
    Answer {
        /// Who.
        attester: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with the body.
        reason: String,
    },
    /// It signed something else than it was asked for, or not at all.
    #[error("{attester} signed something else: {what} differs")]
    Other {
        /// Who.
        attester: String,
        /// What differs.
        what: &'static str,
    },
    /// The candidate is none.
    #[error("candidate: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The candidate's key is none, or its bytes have no root.
    #[error(transparent)]
    Candidate(#[from] AttesterError),
    /// Too few attesters signed one and the same admission.
    #[error("{signed} of {needed} attesters signed: {causes}")]
    Quorum {
        /// How many are needed.
        needed: usize,
        /// How many signed.
        signed: usize,
        /// Why the others did not.
        causes: String,
    },
}

impl RemoteAttester {
    /// An attester at `http(s)://HOST[:PORT]`.
    ///
    /// # Errors
    /// [`RemoteError::Http`].
    pub fn at(address: &str) -> Result<Self, RemoteError> {
        let address = format!("{}{ADMISSIONS_PATH}", address.trim_end_matches('/'));
        Ok(Self {
            client: HttpClient::new(TIMEOUT)?,
            endpoint: Endpoint::parse(&address)?,
        })
    }

    /// Asks for a signature and verifies what comes.
    ///
    /// # Errors
    /// [`RemoteError`], one variant per cause.
    pub async fn ask(&self, request: &AdmissionRequest, facts: &QuorumFacts) -> Result<AdmissionAnswer, RemoteError> {
        let malformed = |status, reason: String| RemoteError::Answer {
            attester: self.endpoint.to_string(),
            status,
            reason,
        };
        let body = serde_json::to_vec(request).map_err(|error| malformed(0, error.to_string()))?;
        let answer = self.client.post_json(&self.endpoint, body, MAXIMUM_ANSWER).await?;
        if answer.status != 200 {
            let refusal: Refusal =
                serde_json::from_slice(&answer.body).map_err(|error| malformed(answer.status, error.to_string()))?;
            return Err(RemoteError::Refused {
                attester: self.endpoint.to_string(),
                code: refusal.code,
                message: refusal.message,
            });
        }
        let signed: AdmissionAnswer =
            serde_json::from_slice(&answer.body).map_err(|error| malformed(answer.status, error.to_string()))?;
        let expected = Expected::of(request)?;
        match expected.differs(&signed, request, facts) {
            None => Ok(signed),
            Some(what) => Err(RemoteError::Other {
                attester: self.endpoint.to_string(),
                what,
            }),
        }
    }
}

/// What the operator knows of its own candidate.
struct Expected {
    key: Address,
    root: B256,
    challenge: B256,
}

impl Expected {
    fn of(request: &AdmissionRequest) -> Result<Self, RemoteError> {
        let envelope = Envelope::decode(&request.envelope)?;
        let root = merkle::root_of(&request.envelope).map_err(AttesterError::from)?;
        Ok(Self {
            key: crate::admission::address_of(&envelope.public_key)?,
            root: B256::from(root.0),
            challenge: B256::from(envelope.challenge),
        })
    }

    /// The first thing in which the answer is not an answer to this request.
    fn differs(
        &self,
        answer: &AdmissionAnswer,
        request: &AdmissionRequest,
        facts: &QuorumFacts,
    ) -> Option<&'static str> {
        let fields = &answer.admission;
        let digest = digest_of(fields, facts.chain_id, facts.quorum);
        let signer = Signature::from_raw(&answer.signature)
            .ok()
            .and_then(|signature| signature.recover_address_from_prehash(&digest).ok());
        let same = [
            ("schema", answer.schema == ADMISSION_SCHEMA),
            ("key", fields.key == self.key),
            ("operator", fields.operator == request.operator),
            ("evidence root", fields.evidence_root == self.root),
            ("challenge block", fields.challenge_block == request.challenge_block),
            ("challenge", fields.challenge == self.challenge),
            ("terms", request.terms.is_none_or(|terms| terms == fields.terms())),
            (
                "signature",
                signer == Some(answer.attester) && answer.signature.len() == 65,
            ),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
    }
}

/// Asks every attester, and again those whose grant is wider than the narrowest of the quorum.
///
/// # Errors
/// [`RemoteError::Quorum`] with the causes of those that did not sign.
pub async fn gather(
    attesters: &[RemoteAttester],
    request: &AdmissionRequest,
    facts: &QuorumFacts,
) -> Result<GatheredAdmission, RemoteError> {
    let mut causes = Vec::new();
    let mut answers = ask_all(attesters, request, facts, &mut causes).await;
    let Some(agreed) = agreed(&mut answers, facts.threshold) else {
        return Err(too_few(facts.threshold, answers.len(), &causes));
    };
    let narrowed = AdmissionRequest {
        terms: Some(agreed.terms()),
        ..request.clone()
    };
    let (same, wider): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.admission == agreed);
    let wider: Vec<_> = wider.into_iter().map(|(attester, _)| attester).collect();
    let again = ask_all(&wider, &narrowed, facts, &mut causes).await;
    let mut signatures: Vec<_> = same
        .into_iter()
        .chain(again)
        .filter(|(_, answer)| answer.admission == agreed)
        .filter_map(|(_, answer)| {
            Some(AttesterSignature {
                attester: answer.attester,
                signature: answer.signature.as_ref().try_into().ok()?,
            })
        })
        .collect();
    signatures.sort_by_key(|signature| signature.attester);
    signatures.dedup_by_key(|signature| signature.attester);
    if signatures.len() < facts.threshold {
        return Err(too_few(facts.threshold, signatures.len(), &causes));
    }
    signatures.truncate(facts.threshold);
    Ok(GatheredAdmission {
        admission: agreed.admission(),
        proof: proof(signatures),
    })
}

/// The widest admission that as many as the threshold can sign: the narrowest of the widest grants. What is not a matter
/// of terms must be the same; of several such sets the largest counts. Leaves only the answers that it is made of.
fn agreed(answers: &mut Vec<(RemoteAttester, AdmissionAnswer)>, threshold: usize) -> Option<SignedFields> {
    const ANY: AdmissionTerms = AdmissionTerms {
        expires_at: 0,
        verdicts: 0,
    };
    answers.sort_by_key(|(_, answer)| answer.attester);
    answers.dedup_by_key(|(_, answer)| answer.attester);
    let apart_from_terms = |answer: &AdmissionAnswer| answer.admission.under(ANY);
    let kinds = answers.iter().map(|(_, answer)| apart_from_terms(answer));
    let kind = kinds.max_by_key(|kind| {
        answers
            .iter()
            .filter(|(_, answer)| apart_from_terms(answer) == *kind)
            .count()
    })?;
    answers.retain(|(_, answer)| apart_from_terms(answer) == kind);
    if answers.len() < threshold {
        return None;
    }
    answers.sort_by_key(|(_, answer)| std::cmp::Reverse(answer.admission.expires_at));
    answers.truncate(threshold);
    let terms = answers.iter().map(|(_, answer)| answer.admission.terms());
    let narrowest = terms.reduce(|one, other| AdmissionTerms {
        expires_at: one.expires_at.min(other.expires_at),
        verdicts: one.verdicts.min(other.verdicts),
    })?;
    Some(kind.under(narrowest))
}

async fn ask_all(
    attesters: &[RemoteAttester],
    request: &AdmissionRequest,
    facts: &QuorumFacts,
    causes: &mut Vec<String>,
) -> Vec<(RemoteAttester, AdmissionAnswer)> {
    let mut asked = JoinSet::new();
    for attester in attesters.iter().cloned() {
        let (request, facts) = (request.clone(), *facts);
        asked.spawn(async move {
            let answer = attester.ask(&request, &facts).await;
            (attester, answer)
        });
    }
    let mut answers = Vec::new();
    while let Some(ended) = asked.join_next().await {
        match ended {
            Ok((attester, Ok(answer))) => answers.push((attester, answer)),
            Ok((_, Err(error))) => causes.push(error.to_string()),
            Err(error) => causes.push(error.to_string()),
        }
    }
    answers
}

fn too_few(needed: usize, signed: usize, causes: &[String]) -> RemoteError {
    let causes = if causes.is_empty() {
        "no more are configured, or they do not agree".to_owned()
    } else {
        causes.join("; ")
    };
    RemoteError::Quorum { needed, signed, causes }
}
