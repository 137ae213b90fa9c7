//! Which of several sets of collateral is for this platform, now.

use std::cmp::Reverse;
use std::sync::Arc;

use orv_evidence::UnixTime;
use x509_cert::name::Name;

use super::cache::{CollateralKey, TdxCache};
use super::certificate::Certificate;
use super::endorsement::Claimed;
use super::name::shown;
use super::published::{Opened, Published};
use super::{TdxCollateral, TdxError};

/// A set that may be for the platform.
enum Candidate<'a> {
    /// Believed before, and still valid.
    Known(Arc<Published>),
    /// To be believed yet.
    Opened(Box<Opened<'a>>),
}

impl Candidate<'_> {
    fn fmspc(&self) -> [u8; 6] {
        match self {
            Self::Known(published) => published.fmspc,
            Self::Opened(opened) => opened.fmspc,
        }
    }

    fn issued(&self) -> UnixTime {
        match self {
            Self::Known(published) => published.issued,
            Self::Opened(opened) => opened.issued,
        }
    }

    fn list_issuer(&self) -> &Name {
        match self {
            Self::Known(published) => &published.platform_list.issuer,
            Self::Opened(opened) => &opened.platform_list.issuer,
        }
    }
}

/// The latest set that is for the claimed platform and valid at `now`, believed. Where none is, the error is the
/// latest one's, for it says best what is missing.
pub(super) fn select(
    sets: &[(CollateralKey, &TdxCollateral)],
    claimed: &Claimed,
    root: &Certificate,
    now: UnixTime,
    cache: &mut TdxCache,
) -> Result<(CollateralKey, Arc<Published>), TdxError> {
    let mut candidates = fitting(sets, claimed, root, now, cache)?;
    candidates.sort_by_key(|(_, candidate)| Reverse(candidate.issued()));
    let mut first = None;
    for (key, candidate) in candidates {
        let believed = match candidate {
            Candidate::Known(published) => Ok(published),
            Candidate::Opened(opened) => opened
                .believe(root, now)
                .map(|published| cache.keep_published(key, published)),
        };
        match believed {
            Ok(published) => return Ok((key, published)),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| missing(claimed)))
}

/// The sets for this platform from its authority.
fn fitting<'a>(
    sets: &[(CollateralKey, &'a TdxCollateral)],
    claimed: &Claimed,
    root: &Certificate,
    now: UnixTime,
    cache: &TdxCache,
) -> Result<Vec<(CollateralKey, Candidate<'a>)>, TdxError> {
    let mut malformed = None;
    let mut all = Vec::with_capacity(sets.len());
    for (key, set) in sets {
        if let Some(published) = cache.published(*key, now) {
            all.push((*key, Candidate::Known(published)));
            continue;
        }
        match Opened::open(set, root) {
            Ok(opened) => all.push((*key, Candidate::Opened(Box::new(opened)))),
            Err(error) => malformed = malformed.or(Some(error)),
        }
    }
    let offered: Vec<_> = all.iter().map(|(_, set)| set.fmspc()).collect();
    all.retain(|(_, set)| set.fmspc() == claimed.platform.fmspc);
    if all.is_empty() {
        return Err(match malformed {
            Some(error) => error,
            None if sets.is_empty() => missing(claimed),
            None => TdxError::AnotherFmspc {
                fmspc: hex::encode(claimed.platform.fmspc),
                offered: offered.iter().map(hex::encode).collect(),
            },
        });
    }
    let of_authority = |set: &Candidate<'_>| set.list_issuer() == claimed.authority();
    if let (Some((_, other)), false) = (all.first(), all.iter().any(|(_, set)| of_authority(set))) {
        return Err(TdxError::AnotherAuthority {
            authority: shown(claimed.authority()),
            offered: shown(other.list_issuer()),
        });
    }
    all.retain(|(_, set)| of_authority(set));
    Ok(all)
}

fn missing(claimed: &Claimed) -> TdxError {
    TdxError::NoCollateral {
        fmspc: hex::encode(claimed.platform.fmspc),
        authority: shown(claimed.authority()),
    }
}
