//! What a vendor publishes beside the evidence.

/// What the vendor publishes beside the evidence: bytes of anybody's, believed only once they are verified.
///
/// A Nitro document carries its whole chain, and lists of revoked certificates only narrow it; an SNP report needs the
/// certificate of the key that signed it; a TDX quote needs Intel's TCB information.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collateral {
    /// Certificate revocation lists (RFC 5280 5), DER each, in any order. Each must be current; one that belongs to no
    /// issuer of the chain does nothing.
    pub revocation_lists: Vec<Vec<u8>>,
    /// Certificates, DER each, in any order: an SNP chip's or loader's key (VCEK, VLEK), and what stands between it and
    /// a pinned root where that is not built in.
    pub certificates: Vec<Vec<u8>>,
    /// Intel's collateral for TDX, one set per platform and time; the one for the quote's platform is taken.
    pub tdx: Vec<crate::TdxCollateral>,
}

impl Collateral {
    /// Nothing beside the evidence.
    pub const fn none() -> Self {
        Self {
            revocation_lists: Vec::new(),
            certificates: Vec::new(),
            tdx: Vec::new(),
        }
    }
}
