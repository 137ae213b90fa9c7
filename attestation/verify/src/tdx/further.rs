//! Revocation lists that were given beside the collateral's own two.
//!
//! Who hands in several may hand in an old one that is still valid and a new one that names the platform. What any
//! current list of the hierarchy's revokes is revoked.

use orv_evidence::UnixTime;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use super::certificate::Certificate;
use super::chain::{Outside, moment};
use super::endorsement::Claimed;
use super::published::Published;
use super::revocation::RevocationList;
use super::{TdxCollateral, TdxError, TdxPart};
use crate::{MAXIMUM_COLLATERAL_PIECE, MAXIMUM_COLLATERAL_PIECES};

/// A quote's chain under its root, to be looked up in more lists. Who issued what must have been verified before.
pub(super) struct Further<'a> {
    pub(super) claimed: &'a Claimed,
    pub(super) published: &'a Published,
    pub(super) root: &'a Certificate,
    pub(super) now: UnixTime,
}

impl Further<'_> {
    /// Looks the chain up in lists that were given on their own, each of which must be current and its issuer's.
    /// Lists of other issuers do nothing. Gives the end of the first of them.
    pub(super) fn given(&self, lists: &[Vec<u8>]) -> Result<Option<UnixTime>, TdxError> {
        if lists.len() > MAXIMUM_COLLATERAL_PIECES {
            return Err(malformed(
                TdxPart::GivenList,
                &format_args!("{} are too many", lists.len()),
            ));
        }
        let mut end: Option<UnixTime> = None;
        for der in lists {
            let Some((list, issuer)) = self.of_the_chain(der)? else {
                continue;
            };
            list.issued_by(issuer)?;
            let (part, validity, now) = (list.part, list.validity, self.now);
            moment(validity, now).map_err(|outside| match outside {
                Outside::Expired => TdxError::Expired { part, validity, now },
                Outside::FromTheFuture => TdxError::FromTheFuture { part, validity, now },
            })?;
            self.allowed_by(&list, issuer)?;
            end = Some(end.map_or(validity.not_after, |earlier| earlier.min(validity.not_after)));
        }
        Ok(end)
    }

    /// Looks the chain up in the lists of sets that were not taken. A set is for its own time, so that only lists that
    /// count at the time asked are looked at.
    pub(super) fn of_other_sets(&self, sets: &[&TdxCollateral]) -> Result<(), TdxError> {
        for der in sets.iter().flat_map(|set| [&set.root_ca_crl, &set.pck_crl]) {
            let Ok(Some((list, issuer))) = self.of_the_chain(der) else {
                continue;
            };
            if moment(list.validity, self.now).is_ok() && list.issued_by(issuer).is_ok() {
                self.allowed_by(&list, issuer)?;
            }
        }
        Ok(())
    }

    /// The list and its issuer, if that is the root or the platform's authority.
    fn of_the_chain(&self, der: &[u8]) -> Result<Option<(RevocationList, &Certificate)>, TdxError> {
        const PART: TdxPart = TdxPart::GivenList;
        if der.len() > MAXIMUM_COLLATERAL_PIECE {
            return Err(malformed(PART, &format_args!("{} bytes are too long", der.len())));
        }
        let issuer = CertificateList::from_der(der).map_err(|error| malformed(PART, &error))?;
        let issuer = issuer.tbs_cert_list.issuer;
        let mut above = [Some(self.root), self.claimed.authority_certificate()]
            .into_iter()
            .flatten();
        let Some(issuer) = above.find(|above| above.subject == issuer) else {
            return Ok(None);
        };
        Ok(Some((RevocationList::parse(der, PART)?, issuer)))
    }

    fn allowed_by(&self, list: &RevocationList, issuer: &Certificate) -> Result<(), TdxError> {
        if issuer.subject != self.root.subject {
            return list.allows(self.claimed.leaf(), TdxPart::PlatformCertificate);
        }
        list.allows(self.root, TdxPart::Root)?;
        if self.published.signers.iter().any(|serial| list.names(serial)) {
            return Err(TdxError::Revoked(TdxPart::Signer));
        }
        match self.claimed.authority_certificate() {
            Some(authority) => list.allows(authority, TdxPart::PlatformAuthority),
            None => Ok(()),
        }
    }
}

fn malformed(part: TdxPart, cause: &dyn std::fmt::Display) -> TdxError {
    TdxError::Malformed {
        part,
        cause: cause.to_string(),
    }
}
