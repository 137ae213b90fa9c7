//! Which of several sets of collateral is for this platform, now.

use std::cmp::Reverse;
use std::sync::Arc;

use orv_evidence::UnixTime;
use x509_cert::name::Name;

use super::cache::{CollateralKey, TdxCache};
use super::certificate::Certificate;
use super::endorsement::{Claimed, Endorsed};
use super::name::shown;
use super::published::{Opened, Published};
use super::quote::Quote;
use super::{TdxCollateral, TdxError};

/// What the platform is endorsed with.
pub(super) struct Selected {
    /// Which of the sets.
    pub(super) index: usize,
    pub(super) published: Arc<Published>,
    pub(super) endorsed: Arc<Endorsed>,
}

/// Under which root, as of when.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) root: &'a Certificate,
    pub(super) now: UnixTime,
}

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

/// The latest set that is for the claimed platform and valid at `now`, believed, and the platform endorsed with it.
/// Where none is, the error is the latest one's, for it says best what is missing. A set that revokes ends the search:
/// an older one that does not know of it yet may still be valid.
pub(super) fn select(
    sets: &[(CollateralKey, &TdxCollateral)],
    quote: &Quote<'_>,
    claimed: &Claimed,
    at: At<'_>,
    cache: &mut TdxCache,
) -> Result<Selected, TdxError> {
    let mut candidates = fitting(sets, claimed, at, cache)?;
    candidates.sort_by_key(|(_, _, candidate)| Reverse(candidate.issued()));
    let mut first = None;
    for (index, key, candidate) in candidates {
        let published = match candidate {
            Candidate::Known(published) => Ok(published),
            Candidate::Opened(opened) => opened
                .believe(at.root, at.now)
                .map(|published| cache.keep_published(key, published)),
        };
        let selected = published.and_then(|published| {
            let platform = cache.platform_key(quote.chain, key);
            let endorsed = match cache.endorsed(platform, at.now) {
                Some(endorsed) => endorsed,
                None => cache.keep_endorsed(platform, endorse(claimed, &published, at)?),
            };
            Ok(Selected {
                index,
                published,
                endorsed,
            })
        });
        match selected {
            Err(error @ TdxError::Revoked(_)) => return Err(error),
            Err(error) => first = first.or(Some(error)),
            selected => return selected,
        }
    }
    Err(first.unwrap_or_else(|| missing(claimed)))
}

fn endorse(claimed: &Claimed, published: &Published, at: At<'_>) -> Result<Endorsed, TdxError> {
    let (found, offered) = (claimed.platform.pce_id, published.pce_id);
    if found != offered {
        return Err(TdxError::AnotherPceId {
            found: hex::encode(found),
            offered: hex::encode(offered),
        });
    }
    claimed.endorse(published, at.root, at.now)
}

/// The sets for this platform from its authority.
fn fitting<'a>(
    sets: &[(CollateralKey, &'a TdxCollateral)],
    claimed: &Claimed,
    at: At<'_>,
    cache: &TdxCache,
) -> Result<Vec<(usize, CollateralKey, Candidate<'a>)>, TdxError> {
    let mut malformed = None;
    let mut all = Vec::with_capacity(sets.len());
    for (index, (key, set)) in sets.iter().enumerate() {
        if let Some(published) = cache.published(*key, at.now) {
            all.push((index, *key, Candidate::Known(published)));
            continue;
        }
        match Opened::open(set, at.root) {
            Ok(opened) => all.push((index, *key, Candidate::Opened(Box::new(opened)))),
            Err(error) => malformed = malformed.or(Some(error)),
        }
    }
    let offered: Vec<_> = all.iter().map(|(_, _, set)| set.fmspc()).collect();
    all.retain(|(_, _, set)| set.fmspc() == claimed.platform.fmspc);
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
    if let (Some((_, _, other)), false) = (all.first(), all.iter().any(|(_, _, set)| of_authority(set))) {
        return Err(TdxError::AnotherAuthority {
            authority: shown(claimed.authority()),
            offered: shown(other.list_issuer()),
        });
    }
    all.retain(|(_, _, set)| of_authority(set));
    Ok(all)
}

fn missing(claimed: &Claimed) -> TdxError {
    TdxError::NoCollateral {
        fmspc: hex::encode(claimed.platform.fmspc),
        authority: shown(claimed.authority()),
    }
}
