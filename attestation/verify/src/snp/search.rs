//! Finding the key that signed a report, and the way from it to a pinned root.

use orv_evidence::{Platform, UnixTime};
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

use super::cache::SnpCache;
use super::given::{Candidate, Given, MAXIMUM_CANDIDATES};
use super::revocation::Revocation;
use super::trust::{Line, Trusted, valid_at};
use super::{EndorsementKind, KeyCertificate, Link, Report, SnpError};
use crate::{Collateral, Roots, Validity};

/// A key that a pinned root endorses and that signed the report.
pub(super) struct Endorsed {
    pub(super) key: KeyCertificate,
    /// When everything that the endorsement stands on is valid.
    pub(super) validity: Validity,
    pub(super) revocation: Revocation,
}

/// What is signed, and where to look for who signed it.
pub(super) struct Search<'a> {
    pub(super) platform: Platform,
    pub(super) roots: &'a Roots,
    pub(super) collateral: &'a Collateral,
    pub(super) now: UnixTime,
    pub(super) signed: &'a [u8],
    /// `r || s`, big-endian.
    pub(super) signature: &'a [u8; 96],
}

/// A root and an authority that may be under it.
type Way<'a> = (&'a [u8], &'a [u8]);

impl<'a> Search<'a> {
    /// Finds the key that signed. Several may claim to be it, such as a provider's keys of two years; the error is that
    /// of the first.
    pub(super) fn signer(&self, report: &Report, cache: &mut SnpCache) -> Result<Endorsed, SnpError> {
        let given = Given::read(&self.collateral.certificates)?;
        let mut refused = None;
        for candidate in given.candidates(report)? {
            for way in self.ways(&candidate, &given)? {
                let endorsed = self.endorsed(&candidate, way, cache);
                match endorsed.and_then(|endorsed| self.is_signed_by(&endorsed.key).map(|()| endorsed)) {
                    Ok(endorsed) => return Ok(endorsed),
                    Err(error) => {
                        refused.get_or_insert(error);
                    }
                }
            }
        }
        Err(refused.unwrap_or(SnpError::NoEndorsement {
            kind: report.signer.key,
            given: given.number(),
        }))
    }

    fn is_signed_by(&self, key: &KeyCertificate) -> Result<(), SnpError> {
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &key.public_key)
            .verify(self.signed, self.signature)
            .map_err(|_| SnpError::Signature)
    }

    /// The root of the candidate's product with each authority that could be above the candidate: the one built in,
    /// and those given.
    fn ways(&self, candidate: &Candidate<'_>, given: &'a Given<'a>) -> Result<Vec<Way<'a>>, SnpError> {
        let key = &candidate.key;
        let pinned = self.roots.amd_root(self.platform, key.product);
        let pinned = pinned.ok_or(SnpError::NoRoot(key.product))?;
        let built_in = pinned.authorities.map(|[ask, asvk]| match key.kind {
            EndorsementKind::Vcek => ask,
            EndorsementKind::Vlek => asvk,
        });
        let others = given.named(&key.issuer).map(|certificate| certificate.der);
        let others = others.filter(|other| Some(*other) != built_in);
        let ways: Vec<_> = built_in
            .into_iter()
            .chain(others)
            .take(MAXIMUM_CANDIDATES)
            .map(|authority| (pinned.root, authority))
            .collect();
        if ways.is_empty() {
            return Err(SnpError::NoAuthority {
                issuer: key.issuer.clone(),
                given: given.number(),
            });
        }
        Ok(ways)
    }

    /// Verifies one way from the candidate to the root.
    fn endorsed(&self, candidate: &Candidate<'_>, way: Way<'_>, cache: &mut SnpCache) -> Result<Endorsed, SnpError> {
        let key = &candidate.key;
        let line = Line {
            product: key.product,
            kind: key.kind,
        };
        let trusted = cache.trusted(way, line, &self.collateral.revocation_lists)?;
        let link = Link::Key(key.kind);
        let issuer = &candidate.certificate.contents.issuer;
        if *issuer != trusted.name {
            return Err(SnpError::Issuer {
                certificate: link,
                found: issuer.to_string(),
                expected: trusted.name.to_string(),
            });
        }
        candidate.certificate.signed_by(&trusted.public_key, link)?;
        let validity = self.validity(candidate, &trusted)?;
        let revocation = self.revocation(candidate, &trusted)?;
        Ok(Endorsed {
            key: key.clone(),
            validity,
            revocation,
        })
    }

    /// When all of the chain is valid, which must include the time asked.
    fn validity(&self, candidate: &Candidate<'_>, trusted: &Trusted) -> Result<Validity, SnpError> {
        let mut validity = candidate.key.validity;
        for (certificate, span) in trusted
            .spans
            .into_iter()
            .chain([(Link::Key(candidate.key.kind), validity)])
        {
            valid_at(certificate, span, self.now)?;
            validity.not_before = validity.not_before.max(span.not_before);
            validity.not_after = validity.not_after.min(span.not_after);
        }
        // What is known of revocation ends with the lists, and so does what may be built on it.
        let known_until = trusted.lists.next_update().unwrap_or(validity.not_after);
        validity.not_after = validity.not_after.min(known_until);
        Ok(validity)
    }

    fn revocation(&self, candidate: &Candidate<'_>, trusted: &Trusted) -> Result<Revocation, SnpError> {
        let revocation = trusted.lists.current(self.now)?;
        let kind = candidate.key.kind;
        for (link, serial_number) in &trusted.serial_numbers {
            if trusted.lists.names(serial_number) {
                return Err(SnpError::Revoked(*link));
            }
        }
        // A VCEK is not revoked by lists but by firmware floors: all have the serial number 0, as VLEKs have.
        let serial_number = &candidate.certificate.contents.serial_number;
        if kind == EndorsementKind::Vlek && trusted.lists.names(serial_number) {
            return Err(SnpError::Revoked(Link::Key(kind)));
        }
        Ok(revocation)
    }
}
