//! Revocation lists of the chain, and how much of it they cover.

use orv_evidence::UnixTime;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use super::certificate::unix;
use crate::{CLOCK_SKEW, ChainError, Check, CheckName};

/// Most lists that are looked at: there are at most sixteen authorities.
const MAXIMUM_LISTS: usize = 16;
/// Longest list, in bytes.
const MAXIMUM_LIST: usize = 1 << 20;

/// How much of the chain was checked against revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revocation {
    /// No list was given.
    NotChecked,
    /// Nothing is revoked by the lists given, but some certificate's issuer has no list among them.
    Partly,
    /// Every certificate below the root is covered by its issuer's list and not on it.
    Checked,
}

impl Revocation {
    pub(super) fn check(self) -> Check {
        match self {
            Self::NotChecked => Check::skipped(CheckName::Revocation, "no certificate revocation list was given"),
            Self::Partly => Check::skipped(
                CheckName::Revocation,
                "nothing is revoked by the lists given, but they do not cover every certificate",
            ),
            Self::Checked => Check::pass(CheckName::Revocation, "every certificate is covered by a current list"),
        }
    }
}

/// Revocation lists that are current, parsed and not yet believed: path validation checks who signed them.
pub(super) struct Lists {
    lists: Vec<CertRevocationList<'static>>,
    /// When the first of them is out of date.
    pub(super) next_update: Option<UnixTime>,
}

impl Lists {
    /// Reads the lists in the names of `issuers` (DER). Lists of others do nothing: an auditor's folder holds what it holds.
    pub(super) fn parse(lists: &[Vec<u8>], issuers: &[&[u8]], now: UnixTime) -> Result<Self, ChainError> {
        if lists.len() > MAXIMUM_LISTS {
            return Err(ChainError::RevocationLists(lists.len()));
        }
        let mut next_update = None;
        let mut parsed = Vec::with_capacity(lists.len());
        for (position, list) in lists.iter().enumerate() {
            let Some(end) = current(list, position, issuers, now)? else {
                continue;
            };
            next_update = Some(next_update.map_or(end, |earlier: UnixTime| earlier.min(end)));
            let malformed = |error: webpki::Error| malformed(position, &error);
            parsed.push(OwnedCertRevocationList::from_der(list).map_err(malformed)?.into());
        }
        Ok(Self {
            lists: parsed,
            next_update,
        })
    }

    pub(super) fn borrowed(&self) -> Vec<&CertRevocationList<'static>> {
        self.lists.iter().collect()
    }
}

/// Path validation's options for these lists; none when there are no lists.
pub(super) fn options<'a>(
    lists: &'a [&'a CertRevocationList<'a>],
    unknown: UnknownStatusPolicy,
) -> Option<RevocationOptions<'a>> {
    let builder = RevocationOptionsBuilder::new(lists).ok()?;
    let builder = builder
        .with_depth(RevocationCheckDepth::Chain)
        .with_status_policy(unknown);
    Some(builder.with_expiration_policy(ExpirationPolicy::Enforce).build())
}

/// The list's end, if it is current at `now`; none if it is in the name of somebody else.
fn current(list: &[u8], position: usize, issuers: &[&[u8]], now: UnixTime) -> Result<Option<UnixTime>, ChainError> {
    if list.len() > MAXIMUM_LIST {
        return Err(malformed(position, &"too long"));
    }
    let parsed = CertificateList::from_der(list).map_err(|error| malformed(position, &error))?;
    let contents = parsed.tbs_cert_list;
    let issuer = contents.issuer.to_der().map_err(|error| malformed(position, &error))?;
    if !issuers.contains(&issuer.as_slice()) {
        return Ok(None);
    }
    let this_update = unix(contents.this_update);
    let next_update = contents
        .next_update
        .map(unix)
        .ok_or_else(|| malformed(position, &"no next update"))?;
    if this_update > now.plus_seconds(CLOCK_SKEW) || next_update < now {
        return Err(ChainError::StaleRevocationList {
            this_update,
            next_update,
            now,
        });
    }
    Ok(Some(next_update))
}

fn malformed(position: usize, cause: &dyn std::fmt::Display) -> ChainError {
    ChainError::MalformedRevocationList {
        position,
        cause: cause.to_string(),
    }
}
