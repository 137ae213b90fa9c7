//! From a candidate key's envelope to a decision about it.

use alloy::primitives::{Address, B256, keccak256};
use k256::PublicKey;
use orv_content::merkle::{self, EmptyContent};
use orv_evidence::{Binding, Context, ContextError, Envelope, EnvelopeError, UnixTime, VERDICT_KEY, challenge};
use orv_verify::{
    Acceptable, CheckName, Collateral, ExpectedBinding, Refused, Roots, SnpError, VerifyError, measurement_id,
};

use crate::{AdmissionDecision, AdmissionPolicy};

/// What the attester knows from the chain itself, not from the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainFacts {
    /// The chain's id.
    pub chain_id: u64,
    /// Address of the `EnclaveRegistry`.
    pub registry: Address,
    /// Address of the `VerifierGateway`.
    pub gateway: Address,
    /// The operator who asks.
    pub operator: Address,
    /// The block that the challenge was made from; the registry takes it while it is at most 256 blocks old.
    pub challenge_block: BlockReference,
}

/// A block by number and hash, both read from the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockReference {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// A fact of the chain that the candidate's context contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The chain's id.
    Chain,
    /// The registry's address.
    Registry,
    /// The gateway's address.
    Gateway,
    /// The operator's address.
    Operator,
    /// The challenge.
    Challenge,
}

