//! Checks a candidate key's evidence by policy and signs its admission.
//!
//! An attester is one of the m of n that `AttesterQuorum` counts (DESIGN 5.2). It believes nothing that the candidate
//! says: what it knows from the chain itself ([`ChainFacts`]) goes into the binding that the evidence must carry, and
//! only the key, the boot and the configuration come from the candidate. [`admit`] is pure; [`sign`] needs the decision
//! that only `admit` can make; [`inspect`] judges what others admitted.
//!
//! [`run`] is the service around them: it takes candidates over HTTP, signs for those that convince it, and, while the
//! challenge delay runs, fetches the evidence of every key admitted on chain and revokes those that it does not carry.
//! [`gather`] is the operator's side: m signatures over one admission.
//!
//! ```
//! use alloy::primitives::{Address, B256};
//! use orv_attester::{AdmissionPolicy, AttesterError, BlockReference, ChainFacts, admit};
//! use orv_evidence::UnixTime;
//! use orv_verify::{Collateral, Policy, Roots};
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
//! let refused = admit(b"no envelope", &facts, now, &Roots::production(), &policy, &Collateral::none());
//! assert!(matches!(refused, Err(AttesterError::Envelope(_))));
//! ```

mod admission;
mod collateral;
mod decision;
mod inspection;
mod policy;
mod remote;
mod request;
mod service;
mod signature;
mod terms;
mod told;
mod trust;

pub use admission::{AttesterError, BlockReference, ChainFacts, Fact, admit};
pub use collateral::{CollateralFolderError, collateral_in, collateral_pieces_in};
pub use decision::AdmissionDecision;
pub use inspection::{Fault, inspect};
pub use policy::{AdmissionPolicy, LONGEST_LIFE, MOST_VERDICTS};
pub use remote::{GatheredAdmission, QuorumFacts, RemoteAttester, RemoteError, gather};
pub use request::{
    ADMISSION_SCHEMA, ADMISSIONS_PATH, AdmissionAnswer, AdmissionRequest, MAXIMUM_ANSWER, MAXIMUM_REQUEST,
    REFUSAL_SCHEMA, Refusal, SignedFields,
};
pub use service::{AttesterConfig, AttesterNotice, AttesterObserver, OnFinding, ServiceError, WatchConfig, run};
pub use signature::{AttesterSignature, SigningError, admission_digest, proof, sign};
pub use terms::{AdmissionTerms, TermsError};
pub use told::{ToldAdmission, admissions, ranges};
pub use trust::Trust;
