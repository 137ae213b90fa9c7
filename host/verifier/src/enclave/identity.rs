//! The enclave's key as it introduces itself.

use super::EnclaveError;
use orv_chain::BlockReference;
use orv_chain::primitives::{Address, B256};
use orv_content::{Root, merkle};
use orv_evidence::{Context, Envelope, VERDICT_KEY, challenge};
use orv_receipt::{Domain, address_of_sec1};
use orv_wire::{Hello, WIRE_VERSION};

/// What the key shall be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Chain and gateway.
    pub domain: Domain,
    /// The `EnclaveRegistry`.
    pub registry: Address,
    /// Who pays and is paid.
    pub operator: Address,
}

/// A key with the evidence that it gave for one challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The key.
    pub key: Address,
    /// The block whose hash made the challenge.
    pub challenge_block: BlockReference,
    /// The envelope, canonical.
    pub envelope: Vec<u8>,
    /// Its 0G root: every statement of the key names the one that it was admitted with.
    pub evidence_root: Root,
}

impl Binding {
    /// The challenge that a block makes (DESIGN 5.4).
    pub fn challenge(&self, block: BlockReference) -> B256 {
        let (registry, operator) = (self.registry.into(), self.operator.into());
        B256::from(challenge(
            self.domain.chain_id,
            registry,
            operator,
            block.number,
            block.hash.0,
        ))
    }

    /// The first message of a connection.
    pub fn hello(&self, block: BlockReference) -> Hello {
        Hello {
            version: WIRE_VERSION,
            challenge: self.challenge(block),
            domain: self.domain,
            registry: self.registry,
            operator: self.operator,
        }
    }
}

impl Identity {
    /// Reads an envelope and compares what it is bound to with what was asked. Whether its evidence is genuine is for
    /// attesters and the chain.
    ///
    /// # Errors
    /// [`EnclaveError::OtherBinding`] names the first difference.
    pub fn read(envelope: Vec<u8>, binding: &Binding, block: BlockReference) -> Result<Self, EnclaveError> {
        let read = Envelope::decode(&envelope)?;
        let context = Context::decode(&read.context)?;
        same("purpose", VERDICT_KEY, read.purpose.as_str())?;
        same("challenge", binding.challenge(block), B256::from(read.challenge))?;
        same("chain", binding.domain.chain_id, context.chain_id)?;
        same("gateway", binding.domain.gateway, Address::from(context.gateway))?;
        same("registry", binding.registry, Address::from(context.registry))?;
        same("operator", binding.operator, Address::from(context.operator))?;
        let key = address_of_sec1(&read.public_key).ok_or(EnclaveError::Key)?;
        // A decoded envelope is never empty, and only empty bytes have no root.
        let evidence_root = merkle::root_of(&envelope).map_err(|_| EnclaveError::Key)?;
        Ok(Self {
            key,
            challenge_block: block,
            envelope,
            evidence_root,
        })
    }
}

fn same<T: PartialEq + ToString>(field: &'static str, asked: T, got: T) -> Result<(), EnclaveError> {
    if asked == got {
        return Ok(());
    }
    Err(EnclaveError::OtherBinding {
        field,
        asked: asked.to_string(),
        got: got.to_string(),
    })
}