/// Why a key is not admitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttesterError {
    /// The policy lists no measurements.
    #[error("the policy lists no measurements: it would admit any program")]
    PolicyWithoutMeasurements,
    /// The policy grants a life that the chain refuses.
    #[error("the policy's life of {0} s is not 1 to 86400 s")]
    PolicyLife(u64),
    /// The policy grants a number of verdicts that the chain refuses.
    #[error("the policy's {0} verdicts are not 1 to 1024")]
    PolicyVerdicts(u32),
    /// The candidate's bytes are no envelope.
    #[error("candidate: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The envelope's context does not parse.
    #[error("candidate: {0}")]
    Context(#[from] ContextError),
    /// The evidence is for something else than a verdict key.
    #[error("the evidence's purpose is {0:?}")]
    Purpose(String),
    /// The candidate's context or challenge is not what the chain says.
    #[error("the candidate's {fact:?} {claimed} is not the chain's {known}")]
    Contradiction {
        /// Which fact.
        fact: Fact,
        /// What the candidate has.
        claimed: String,
        /// What the chain has.
        known: String,
    },
    /// The evidence is not authentic.
    #[error("not authentic: {0}")]
    NotAuthentic(#[from] VerifyError),
    /// The evidence is authentic and refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The key is not a point on secp256k1.
    #[error("the candidate's key is not a point on secp256k1")]
    Key,
    /// Nothing has no 0G root.
    #[error("candidate: {0}")]
    Root(#[from] EmptyContent),
    /// The evidence ends before an admission could begin.
    #[error("the evidence ends at {0}, no admission is possible")]
    NoTimeLeft(UnixTime),
}

impl AttesterError {
    /// Whether what is missing is the judge's: collateral that it does not have, or has not refreshed. Then nothing is
    /// known, neither for the candidate nor against it.
    pub fn is_want_of_collateral(&self) -> bool {
        match self {
            Self::NotAuthentic(VerifyError::Snp(error)) => matches!(
                error,
                SnpError::NoEndorsement { .. } | SnpError::NoAuthority { .. } | SnpError::StaleRevocationList { .. }
            ),
            Self::NotAuthentic(error @ VerifyError::Tdx(_)) => error.check().name == CheckName::Collateral,
            _ => false,
        }
    }
}

/// Judges the candidate's `envelope` bytes as of `now`.
///
/// `now` should be the time of a recent block: the chain measures the admission's life by block time. `collateral` is
/// the attester's own; what the candidate brings in its envelope is looked at too, and believed as little.
///
/// # Errors
/// [`AttesterError`], one variant per cause. Nothing is admitted by default.
pub fn admit(
    envelope: &[u8],
    facts: &ChainFacts,
    now: UnixTime,
    roots: &Roots,
    policy: &AdmissionPolicy,
    collateral: &Collateral,
) -> Result<AdmissionDecision, AttesterError> {
    policy.sensible()?;
    // The encoding is unique, so the root of these bytes is the root of the envelope.
    let candidate = Envelope::decode(envelope)?;
    let expected = expected_binding(&candidate, facts)?;
    let mut collateral = collateral.clone();
    if let Some(brought) = &candidate.collateral {
        // A candidate's hint that is none does not matter: what is missing then fails its own check.
        let _ = collateral.add(brought);
    }
    let binding = ExpectedBinding::To(expected.clone());
    let verified = orv_verify::verify(&candidate.evidence, &collateral, now, roots, &policy.evidence, &binding)?;
    let acceptable = verified.acceptable()?;
    let evidence_root = merkle::root_of(envelope)?;
    let claims = acceptable.claims();
    Ok(AdmissionDecision {
        key: address_of(&candidate.public_key)?,
        operator: facts.operator,
        platform: claims.platform,
        measurement: B256::from(measurement_id(claims)),
        evidence_root,
        chain_id: facts.chain_id,
        challenge_block: facts.challenge_block.number,
        challenge: B256::from(expected.challenge),
        expires_at: expiry(acceptable, now, policy)?,
        verdicts: policy.verdicts,
        tier: claims.tier,
        checks: verified.checks().to_vec(),
    })
}

/// The binding made of what the chain says, and of the candidate's only where it alone can know.
fn expected_binding(candidate: &Envelope, facts: &ChainFacts) -> Result<Binding, AttesterError> {
    if candidate.purpose != VERDICT_KEY {
        return Err(AttesterError::Purpose(candidate.purpose.clone()));
    }
    let claimed = Context::decode(&candidate.context)?;
    same(Fact::Chain, claimed.chain_id, facts.chain_id)?;
    same(Fact::Registry, Address::from(claimed.registry), facts.registry)?;
    same(Fact::Gateway, Address::from(claimed.gateway), facts.gateway)?;
    same(Fact::Operator, Address::from(claimed.operator), facts.operator)?;
    let BlockReference { number, hash } = facts.challenge_block;
    let known = challenge(
        facts.chain_id,
        facts.registry.into(),
        facts.operator.into(),
        number,
        hash.0,
    );
    same(Fact::Challenge, B256::from(candidate.challenge), B256::from(known))?;
    let context = Context {
        chain_id: facts.chain_id,
        registry: facts.registry.into(),
        gateway: facts.gateway.into(),
        operator: facts.operator.into(),
        boot_id: claimed.boot_id,
        configuration_hash: claimed.configuration_hash,
    };
    Ok(Binding {
        platform: candidate.platform,
        purpose: VERDICT_KEY.to_owned(),
        challenge: known,
        public_key: candidate.public_key,
        context: context.encode(),
    })
}

fn same<T: PartialEq + ToString>(fact: Fact, claimed: T, known: T) -> Result<(), AttesterError> {
    if claimed == known {
        return Ok(());
    }
    Err(AttesterError::Contradiction {
        fact,
        claimed: claimed.to_string(),
        known: known.to_string(),
    })
}

/// The policy's life, cut by the end of what the evidence stands on and of the policy's own dates (DESIGN 5.4).
fn expiry(acceptable: Acceptable<'_>, now: UnixTime, policy: &AdmissionPolicy) -> Result<UnixTime, AttesterError> {
    let end = acceptable.until().min(now.plus_seconds(policy.life));
    if end > now {
        Ok(end)
    } else {
        Err(AttesterError::NoTimeLeft(end))
    }
}

/// The Ethereum address of an uncompressed key: the last 20 bytes of keccak256 over its 64 bytes of coordinates.
pub(crate) fn address_of(public_key: &[u8; 65]) -> Result<Address, AttesterError> {
    PublicKey::from_sec1_bytes(public_key).map_err(|_| AttesterError::Key)?;
    let [_, coordinates @ ..] = public_key;
    Ok(Address::from_word(keccak256(coordinates)))
}
