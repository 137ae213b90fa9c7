//! Intel's revocation lists: the root's and the platform authority's.

use std::collections::BTreeSet;

use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use super::certificate::{Certificate, Signed, unix, without_sign};
use super::signature::signed_by;
use super::{TdxError, TdxPart};
use crate::Validity;

/// Longest list, in bytes.
const MAXIMUM_LIST: usize = 1 << 20;

/// A list that parses. Who signed it is asked with [`RevocationList::issued_by`].
pub(super) struct RevocationList {
    pub(super) part: TdxPart,
    pub(super) issuer: Vec<u8>,
    pub(super) issuer_text: String,
    pub(super) validity: Validity,
    revoked: BTreeSet<Vec<u8>>,
    der: Vec<u8>,
}

impl RevocationList {
    /// Reads hexadecimal DER.
    pub(super) fn parse(digits: &str, part: TdxPart) -> Result<Self, TdxError> {
        let malformed = |cause: &dyn std::fmt::Display| TdxError::Malformed {
            part,
            cause: cause.to_string(),
        };
        if digits.len() > MAXIMUM_LIST.saturating_mul(2) {
            return Err(malformed(&"too long"));
        }
        let der = hex::decode(digits.trim()).map_err(|error| malformed(&error))?;
        let list = CertificateList::from_der(&der).map_err(|error| malformed(&error))?;
        let contents = list.tbs_cert_list;
        if contents.signature != list.signature_algorithm {
            return Err(malformed(&"two signature algorithms"));
        }
        let extensions = contents.crl_extensions.as_deref().unwrap_or_default();
        // A critical one narrows what the list speaks of: to a scope, or to what changed since another list.
        if let Some(extension) = extensions.iter().find(|extension| extension.critical) {
            return Err(malformed(&format_args!(
                "unknown critical extension {}",
                extension.extn_id
            )));
        }
        let next_update = contents.next_update.ok_or_else(|| malformed(&"no next update"))?;
        let revoked = contents.revoked_certificates.unwrap_or_default();
        Ok(Self {
            part,
            issuer: contents.issuer.to_der().map_err(|error| malformed(&error))?,
            issuer_text: contents.issuer.to_string(),
            validity: Validity {
                not_before: unix(contents.this_update),
                not_after: unix(next_update),
            },
            revoked: revoked
                .iter()
                .map(|entry| without_sign(entry.serial_number.as_bytes()).to_vec())
                .collect(),
            der,
        })
    }

    /// Whether `authority` issued this list.
    pub(super) fn issued_by(&self, authority: &Certificate) -> Result<(), TdxError> {
        let malformed = |cause| TdxError::Malformed { part: self.part, cause };
        let signed = Signed::parse(&self.der).map_err(malformed)?;
        if self.issuer != authority.subject || !signed_by(&authority.public_key, signed.contents, signed.signature) {
            return Err(TdxError::CollateralSignature(self.part));
        }
        Ok(())
    }

    /// Fails when `certificate`, which is that `part`, is on the list.
    pub(super) fn allows(&self, certificate: &Certificate, part: TdxPart) -> Result<(), TdxError> {
        if self.revoked.contains(&certificate.serial) {
            Err(TdxError::Revoked(part))
        } else {
            Ok(())
        }
    }
}
