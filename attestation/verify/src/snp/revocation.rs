//! AMD's lists of revoked certificates: one for each product, signed by its root.

use orv_evidence::UnixTime;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;
use x509_cert::serial_number::SerialNumber;

use super::SnpError;
use super::certificate::{AuthorityCertificate, Signed, unix};
use crate::{CLOCK_SKEW, Check, CheckName, MAXIMUM_COLLATERAL_PIECE, MAXIMUM_COLLATERAL_PIECES, Validity};

/// What a root revoked, by all its lists that were given.
#[derive(Default)]
pub(super) struct RevocationLists {
    revoked: Vec<SerialNumber>,
    spans: Vec<Validity>,
}

/// How much was checked against revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revocation {
    /// No list of the root's was given.
    NotChecked,
    /// ASK or ASVK, and a VLEK, are on no list of the root's.
    Checked,
}

impl RevocationLists {
    /// Reads the lists in the name of `root`, each of which it must have signed. Lists of others do nothing.
    pub(super) fn verify(lists: &[Vec<u8>], root: &AuthorityCertificate<'_>) -> Result<Self, SnpError> {
        if lists.len() > MAXIMUM_COLLATERAL_PIECES {
            return Err(SnpError::RevocationLists(lists.len()));
        }
        let mut read = Self::default();
        for (position, list) in lists.iter().enumerate() {
            read.add(list, position, root)?;
        }
        Ok(read)
    }

    fn add(&mut self, list: &[u8], position: usize, root: &AuthorityCertificate<'_>) -> Result<(), SnpError> {
        let malformed = |cause: String| SnpError::MalformedRevocationList { position, cause };
        if list.len() > MAXIMUM_COLLATERAL_PIECE {
            return Err(malformed(format!("{} bytes are too long", list.len())));
        }
        let parsed = CertificateList::from_der(list).map_err(|error| malformed(error.to_string()))?;
        let contents = parsed.tbs_cert_list;
        if contents.issuer != root.certificate.contents.subject {
            return Ok(());
        }
        let signed = Signed::parse(list).map_err(|error| malformed(error.to_string()))?;
        let one_algorithm = contents.signature == parsed.signature_algorithm;
        if !one_algorithm || !signed.is_amds_algorithm() || !signed.is_by(&root.public_key) {
            return Err(SnpError::RevocationListSignature(position));
        }
        // Every critical extension of a list narrows what it is about; none is used by AMD.
        if let Some(critical) = contents.crl_extensions.iter().flatten().find(|one| one.critical) {
            return Err(malformed(format!("critical extension {}", critical.extn_id)));
        }
        let next_update = contents
            .next_update
            .ok_or_else(|| malformed("no next update".to_owned()))?;
        self.spans.push(Validity {
            not_before: unix(contents.this_update),
            not_after: unix(next_update),
        });
        // An entry's extensions are not looked at: with or without a reason, in whosever name, it counts.
        let revoked = contents.revoked_certificates.into_iter().flatten();
        self.revoked.extend(revoked.map(|entry| entry.serial_number));
        Ok(())
    }

    /// Whether every list counts at `now`.
    pub(super) fn current(&self, now: UnixTime) -> Result<Revocation, SnpError> {
        for span in &self.spans {
            if span.not_before > now.plus_seconds(CLOCK_SKEW) || span.not_after < now {
                return Err(SnpError::StaleRevocationList {
                    this_update: span.not_before,
                    next_update: span.not_after,
                    now,
                });
            }
        }
        if self.spans.is_empty() {
            return Ok(Revocation::NotChecked);
        }
        Ok(Revocation::Checked)
    }

    pub(super) fn names(&self, serial_number: &SerialNumber) -> bool {
        self.revoked.contains(serial_number)
    }

    /// When the first of the lists is out of date.
    pub(super) fn next_update(&self) -> Option<UnixTime> {
        self.spans.iter().map(|span| span.not_after).min()
    }
}

impl Revocation {
    pub(super) fn check(self) -> Check {
        match self {
            Self::NotChecked => Check::skipped(CheckName::Revocation, "no revocation list of the root's was given"),
            Self::Checked => Check::pass(
                CheckName::Revocation,
                "the authority, and a VLEK, are on no current list",
            ),
        }
    }
}
