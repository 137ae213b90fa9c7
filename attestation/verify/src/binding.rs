//! What evidence must be bound to, and whether it is.

use orv_evidence::Binding;

/// What the evidence must be bound to, as the verifier knows it from elsewhere: the chain's facts and the candidate
/// key. Nothing in here may be taken from the evidence itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedBinding(pub Binding);
