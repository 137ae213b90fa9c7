//! The way from the pinned root to a leaf of Intel's hierarchy.

use std::time::Duration;

use orv_evidence::UnixTime;
use rustls_pki_types::CertificateDer;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::certificate::Certificate;
use super::pem;
use crate::roots::fingerprint;
use crate::{CLOCK_SKEW, ChainError, Validity};

/// A chain as it was given, leaf first and without its root, which was the pinned one.
pub(super) struct Chain {
    pub(super) leaf: Certificate,
    pub(super) intermediates: Vec<Certificate>,
}

impl Chain {
    /// Reads a PEM chain: leaf, `intermediates` of them, root.
    pub(super) fn parse(text: &[u8], intermediates: usize, root: &Certificate) -> Result<Self, ChainError> {
        let malformed = |cause| ChainError::Malformed { position: 0, cause };
        let mut given = pem::certificates(text).map_err(malformed)?;
        let due = intermediates.saturating_add(2);
        if given.len() != due {
            return Err(malformed(format!("{} certificates, due are {due}", given.len())));
        }
        if let Some(last) = given.pop_if(|last| *last != root.der) {
            return Err(ChainError::AnotherRoot(fingerprint(&last)));
        }
        let mut parsed = Vec::with_capacity(given.len());
        for (position, der) in (1..).zip(given.into_iter().rev().skip(1)) {
            parsed.push(Certificate::parse(der, position)?);
        }
        let leaf = parsed.pop().ok_or(ChainError::Order(0))?;
        Ok(Self {
            leaf,
            intermediates: parsed,
        })
    }

    /// The span in which leaf, intermediates and root are all valid.
    pub(super) fn validity(&self, root: &Certificate) -> Validity {
        self.intermediates
            .iter()
            .chain([&self.leaf])
            .fold(root.validity, |span, certificate| both(span, certificate.validity))
    }

    /// Follows the path from the root at a `moment` inside [`Chain::validity`].
    ///
    /// Order and key usage are looked at here, because path validation looks at neither; signatures, basic constraints,
    /// path lengths, names and critical extensions are `rustls-webpki`'s.
    pub(super) fn follow(&self, root: &Certificate, moment: UnixTime) -> Result<(), ChainError> {
        let mut above = root;
        for (position, certificate) in self.intermediates.iter().chain([&self.leaf]).enumerate() {
            if !above.signs_certificates() {
                return Err(ChainError::KeyUsage(position));
            }
            if certificate.issuer != above.subject {
                return Err(ChainError::Order(position.saturating_add(1)));
            }
            above = certificate;
        }
        if self.leaf.is_authority {
            return Err(ChainError::LeafIsAuthority);
        }
        if !self.leaf.signs_data() {
            return Err(ChainError::KeyUsage(self.intermediates.len().saturating_add(1)));
        }
        self.validate(root, moment).map_err(ChainError::from)
    }

    fn validate(&self, root: &Certificate, moment: UnixTime) -> Result<(), webpki::Error> {
        let root = CertificateDer::from(root.der.as_slice());
        let anchor = webpki::anchor_from_trusted_cert(&root)?;
        let intermediates: Vec<_> = self
            .intermediates
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der.as_slice()))
            .collect();
        let leaf = CertificateDer::from(self.leaf.der.as_slice());
        let moment = rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(moment.seconds()));
        EndEntityCert::try_from(&leaf)?
            .verify_for_usage(
                &[webpki::ring::ECDSA_P256_SHA256],
                &[anchor],
                &intermediates,
                moment,
                AnyExtendedUsage,
                None,
                None,
            )
            .map(drop)
    }
}

/// The span in which both are valid.
pub(super) fn both(one: Validity, other: Validity) -> Validity {
    Validity {
        not_before: one.not_before.max(other.not_before),
        not_after: one.not_after.min(other.not_after),
    }
}

/// `now`, or the span's first second when that is at most the clock skew away; then the tolerance was used.
pub(super) fn moment(span: Validity, now: UnixTime) -> Result<UnixTime, Outside> {
    if now > span.not_after {
        Err(Outside::Expired)
    } else if now.plus_seconds(CLOCK_SKEW) < span.not_before {
        Err(Outside::FromTheFuture)
    } else {
        Ok(now.max(span.not_before))
    }
}

/// On which side of a span a time lies.
pub(super) enum Outside {
    Expired,
    FromTheFuture,
}

/// Intel's certificates name no extended key usage, so none is asked for.
struct AnyExtendedUsage;

impl ExtendedKeyUsageValidator for AnyExtendedUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}
