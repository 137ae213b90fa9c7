//! Where and by whom a key may be used (DESIGN 5.4).

use crate::MapError;
use crate::map::{MapReader, MapWriter};

const ENTRIES: u64 = 6;

/// Where and by whom a key may be used: DESIGN 5.4's `context`, bound into every piece of evidence.
///
/// Encoded as a deterministic CBOR map: 0 chain id, 1 registry, 2 gateway, 3 operator, 4 boot id,
/// 5 configuration hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The chain's id (EIP-155).
    pub chain_id: u64,
    /// Address of the `EnclaveRegistry`.
    pub registry: [u8; 20],
    /// Address of the `VerifierGateway`.
    pub gateway: [u8; 20],
    /// Address of the operator that will be paid.
    pub operator: [u8; 20],
    /// Drawn at each boot: two boots never share a key.
    pub boot_id: [u8; 32],
    /// Hash of the configuration that the enclave was started with.
    pub configuration_hash: [u8; 32],
}

/// Why bytes are not a [`Context`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a binding context: {0}")]
pub struct ContextError(#[from] pub MapError);

impl Context {
    /// The one encoding of this context.
    pub fn encode(&self) -> Vec<u8> {
        MapWriter::open(ENTRIES)
            .number(self.chain_id)
            .bytes(&self.registry)
            .bytes(&self.gateway)
            .bytes(&self.operator)
            .bytes(&self.boot_id)
            .bytes(&self.configuration_hash)
            .close()
    }

    /// Reads the one encoding.
    ///
    /// # Errors
    /// [`ContextError`] for anything else, trailing bytes and longer integers included.
    pub fn decode(bytes: &[u8]) -> Result<Self, ContextError> {
        let mut map = MapReader::open(bytes, ENTRIES)?;
        let context = Self {
            chain_id: map.number()?,
            registry: map.array()?,
            gateway: map.array()?,
            operator: map.array()?,
            boot_id: map.array()?,
            configuration_hash: map.array()?,
        };
        if context.encode() != bytes {
            return Err(MapError::NotDeterministic.into());
        }
        Ok(context)
    }
}
