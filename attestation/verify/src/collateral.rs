//! What a vendor publishes beside the evidence, and how it is read from files and envelopes.

use orv_evidence::certificates::{CertificateTable, CertificateTableError};
use rustls_pki_types::pem::{PemObject, SectionKind};
use x509_cert::Certificate;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use crate::{Register, TdxCollateral};

/// Longest piece of collateral, in bytes: a root's revocation list with ten thousand entries is below half of it.
pub const MAXIMUM_COLLATERAL_PIECE: usize = 1 << 20;
/// Most pieces of one kind; more would be somebody's attempt to keep a verifier busy.
pub const MAXIMUM_COLLATERAL_PIECES: usize = 64;

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
    pub tdx: Vec<TdxCollateral>,
    /// RTMR0 to RTMR3 as the replay of a trust domain's event log gives them: the log explains the quote's registers
    /// only if they agree.
    pub replayed: Option<[Register; 4]>,
}

impl Collateral {
    /// Nothing beside the evidence.
    pub const fn none() -> Self {
        Self {
            revocation_lists: Vec::new(),
            certificates: Vec::new(),
            tdx: Vec::new(),
            replayed: None,
        }
    }

    /// Adds a piece, told by its content: Intel's collateral as a caching service's JSON, certificates and revocation
    /// lists in PEM, one certificate or list in DER, or the certificate table of an SEV-SNP host.
    ///
    /// # Errors
    /// [`CollateralError`] for what is none of these, or too much; then nothing of it was added, so that a caller may pass
    /// over a stranger's bytes. Nothing is believed here; only its form is read.
    ///
    /// ```
    /// use orv_verify::{Collateral, CollateralError};
    ///
    /// let mut collateral = Collateral::none();
    /// assert_eq!(collateral.add(b"a note"), Err(CollateralError::Unknown));
    /// ```
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        if bytes.len() > MAXIMUM_COLLATERAL_PIECE {
            return Err(CollateralError::TooLong(bytes.len()));
        }
        let [lists, certificates, tdx] = self.lengths();
        let added = self.add_form(bytes).and_then(|()| self.bounded());
        if added.is_err() {
            self.revocation_lists.truncate(lists);
            self.certificates.truncate(certificates);
            self.tdx.truncate(tdx);
        }
        added
    }

    fn add_form(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        match bytes.trim_ascii_start() {
            [] => Err(CollateralError::Empty),
            [b'{', ..] => self.add_json(bytes),
            [b'-', ..] => self.add_pem(bytes),
            [0x30, ..] => self.add_der(bytes),
            _ => self.add_table(bytes),
        }
    }

    const fn lengths(&self) -> [usize; 3] {
        [self.revocation_lists.len(), self.certificates.len(), self.tdx.len()]
    }

    fn bounded(&self) -> Result<(), CollateralError> {
        match self.lengths().into_iter().max() {
            Some(most) if most > MAXIMUM_COLLATERAL_PIECES => Err(CollateralError::TooMany(most)),
            _ => Ok(()),
        }
    }

    fn add_json(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        let set = serde_json::from_slice(bytes).map_err(|error| CollateralError::Json(error.to_string()))?;
        self.tdx.push(set);
        Ok(())
    }

    fn add_pem(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
            let (kind, der) = section.map_err(|error| CollateralError::Pem(error.to_string()))?;
            match kind {
                SectionKind::Certificate => self.certificates.push(der),
                SectionKind::Crl => self.revocation_lists.push(der),
                other => return Err(CollateralError::Pem(format!("{other:?} is no collateral"))),
            }
        }
        Ok(())
    }

    fn add_der(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        if CertificateList::from_der(bytes).is_ok() {
            self.revocation_lists.push(bytes.to_vec());
            return Ok(());
        }
        Certificate::from_der(bytes).map_err(|error| CollateralError::Der(error.to_string()))?;
        self.certificates.push(bytes.to_vec());
        Ok(())
    }

    fn add_table(&mut self, bytes: &[u8]) -> Result<(), CollateralError> {
        // Text and anything else unknown would read as a table without an end.
        let table = match CertificateTable::decode(bytes) {
            Ok(table) => table,
            Err(CertificateTableError::NoEnd | CertificateTableError::TooMany | CertificateTableError::TooLong(_)) => {
                return Err(CollateralError::Unknown);
            }
            Err(error) => return Err(error.into()),
        };
        for entry in table.entries() {
            match entry.bytes {
                [b'-', ..] => self.add_pem(entry.bytes)?,
                _ => self.add_der(entry.bytes)?,
            }
        }
        Ok(())
    }
}

/// Why bytes are no collateral.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollateralError {
    /// Longer than [`MAXIMUM_COLLATERAL_PIECE`].
    #[error("{0} bytes are too long for collateral")]
    TooLong(usize),
    /// No bytes.
    #[error("empty")]
    Empty,
    /// More than [`MAXIMUM_COLLATERAL_PIECES`] of one kind.
    #[error("{0} pieces of one kind are too many")]
    TooMany(usize),
    /// JSON that is not a caching service's answer.
    #[error("not the collateral of a TDX platform: {0}")]
    Json(String),
    /// PEM that does not decode, or holds something else.
    #[error("PEM: {0}")]
    Pem(String),
    /// DER that is neither a certificate nor a list.
    #[error("neither a certificate nor a revocation list: {0}")]
    Der(String),
    /// A host's certificate table that contradicts itself.
    #[error(transparent)]
    Table(#[from] CertificateTableError),
    /// None of the forms.
    #[error("neither JSON, PEM, DER nor a certificate table")]
    Unknown,
}
