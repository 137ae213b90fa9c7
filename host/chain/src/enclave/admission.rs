//! Keys of enclaves: the challenge that makes evidence fresh, admission, and what the registry says of a key.

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolValue,
};

use crate::{
    bindings::{AttesterQuorum, EnclaveRegistry, MeasurementPolicy},
    connection::{BlockReference, Chain},
    deployment::EnclaveContracts,
    error::ChainError,
    transaction::{Call, Mined, SendError, TransactionOwner},
};

/// Blocks that a challenge is taken below the newest one, so that a short reorganisation does not undo it.
const CHALLENGE_DEPTH: u64 = 2;

/// The registry of admitted keys, with the policy and the attesters behind it.
#[derive(Debug, Clone)]
pub struct EnclaveKeys {
    chain: Chain,
    contracts: EnclaveContracts,
}

/// A challenge that anyone can recompute from the chain (DESIGN 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionChallenge {
    /// The 32 bytes that go into the evidence.
    pub value: B256,
    /// The block it is made of: the registry takes it while it is among the last 256.
    pub block: BlockReference,
}

/// What the registry says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedKey {
    /// The key's address.
    pub key: Address,
    /// Who may open tickets with it.
    pub operator: Address,
    /// Platform name, ASCII and zero padded.
    pub platform: B256,
    /// The measured program.
    pub measurement: B256,
    /// 0G root of the evidence.
    pub evidence_root: B256,
    /// 0 simulated, 1 trusted counter, 2 weak counter.
    pub platform_tier: u8,
    /// Verdicts the key may still sign.
    pub verdicts_left: u32,
    /// Unix time in seconds from which it counts.
    pub activates_at: u64,
    /// Unix time in seconds until which it counts.
    pub expires_at: u64,
    /// Whether somebody has revoked it.
    pub revoked: bool,
}

impl EnclaveKeys {
    /// The registry of a deployment.
    pub fn new(chain: Chain, contracts: EnclaveContracts) -> Self {
        Self { chain, contracts }
    }

    /// A fresh challenge for an operator: keccak256(abi.encode(chain id, registry, operator, block number, block hash)).
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn challenge(&self, operator: Address) -> Result<AdmissionChallenge, ChainError> {
        let head = self.chain.head().await?;
        let block = self
            .chain
            .block(head.reference.number.saturating_sub(CHALLENGE_DEPTH))
            .await?
            .reference;
        let value = challenge_of(self.chain.chain_id(), self.contracts.enclave_registry, operator, block);
        Ok(AdmissionChallenge { value, block })
    }

    /// The digest that attesters sign for an admission.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when the challenge's block is out of reach.
    pub async fn admission_digest(&self, admission: &EnclaveRegistry::Admission) -> Result<B256, ChainError> {
        let call = EnclaveRegistry::challengeAtCall {
            operator: admission.operator,
            challengeBlock: admission.challengeBlock,
        };
        let challenge = self.chain.call(self.contracts.enclave_registry, &call).await?;
        let admission = AttesterQuorum::Admission {
            key: admission.key,
            operator: admission.operator,
            platform: admission.platform,
            measurement: admission.measurement,
            evidenceRoot: admission.evidenceRoot,
            challengeBlock: admission.challengeBlock,
            expiresAt: admission.expiresAt,
            verdicts: admission.verdicts,
            platformTier: admission.platformTier,
        };
        let call = AttesterQuorum::admissionDigestCall { admission, challenge };
        self.chain.call(self.contracts.attester_quorum, &call).await
    }

    /// How many attesters' signatures an admission needs.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn threshold(&self) -> Result<u32, ChainError> {
        self.chain
            .call(self.contracts.attester_quorum, &AttesterQuorum::thresholdCall {})
            .await
    }

    /// Admits a key. `proof` is the attesters' signatures, ascending by signer.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`]; the registry's, the policy's and the quorum's errors come by name.
    pub async fn admit(
        &self,
        owner: &TransactionOwner,
        admission: EnclaveRegistry::Admission,
        proof: Bytes,
    ) -> Result<Mined, SendError> {
        let call = EnclaveRegistry::admitCall { admission, proof };
        let mined = owner.send(Call::new(self.contracts.enclave_registry, &call)).await?;
        mined.require_event::<EnclaveRegistry::KeyAdmitted>(self.contracts.enclave_registry)?;
        Ok(mined)
    }

    /// What the registry says of a key; `None` for a key that was never admitted.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn key(&self, key: Address) -> Result<Option<AdmittedKey>, ChainError> {
        let entry = self
            .chain
            .call(self.contracts.enclave_registry, &EnclaveRegistry::keyOfCall { key })
            .await?;
        Ok((entry.operator != Address::ZERO).then_some(AdmittedKey {
            key,
            operator: entry.operator,
            platform: entry.platform,
            measurement: entry.measurement,
            evidence_root: entry.evidenceRoot,
            platform_tier: entry.platformTier,
            verdicts_left: entry.verdictsLeft,
            activates_at: entry.activatesAt,
            expires_at: entry.expiresAt,
            revoked: entry.revoked,
        }))
    }

    /// Checks that statements of a key count now: active, unexpired, unrevoked, its measurement and attesters trusted.
    /// Answers whether its timed verdicts count.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] with the registry's or the policy's reason.
    pub async fn require_live(&self, key: Address) -> Result<bool, ChainError> {
        let call = EnclaveRegistry::requireLiveCall { key };
        Ok(self
            .chain
            .call(self.contracts.enclave_registry, &call)
            .await?
            .timedAllowed)
    }

    /// What the policy lists for a measurement; all zero when it is not listed.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn listing(&self, measurement: B256) -> Result<MeasurementPolicy::Listing, ChainError> {
        self.chain
            .call(
                self.contracts.measurement_policy,
                &MeasurementPolicy::listingOfCall { measurement },
            )
            .await
    }
}

fn challenge_of(chain_id: u64, registry: Address, operator: Address, block: BlockReference) -> B256 {
    let fields = (
        U256::from(chain_id),
        registry,
        operator,
        U256::from(block.number),
        block.hash,
    );
    keccak256(fields.abi_encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_the_hash_of_five_words() {
        let block = BlockReference {
            number: 4,
            hash: B256::repeat_byte(5),
        };
        let challenge = challenge_of(1, Address::repeat_byte(2), Address::repeat_byte(3), block);
        let mut words = Vec::new();
        words.extend(U256::from(1).to_be_bytes::<32>());
        words.extend(Address::repeat_byte(2).into_word());
        words.extend(Address::repeat_byte(3).into_word());
        words.extend(U256::from(4).to_be_bytes::<32>());
        words.extend([5; 32]);
        assert_eq!(challenge, keccak256(words));
    }
}
