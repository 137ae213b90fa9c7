//! Which of several sets of collateral is for this platform, now.

use std::sync::Arc;

use orv_evidence::UnixTime;

use super::cache::TdxCache;
use super::certificate::Certificate;
use super::endorsement::Claimed;
use super::published::{Opened, Published};
use super::{TdxCollateral, TdxError};
use crate::tdx::collateral::CollateralDigest;

/// A set that may be for the platform.
enum Candidate<'a> {
    /// Believed before, and still valid.
    Known(CollateralDigest, Arc<Published>),
    /// To be believed yet.
    Opened(CollateralDigest, Box<Opened<'a>>),
}

impl Candidate<'_> {
    fn fmspc(&self) -> [u8; 6] {
        match self {
            Self::Known(_, published) => published.fmspc,
            Self::Opened(_, opened) => opened.fmspc,
        }
    }

    fn issued(&self) -> UnixTime {
        match self {
            Self::Known(_, published) => published.issued,
            Self::Opened(_, opened) => opened.issued,
        }
    }

    fn list_issuer(&self) -> (&[u8], &str) {
        let list = match self {
            Self::Known(_, published) => &published.platform_list,
            Self::Opened(_, opened) => &opened.platform_list,
        };
        (&list.issuer, &list.issuer_text)
    }
}

/// The latest set that is for the claimed platform and valid at `now`, believed. Where none is, the error is the
/// latest one's, for it says best what is missing.
pub(super) fn select(
    sets: &[TdxCollateral],
    claimed: &Claimed,
    root: &Certificate,
    now: UnixTime,
    cache: &mut TdxCache,
) -> Result<(CollateralDigest, Arc<Published>), TdxError> {
    let mut candidates = fitting(sets, claimed, root, now, cache)?;
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.issued()));
    let mut first = None;
    for candidate in candidates {
        let believed = match candidate {
            Candidate::Known(digest, published) => Ok((digest, published)),
            Candidate::Opened(digest, opened) => opened
                .believe(root, now)
                .map(|published| (digest, cache.keep_published(root, digest, published))),
        };
        match believed {
            Ok(found) => return Ok(found),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| missing(claimed)))
}

/// The sets for this platform from its authority.
fn fitting<'a>(
    sets: &'a [TdxCollateral],
    claimed: &Claimed,
    root: &Certificate,
    now: UnixTime,
    cache: &TdxCache,
) -> Result<Vec<Candidate<'a>>, TdxError> {
    let mut malformed = None;
    let mut all = Vec::with_capacity(sets.len());
    for set in sets {
        let digest = set.digest();
        if let Some(published) = cache.published(root, digest, now) {
            all.push(Candidate::Known(digest, published));
            continue;
        }
        match Opened::open(set, root) {
            Ok(opened) => all.push(Candidate::Opened(digest, Box::new(opened))),
            Err(error) => malformed = malformed.or(Some(error)),
        }
    }
    let offered = all.iter().map(|set| hex::encode(set.fmspc())).collect();
    all.retain(|set| set.fmspc() == claimed.platform.fmspc);
    if all.is_empty() {
        return Err(match malformed {
            Some(error) => error,
            None if sets.is_empty() => missing(claimed),
            None => TdxError::AnotherFmspc {
                fmspc: hex::encode(claimed.platform.fmspc),
                offered,
            },
        });
    }
    let (authority, shown) = claimed.authority();
    let offered = all
        .first()
        .map(|set| set.list_issuer().1.to_owned())
        .unwrap_or_default();
    all.retain(|set| set.list_issuer().0 == authority);
    if all.is_empty() {
        return Err(TdxError::AnotherAuthority {
            authority: shown.to_owned(),
            offered,
        });
    }
    Ok(all)
}

fn missing(claimed: &Claimed) -> TdxError {
    TdxError::NoCollateral {
        fmspc: hex::encode(claimed.platform.fmspc),
        authority: claimed.authority().1.to_owned(),
    }
}
