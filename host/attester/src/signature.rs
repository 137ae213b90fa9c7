//! An attester's signature, and the proof that the quorum takes.

use alloy::primitives::{Address, B256};
use alloy::sol_types::{Eip712Domain, SolStruct};
use k256::ecdsa::SigningKey;

use crate::{AdmissionDecision, SignedFields};

mod typed {
    //! What attesters sign: the registry's admission and the challenge it recomputes (`AttesterQuorum`).
    #![allow(missing_docs, reason = "generated")]

    alloy::sol! {
        struct Admission {
            address key;
            address operator;
            bytes32 platform;
            bytes32 measurement;
            bytes32 evidenceRoot;
            uint64 challengeBlock;
            uint64 expiresAt;
            uint32 verdicts;
            uint8 platformTier;
            bytes32 challenge;
        }
    }
}

/// One attester's word for one admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttesterSignature {
    /// Who signed.
    pub attester: Address,
    /// `r || s || v`, low s, v 27 or 28.
    pub signature: [u8; 65],
}

/// The signature algorithm failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing the admission failed: {0}")]
pub struct SigningError(pub String);

/// The EIP-712 digest of an admission, as `AttesterQuorum.admissionDigest` gives it. `quorum` is that contract's address.
pub fn admission_digest(decision: &AdmissionDecision, quorum: Address) -> B256 {
    let fields = SignedFields::of(&decision.admission(), decision.challenge());
    digest_of(&fields, decision.chain_id(), quorum)
}

/// The digest of fields that somebody else says to have signed.
pub(crate) fn digest_of(fields: &SignedFields, chain_id: u64, quorum: Address) -> B256 {
    let domain = Eip712Domain::new(
        Some("orv".into()),
        Some("1".into()),
        Some(alloy::primitives::U256::from(chain_id)),
        Some(quorum),
        None,
    );
    typed::Admission {
        key: fields.key,
        operator: fields.operator,
        platform: fields.platform,
        measurement: fields.measurement,
        evidenceRoot: fields.evidence_root,
        challengeBlock: fields.challenge_block,
        expiresAt: fields.expires_at,
        verdicts: fields.verdicts,
        platformTier: fields.platform_tier,
        challenge: fields.challenge,
    }
    .eip712_signing_hash(&domain)
}

/// Signs the admission for the `AttesterQuorum` at `quorum`.
///
/// # Errors
/// [`SigningError`] when the algorithm fails, which for a valid key it does not.
pub fn sign(
    decision: &AdmissionDecision,
    quorum: Address,
    key: &SigningKey,
) -> Result<AttesterSignature, SigningError> {
    let digest = admission_digest(decision, quorum);
    let (signature, recovery) = key
        .sign_prehash_recoverable(digest.as_slice())
        .map_err(|error| SigningError(error.to_string()))?;
    let mut bytes = [0; 65];
    let (scalars, last) = bytes.split_at_mut(64);
    scalars.copy_from_slice(&signature.to_bytes());
    last.fill(27_u8.saturating_add(recovery.to_byte()));
    Ok(AttesterSignature {
        attester: Address::from_private_key(key),
        signature: bytes,
    })
}

/// The `proof` of `EnclaveRegistry.admit`: the signatures one after another, ascending by signer, nobody twice. There
/// must be exactly as many signers as the quorum's threshold.
pub fn proof(mut signatures: Vec<AttesterSignature>) -> Vec<u8> {
    signatures.sort_by_key(|signature| signature.attester);
    signatures.dedup_by_key(|signature| signature.attester);
    signatures.iter().flat_map(|signature| signature.signature).collect()
}
