//! The way from the pinned root to the key that signed the document.

use std::time::Duration;

use orv_evidence::UnixTime;
use rustls_pki_types::CertificateDer;
use webpki::{
    CertRevocationList, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, RevocationOptions,
    UnknownStatusPolicy,
};

use super::cache::{Authorities, NitroCache};
use super::certificate::Summary;
use super::revocation::{Lists, Revocation, options};
use crate::roots::fingerprint;
use crate::{CLOCK_SKEW, ChainError, Collateral, Validity};

/// A leaf key that the pinned root endorses.
pub(super) struct Endorsed {
    pub(super) public_key: Vec<u8>,
    pub(super) validity: Validity,
    /// The time at which the path was validated: `now`, or the chain's beginning where the clock skew was used.
    pub(super) validated_at: UnixTime,
    pub(super) revocation: Revocation,
}

/// Follows the chain, root first, from the pinned root down to the leaf.
///
/// Order, key usage, curve and spans are looked at here, because path validation looks at none of the first three and
/// exempts the root from the last; signatures, basic constraints, path lengths, names and critical extensions are
/// `rustls-webpki`'s.
pub(super) fn endorse(
    leaf: &[u8],
    authorities: &[&[u8]],
    root: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    cache: &mut NitroCache,
) -> Result<Endorsed, ChainError> {
    let (first, intermediates) = authorities.split_first().ok_or(ChainError::Order(0))?;
    if *first != root {
        return Err(ChainError::AnotherRoot(fingerprint(first)));
    }
    // A list may revoke any certificate of the chain, so with lists nothing is taken from memory.
    let remembers = collateral.revocation_lists.is_empty();
    if remembers && let Some(believed) = cache.believed(authorities, now) {
        return endorse_again(leaf, &believed, authorities.len(), now);
    }
    let summaries = authorities
        .iter()
        .chain([&leaf])
        .enumerate()
        .map(|(position, certificate)| Summary::parse(certificate, position))
        .collect::<Result<Vec<_>, _>>()?;
    let issuers: Vec<&[u8]> = summaries.iter().map(|summary| summary.subject.as_slice()).collect();
    let lists = Lists::parse(&collateral.revocation_lists, &issuers, now)?;
    let mut validity = span(&summaries)?;
    let validated_at = moment(validity, now)?;
    usages(&summaries)?;
    order(&summaries)?;
    let revocation = path(leaf, intermediates, root, &lists, validated_at)?;
    // What is known of revocation ends with the lists, and so does what may be built on it.
    validity.not_after = validity.not_after.min(lists.next_update.unwrap_or(validity.not_after));
    if remembers && let Some(believed) = believed(&summaries, authorities) {
        cache.keep(authorities, believed);
    }
    let leaf = summaries.into_iter().next_back().ok_or(ChainError::Order(0))?;
    Ok(Endorsed {
        public_key: leaf.public_key,
        validity,
        validated_at,
        revocation,
    })
}

/// A leaf under authorities that the root vouched for before; `position` is the leaf's in its chain.
fn endorse_again(
    leaf: &[u8],
    authorities: &Authorities,
    position: usize,
    now: UnixTime,
) -> Result<Endorsed, ChainError> {
    let summary = Summary::parse(leaf, position)?;
    let validity = Validity {
        not_before: summary.validity.not_before.max(authorities.validity.not_before),
        not_after: summary.validity.not_after.min(authorities.validity.not_after),
    };
    let validated_at = moment(validity, now)?;
    leaf_usage(&summary, position)?;
    if summary.issuer != authorities.subject {
        return Err(ChainError::Order(position));
    }
    validate(leaf, &[], &authorities.issuer, None, validated_at)?;
    Ok(Endorsed {
        public_key: summary.public_key,
        validity,
        validated_at,
        revocation: Revocation::NotChecked,
    })
}

/// What to remember of a chain that was just believed. Limits on names would have to be held against each new leaf, and
/// AWS sets none, so a chain with such limits is not remembered.
fn believed(summaries: &[Summary], authorities: &[&[u8]]) -> Option<Authorities> {
    let (_, above) = summaries.split_last()?;
    if above.iter().any(|authority| authority.constrains_names) {
        return None;
    }
    Some(Authorities {
        issuer: authorities.last()?.to_vec(),
        subject: above.last()?.subject.clone(),
        validity: span(above).ok()?,
    })
}

