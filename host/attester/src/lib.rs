//! Checks a candidate key's evidence by policy and signs its admission.
//!
//! An attester is one of the m of n that `AttesterQuorum` counts (DESIGN 5.2). It believes nothing that the candidate
//! says: what it knows from the chain itself ([`ChainFacts`]) goes into the binding that the evidence must carry, and
//! only the key, the boot and the configuration come from the candidate. [`admit`] is pure; [`sign`] needs the decision
//! that only `admit` can make.
//!
//! ```
//! use alloy::primitives::{Address, B256};
//! use orv_attester::{AdmissionPolicy, AttesterError, BlockReference, ChainFacts, admit};
//! use orv_evidence::UnixTime;
//! use orv_verify::{Policy, Roots};
//!
//! let facts = ChainFacts {
//!     chain_id: 16602,
//!     registry: Address::repeat_byte(1),
//!     gateway: Address::repeat_byte(2),
//!     operator: Address::repeat_byte(3),
//!     challenge_block: BlockReference { number: 7, hash: B256::repeat_byte(4) },
//! };
//! let policy = AdmissionPolicy::of(Policy { measurements: Some(vec![]), ..Policy::built_in() });
//! let now = UnixTime::from_seconds(1_790_000_000);
//! let refused = admit(b"no envelope", &facts, now, &Roots::production(), &policy);
//! assert!(matches!(refused, Err(AttesterError::Envelope(_))));
//! ```

mod admission;
mod decision;
mod policy;
mod signature;

pub use admission::{AttesterError, BlockReference, ChainFacts, Fact, admit};
pub use decision::AdmissionDecision;
pub use policy::{AdmissionPolicy, LONGEST_LIFE, MOST_VERDICTS};
pub use signature::{AttesterSignature, SigningError, admission_digest, proof, sign};
