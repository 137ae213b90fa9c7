//! From a pinned root to the authority above the key.

use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use super::certificate::{AuthorityCertificate, X509, common_name};
use super::revocation::RevocationLists;
use super::{EndorsementKind, Link, Product, SnpError};
use crate::{CLOCK_SKEW, Validity};
use orv_evidence::UnixTime;

/// Which of a product's two lines of keys.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) product: Product,
    pub(super) kind: EndorsementKind,
}

/// An authority that a pinned root vouches for, with what the root revoked. Nothing in here depends on the time asked,
/// so that it may be kept: whoever uses it asks [`Trusted::spans`] and [`RevocationLists::current`] anew.
pub(super) struct Trusted {
    pub(super) name: Name,
    /// Of the root, which may revoke itself, and the authority.
    pub(super) serial_numbers: [(Link, SerialNumber); 2],
    /// RSA, PKCS#1 DER.
    pub(super) public_key: Vec<u8>,
    /// When authority and root are valid.
    pub(super) spans: [(Link, Validity); 2],
    pub(super) lists: RevocationLists,
}

impl Trusted {
    /// Verifies that `root`, which is pinned, signed `authority`, and what it revoked.
    pub(super) fn verify(root: &[u8], authority: &[u8], line: Line, lists: &[Vec<u8>]) -> Result<Self, SnpError> {
        let Line { product, kind } = line;
        let root = authority_at(root, Link::Root, &format!("ARK-{product}"))?;
        let authority = authority_at(authority, Link::Authority(kind), &kind.authority(product))?;
        let (upper, lower) = (&root.certificate.contents, &authority.certificate.contents);
        if lower.issuer != upper.subject {
            return Err(SnpError::Issuer {
                certificate: authority.link,
                found: lower.issuer.to_string(),
                expected: upper.subject.to_string(),
            });
        }
        authority.certificate.signed_by(&root.public_key, authority.link)?;
        Ok(Self {
            name: lower.subject.clone(),
            serial_numbers: [&root, &authority]
                .map(|above| (above.link, above.certificate.contents.serial_number.clone())),
            spans: [&root, &authority].map(|above| (above.link, above.certificate.validity())),
            lists: RevocationLists::verify(lists, &root)?,
            public_key: authority.public_key,
        })
    }
}

/// Reads the certificate that is to stand at `link` under this common name.
fn authority_at<'a>(der: &'a [u8], link: Link, name: &str) -> Result<AuthorityCertificate<'a>, SnpError> {
    let certificate = X509::parse(der).map_err(|cause| SnpError::Malformed {
        certificate: link,
        cause,
    })?;
    if common_name(&certificate.contents.subject).as_deref() != Some(name) {
        return Err(SnpError::Malformed {
            certificate: link,
            cause: format!("its name is not {name}"),
        });
    }
    AuthorityCertificate::read(certificate, link)
}

/// Whether a certificate is valid at `now`. One that begins at most the clock skew later is; nothing expired is.
pub(super) fn valid_at(certificate: Link, validity: Validity, now: UnixTime) -> Result<(), SnpError> {
    let Validity { not_before, not_after } = validity;
    if now.plus_seconds(CLOCK_SKEW) < not_before {
        return Err(SnpError::NotYetValid {
            certificate,
            not_before,
            now,
        });
    }
    if now > not_after {
        return Err(SnpError::Expired {
            certificate,
            not_after,
            now,
        });
    }
    Ok(())
}
