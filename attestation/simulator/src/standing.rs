//! What a verifier must think of what the simulator made.

/// How evidence must be judged, without looking at whom it is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Authentic, and acceptable unless a policy asks for more than usual.
    ByPolicy,
    /// Authentic, and never acceptable without a policy that says so.
    NotAcceptable,
    /// Not authentic: nothing that it says may be believed.
    NotAuthentic,
}
