//! A software vendor whose evidence has the real formats and its own root; never accepted by default.
//!
//! **SIMULATED: this crate proves nothing about any hardware.** The private keys of its roots are published in this very
//! folder, so that anyone can forge anything under them. It exists so that everything behind the evidence (verifier,
//! admission, receipts, audit) runs and is tested on real bytes, which fail under every production root:
//!
//! * Nitro, at the root of the crate: documents in COSE_Sign1 with ES384 over a P-384 chain ([`SimulatedNitro`]);
//! * [`snp`]: reports of AMD's three products under RSA-PSS chains ([`snp::SimulatedSnp`]);
//! * [`tdx`]: DCAP quotes of versions 4 and 5 with signed collateral ([`tdx::SimulatedTdx`]).
//!
//! The parts are public on their own because they are the test PKI with which `orv-verify` proves that each of its checks
//! can fail: change any field of a document, report or certificate ([`x509`]), then sign it. [`NitroDefect`],
//! [`snp::Defect`] and [`tdx::Defect`] are catalogues of what can be wrong, each with the [`Standing`] that a verifier must give it.
//!
//! ```
//! use orv_evidence::{Binding, Collector, Platform, UnixTime};
//! use orv_simulator::{Measured, SimulatedNitro};
//!
//! let measured = Measured { executable: b"the program", configuration: b"its settings", ramdisk: b"" };
//! let nitro = SimulatedNitro::measure(&measured, || UnixTime::from_seconds(1_790_000_000));
//! assert!(nitro.to_string().contains("SIMULATED"));
//! let binding = Binding {
//!     platform: Platform::SimNitro,
//!     purpose: "verdict-key".to_owned(),
//!     challenge: [1; 32],
//!     public_key: [4; 65],
//!     context: Vec::new(),
//! };
//! let document = nitro.collect(&binding)?.evidence;
//! assert_eq!(document[0], 0x84, "a COSE_Sign1 array of four");
//! # Ok::<(), orv_evidence::CollectError>(())
//! ```

mod nitro;
pub mod snp;
mod standing;
pub mod tdx;
pub mod x509;

pub use nitro::{
    Certificate, LEAF_LIFETIME, Measured, NITRO_MODULE, NitroDefect, NitroDocument, NitroEvidence, PROTECTED_HEADER,
    Register, Role, SimulatedNitro, envelope_of_signature, instance_register, measured_register, published_root,
    root_der, sign,
};
pub use standing::Standing;
pub use x509::{Authority, KeyPair, RevocationList, SimulatorError};
