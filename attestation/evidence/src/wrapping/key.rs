//! A wrapping key, and state in its wrapping.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA384, Salt};
use zeroize::Zeroizing;

use super::{LaunchKey, SecureProcessor};
use crate::KeyOrigin;

/// Longest state that is wrapped, in bytes.
pub const MAXIMUM_STATE: usize = 16 << 20;

const DOMAIN: &[u8] = b"orv/wrap/v1";
const TAG: usize = 16;
/// Levels of privilege are 0 to 3.
const HIGHEST_LEVEL: u8 = 3;

/// Why there is no wrapping key, or nothing in a wrapping.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The device is not there.
    #[error("no SEV-SNP secure processor here: /dev/sev-guest does not exist")]
    NoDevice,
    /// A privilege level that SEV-SNP does not have.
    #[error("privilege level {0}, expected 0 to 3")]
    Level(u8),
    /// The processor or the kernel refused.
    #[error("the secure processor derived no key: {0}")]
    Processor(Box<dyn std::error::Error + Send + Sync>),
    /// A key of zeros: no processor derives it, but memory that nobody wrote looks like it.
    #[error("the secure processor's key is all zeros")]
    Zeros,
    /// State longer than [`MAXIMUM_STATE`].
    #[error("state of {0} bytes is too long, at most {MAXIMUM_STATE} are wrapped")]
    TooLong(usize),
    /// Too short or too long for a wrapping.
    #[error("{0} bytes are no wrapped state")]
    Size(usize),
    /// Another chip, image, policy, TCB version or purpose wrapped it, or somebody changed it.
    #[error("the state was wrapped by another key or has been changed")]
    NotOurs,
    /// The algorithm failed, which for keys and sizes like these it does not.
    #[error("the wrapping failed")]
    Algorithm,
}

/// A key for one purpose, derived from the hardware's.
pub struct WrappingKey {
    key: LessSafeKey,
    purpose: String,
}

impl WrappingKey {
    /// Where this key comes from, which is true of no other key here.
    pub const ORIGIN: KeyOrigin = KeyOrigin::HardwareDerived;

    /// Asks `processor` for `key` and derives from it the key for `purpose`, by HKDF-SHA-384 (RFC 5869) with
    /// `"orv/wrap/v1"` as salt and the purpose as info. The hardware's key itself is used for nothing.
    ///
    /// # Errors
    /// [`WrapError`], one variant per cause.
    pub fn derive(processor: &mut impl SecureProcessor, key: LaunchKey, purpose: &str) -> Result<Self, WrapError> {
        if key.level > HIGHEST_LEVEL {
            return Err(WrapError::Level(key.level));
        }
        let derived = processor.derive(key)?;
        if *derived == [0; 32] {
            return Err(WrapError::Zeros);
        }
        let material = Salt::new(HKDF_SHA384, DOMAIN).extract(derived.as_slice());
        let info = [purpose.as_bytes()];
        let expanded = material.expand(&info, &AES_256_GCM).map_err(|_| WrapError::Algorithm)?;
        Ok(Self {
            key: LessSafeKey::new(UnboundKey::from(expanded)),
            purpose: purpose.to_owned(),
        })
    }

    /// `nonce || AES-256-GCM(state) || tag`, with domain and purpose authenticated. The nonce must be drawn anew each
    /// time.
    ///
    /// # Errors
    /// [`WrapError::TooLong`].
    pub fn wrap(&self, nonce: [u8; NONCE_LEN], state: &[u8]) -> Result<Vec<u8>, WrapError> {
        if state.len() > MAXIMUM_STATE {
            return Err(WrapError::TooLong(state.len()));
        }
        let mut sealed = state.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.authenticated(), &mut sealed)
            .map_err(|_| WrapError::Algorithm)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The state inside.
    ///
    /// # Errors
    /// [`WrapError::Size`] and [`WrapError::NotOurs`]. That it was wrapped here does not make it the latest: a host can
    /// give back an older one.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let size = WrapError::Size(wrapped.len());
        if wrapped.len() > MAXIMUM_STATE.saturating_add(NONCE_LEN).saturating_add(TAG) {
            return Err(size);
        }
        let Some((nonce, sealed)) = wrapped.split_first_chunk::<NONCE_LEN>() else {
            return Err(size);
        };
        if sealed.len() < TAG {
            return Err(size);
        }
        let mut state = Zeroizing::new(sealed.to_vec());
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), self.authenticated(), &mut state)
            .map_err(|_| WrapError::NotOurs)?
            .len();
        state.truncate(length);
        Ok(state)
    }

    fn authenticated(&self) -> Aad<Vec<u8>> {
        Aad::from([DOMAIN, b"/", self.purpose.as_bytes()].concat())
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WrappingKey")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}
