//! The one key that hardware derives: AMD SEV-SNP's, and what it may be used for.
//!
//! The secure processor derives it from material unique to the chip, mixed with the launch's measurement, the guest's
//! policy and a TCB version: another chip, another image, a debug guest or older firmware get another key. That makes
//! it fit to **wrap** state that only the same image on the same chip may read again, and to nothing else here. It is
//! never the key that signs verdicts: that one is generated inside and endorsed (DESIGN 5.3), on every platform.
//! TDX and Nitro derive no key, and Milan's root may be extractable, so nothing may depend on this key alone there.
//!
//! ```
//! # use orv_evidence::wrapping::{LaunchKey, SecureProcessor, WrapError, WrappingKey};
//! # use zeroize::Zeroizing;
//! # struct Emulated;
//! # impl SecureProcessor for Emulated {
//! #     fn derive(&mut self, _: LaunchKey) -> Result<Zeroizing<[u8; 32]>, WrapError> { Ok([7; 32].into()) }
//! # }
//! # let (mut processor, nonce) = (Emulated, [1; 12]); // or `Device::open()?`, and random bytes
//! let this_launch = LaunchKey { level: 0, tcb: 0xdb18_0000_0000_0004 };
//! let key = WrappingKey::derive(&mut processor, this_launch, "journal")?;
//! let wrapped = key.wrap(nonce, b"state")?;
//! assert_eq!(key.unwrap(&wrapped)?.as_slice(), b"state");
//! # Ok::<(), WrapError>(())
//! ```

#[cfg(feature = "tsm")]
mod device;
mod key;
mod processor;

#[cfg(feature = "tsm")]
pub use device::Device;
pub use key::{MAXIMUM_STATE, WrapError, WrappingKey};
pub use processor::{LaunchKey, SecureProcessor};

/// Where the kernel's driver shows the secure processor.
pub const DEVICE: &str = "/dev/sev-guest";
