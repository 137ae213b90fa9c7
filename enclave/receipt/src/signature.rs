//! Signatures of statements: secp256k1 over the EIP-712 hash, in the one form that contracts and receipts accept.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::{RecoveryId, Signature as Secp256k1Signature, SigningKey, VerifyingKey};

/// `r || s || v`, with `s` in the lower half of the order and `v` 27 or 28: nobody can make a second form of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 65]);

/// Why a signature says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `v` is neither 27 nor 28.
    #[error("recovery byte is {0}, not 27 or 28")]
    RecoveryByte(u8),
    /// `r` or `s` out of range.
    #[error("r or s is out of range")]
    Scalars,
    /// `s` in the upper half: the twin of another signature.
    #[error("s is in the upper half of the order")]
    HighS,
    /// No public key fits.
    #[error("no key fits this signature")]
    NoKey,
    /// The signer failed.
    #[error("signing failed")]
    Signing,
}

impl Signature {
    /// Signs a 32-byte hash; deterministic (RFC 6979).
    ///
    /// # Errors
    /// [`SignatureError::Signing`].
    pub fn sign(key: &SigningKey, hash: &B256) -> Result<Self, SignatureError> {
        let (signature, recovery) = key
            .sign_prehash_recoverable(hash.as_slice())
            .map_err(|_| SignatureError::Signing)?;
        let mut bytes = [0u8; 65];
        let (scalars, v) = bytes.split_at_mut(64);
        scalars.copy_from_slice(&signature.to_bytes());
        v.fill(27 + u8::from(recovery.is_y_odd()));
        Ok(Self(bytes))
    }

    /// The address whose key signed the hash.
    ///
    /// # Errors
    /// [`SignatureError`]: another form than the one accepted, or no key fits.
    pub fn recover(&self, hash: &B256) -> Result<Address, SignatureError> {
        let [scalars @ .., v] = &self.0;
        let parity = match v {
            27 => false,
            28 => true,
            other => return Err(SignatureError::RecoveryByte(*other)),
        };
        let signature = Secp256k1Signature::from_slice(scalars).map_err(|_| SignatureError::Scalars)?;
        if signature.normalize_s().is_some() {
            return Err(SignatureError::HighS);
        }
        let key = VerifyingKey::recover_from_prehash(hash.as_slice(), &signature, RecoveryId::new(parity, false))
            .map_err(|_| SignatureError::NoKey)?;
        Ok(address_of(&key))
    }
}

/// The EVM address of a public key: the last 20 bytes of the hash of its 64 coordinate bytes.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    let coordinates = point.as_bytes().get(1..).unwrap_or_default();
    Address::from_word(keccak256(coordinates))
}

/// The address of a 65-byte SEC1 public key, or nothing if it is no point of the curve.
pub fn address_of_sec1(key: &[u8; 65]) -> Option<Address> {
    VerifyingKey::from_sec1_bytes(key).ok().map(|key| address_of(&key))
}

impl<C> minicbor::Encode<C> for Signature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Signature {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = decoder.bytes()?;
        let length = bytes.len();
        let bytes = bytes
            .try_into()
            .map_err(|_| minicbor::decode::Error::message(format!("signature of {length} bytes")))?;
        Ok(Self(bytes))
    }
}
