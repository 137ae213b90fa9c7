//! What a vendor publishes beside the evidence.

/// What the vendor publishes beside the evidence.
///
/// A Nitro document carries its whole chain, so nothing is needed to verify one; revocation lists narrow it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Collateral {
    /// Nothing beside the evidence.
    #[default]
    None,
    /// Certificate revocation lists (RFC 5280 5), DER each, in any order. Each must be current; one that belongs to no
    /// issuer of the chain does nothing.
    RevocationLists(Vec<Vec<u8>>),
}

impl Collateral {
    pub(crate) fn revocation_lists(&self) -> &[Vec<u8>] {
        match self {
            Self::None => &[],
            Self::RevocationLists(lists) => lists,
        }
    }
}