/// The span in which all certificates are valid.
fn span(summaries: &[Summary]) -> Result<Validity, ChainError> {
    let not_before = summaries.iter().map(|summary| summary.validity.not_before).max();
    let not_after = summaries.iter().map(|summary| summary.validity.not_after).min();
    match (not_before, not_after) {
        (Some(not_before), Some(not_after)) => Ok(Validity { not_before, not_after }),
        _ => Err(ChainError::Order(0)),
    }
}

/// `now`, or the chain's first second when that is at most the clock skew away. Nothing expired is forgiven.
fn moment(validity: Validity, now: UnixTime) -> Result<UnixTime, ChainError> {
    let Validity { not_before, not_after } = validity;
    let moment = if now < not_before && now.plus_seconds(CLOCK_SKEW) >= not_before {
        not_before
    } else {
        now
    };
    if moment < not_before {
        return Err(ChainError::NotYetValid { not_before, now });
    }
    if moment > not_after {
        return Err(ChainError::Expired { not_after, now });
    }
    Ok(moment)
}

/// Authorities sign certificates, the leaf signs documents and is no authority (RFC 5280 4.2.1.3).
fn usages(summaries: &[Summary]) -> Result<(), ChainError> {
    let (leaf, authorities) = summaries.split_last().ok_or(ChainError::Order(0))?;
    for (position, authority) in authorities.iter().enumerate() {
        if !authority.usage.is_some_and(|usage| usage.key_cert_sign()) {
            return Err(ChainError::KeyUsage(position));
        }
    }
    leaf_usage(leaf, authorities.len())
}

fn leaf_usage(leaf: &Summary, position: usize) -> Result<(), ChainError> {
    if leaf.is_authority {
        return Err(ChainError::LeafIsAuthority);
    }
    if !leaf.usage.is_some_and(|usage| usage.digital_signature()) {
        return Err(ChainError::KeyUsage(position));
    }
    Ok(())
}

fn order(summaries: &[Summary]) -> Result<(), ChainError> {
    for (position, (above, below)) in summaries.iter().zip(summaries.iter().skip(1)).enumerate() {
        if above.subject != below.issuer {
            return Err(ChainError::Order(position.saturating_add(1)));
        }
    }
    Ok(())
}

/// Path validation, with as much of the revocation lists as there is.
fn path(
    leaf: &[u8],
    intermediates: &[&[u8]],
    root: &[u8],
    lists: &Lists,
    moment: UnixTime,
) -> Result<Revocation, ChainError> {
    let borrowed = lists.borrowed();
    if borrowed.is_empty() {
        validate(leaf, intermediates, root, None, moment)?;
        return Ok(Revocation::NotChecked);
    }
    let with = |lists: &[&CertRevocationList<'_>], unknown| {
        validate(leaf, intermediates, root, options(lists, unknown), moment)
    };
    // Path validation asks the first list that covers a certificate, and no other: so each is asked by itself.
    for one in &borrowed {
        with(&[*one], UnknownStatusPolicy::Allow)?;
    }
    match with(&borrowed, UnknownStatusPolicy::Deny) {
        Ok(()) => Ok(Revocation::Checked),
        Err(webpki::Error::UnknownRevocationStatus) => Ok(Revocation::Partly),
        Err(error) => Err(error.into()),
    }
}

fn validate(
    leaf: &[u8],
    intermediates: &[&[u8]],
    root: &[u8],
    revocation: Option<RevocationOptions<'_>>,
    moment: UnixTime,
) -> Result<(), webpki::Error> {
    let root = CertificateDer::from(root);
    let anchor = webpki::anchor_from_trusted_cert(&root)?;
    let intermediates: Vec<_> = intermediates.iter().map(|bytes| CertificateDer::from(*bytes)).collect();
    let leaf = CertificateDer::from(leaf);
    let moment = rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(moment.seconds()));
    EndEntityCert::try_from(&leaf)?
        .verify_for_usage(
            &[webpki::ring::ECDSA_P384_SHA384],
            &[anchor],
            &intermediates,
            moment,
            AnyExtendedUsage,
            revocation,
            None,
        )
        .map(drop)
}

impl From<webpki::Error> for ChainError {
    fn from(error: webpki::Error) -> Self {
        match error {
            webpki::Error::CertRevoked => Self::Revoked,
            other => Self::Path(other.to_string()),
        }
    }
}

/// AWS's certificates name no extended key usage, so none is asked for.
struct AnyExtendedUsage;

impl ExtendedKeyUsageValidator for AnyExtendedUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}
