//! Guest side of attestation: one envelope for all platforms, and the binding of a key to its evidence.
//!
//! A verdict is worth what its key is worth, and the key is worth what the hardware says about the place it lives in.
//! The hardware signs 64 bytes of ours ([`Binding::digest`], or three fields on Nitro); everything that those bytes
//! stand for travels beside the evidence in an [`Envelope`], so that a verifier **recomputes** the digest and never
//! searches the evidence for a key.
//!
//! The one door to hardware is the [`Collector`] trait: [`nsm`] opens it on AWS Nitro, [`tsm`] on Intel TDX and AMD
//! SEV-SNP. Devices, folders, clocks and randomness are arguments there; everything else is pure.
//!
//! ```
//! use orv_evidence::{Binding, Context, Envelope, KeyOrigin, Platform, challenge};
//!
//! let context = Context {
//!     chain_id: 16602,
//!     registry: [0x11; 20],
//!     gateway: [0x22; 20],
//!     operator: [0x33; 20],
//!     boot_id: [0x44; 32],
//!     configuration_hash: [0x55; 32],
//! };
//! let mut public_key = [0x66; 65];
//! public_key[0] = 0x04;
//! let binding = Binding {
//!     platform: Platform::Nitro,
//!     purpose: orv_evidence::VERDICT_KEY.to_owned(),
//!     challenge: challenge(context.chain_id, context.registry, context.operator, 7, [0x77; 32]),
//!     public_key,
//!     context: context.encode(),
//! };
//! let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, b"raw evidence".to_vec())?;
//! let bytes = envelope.encode();
//! assert_eq!(Envelope::decode(&bytes)?, envelope);
//! assert_eq!(envelope.binding().digest(), binding.digest());
//! # Ok::<(), orv_evidence::EnvelopeError>(())
//! ```

mod binding;
pub mod certificates;
mod challenge;
mod collector;
mod context;
mod envelope;
mod key;
mod map;
pub mod nsm;
mod platform;
mod time;
pub mod tsm;
pub mod wrapping;

pub use binding::{Binding, DOMAIN};
pub use challenge::challenge;
pub use collector::{CollectError, Collected, Collector};
pub use context::{Context, ContextError};
pub use envelope::{
    ENVELOPE_VERSION, Envelope, EnvelopeError, MAXIMUM_COLLATERAL, MAXIMUM_CONTEXT, MAXIMUM_ENVELOPE, MAXIMUM_EVIDENCE,
    MAXIMUM_PURPOSE,
};
pub use key::{KEY_ALGORITHM, KeyOrigin, UnknownKeyOrigin, subject_public_key_info};
pub use map::MapError;
pub use platform::{Platform, UnknownPlatform};
pub use time::UnixTime;

/// The `purpose` of evidence for the key that signs verdicts.
pub const VERDICT_KEY: &str = "verdict-key";
