//! The statement that is signed, the receipt file, and how both are checked.
//!
//! An enclave turns a finished job into a [`Bundle`] (everything that the verdict follows from), the bundle into a
//! [`Run`] (what is signed), and the host puts both, the signature and the key's evidence into one [`Receipt`] file.
//! A stranger goes the same way back with [`check`](check::check): every byte of the file is under the signature, or
//! checks itself, or is fixed by the canonical form (DESIGN 5.9).
//!
//! The rule that leads from record to verdict is applied by [`rule`] in the enclave and at the auditor's alike.
//!
//! ```
//! use alloy_primitives::{Address, B256};
//! use k256::ecdsa::SigningKey;
//! use orv_receipt::{Domain, Signature, address_of};
//!
//! let key = SigningKey::from_slice(&[7; 32]).unwrap();
//! let hash = B256::repeat_byte(1);
//! let signature = Signature::sign(&key, &hash).unwrap();
//! assert_eq!(signature.recover(&hash).unwrap(), address_of(key.verifying_key()));
//! ```

mod advice;
mod bundle;
pub mod cbor;
pub mod check;
mod facts;
pub mod figures;
mod file;
mod observation;
pub mod rule;
mod signature;
mod statement;
mod text;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;
mod words;

pub use advice::{AdviceRecord, FindingRecord};
pub use bundle::{
    Artifact, BUNDLE_VERSION, Bundle, DifferenceRecord, FileRecord, ImageRecord, Matched, Obstacle, Role, TrialReport,
};
pub use facts::{IncumbentFacts, ProjectFacts, ProposalFacts};
pub use file::{
    ChallengeBlock, DatedCollateral, MAX_COLLATERAL_PIECE, MAX_COLLATERAL_PIECES, MAX_RECEIPT, RECEIPT_VERSION,
    Receipt, ReceiptError,
};
pub use observation::{Breach, Conditions, Ending, Left, Observation, ProcessReport};
pub use signature::{Signature, SignatureError, address_of, address_of_sec1};
pub use statement::{Domain, MOST_VERDICTS, RUN_TYPE, Run};
pub use text::{detail, printable};
