//! From the bytes of a quote to claims: parse, chain, quoting enclave, signature, TCB, in this order.

use std::sync::Arc;

use orv_evidence::{Platform, UnixTime};

use super::attributes::TdAttributes;
use super::cache::TdxCache;
use super::certificate::Certificate;
use super::claims::{QuotingEnclave, TdxClaims, TdxPlatform, TdxTcb};
use super::enclave::EnclaveReport;
use super::endorsement::{Claimed, Endorsed};
use super::further::Further;
use super::published::Published;
use super::quote::{Quote, TDX};
use super::selection::{At, select};
use super::signature::signed_fixed;
use super::status::TcbStatus;
use super::{TdxError, TdxPart, tcb};
use crate::{
    CLOCK_SKEW, Check, CheckName, Claims, Collateral, DebugMode, Hardware, PlatformTier, Validity, VerifyError,
};

/// An authentic quote: what it claims, and the checks passed on the way.
pub(crate) struct Authentic {
    pub(super) claims: Claims,
    pub(super) checks: Vec<Check>,
}

/// What a quote stands on: its platform, and what Intel published about it.
struct Ground {
    published: Arc<Published>,
    endorsed: Arc<Endorsed>,
    /// When all of it is valid.
    validity: Validity,
}

/// Parses strictly, then authenticates; only then are there claims.
pub(crate) fn authenticate(
    evidence: &[u8],
    platform: Platform,
    root: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    cache: &mut TdxCache,
) -> Result<Authentic, VerifyError> {
    let quote = Quote::parse(evidence).map_err(TdxError::from)?;
    let root = cache.root(root).map_err(|cause| TdxError::Chain {
        of: TdxPart::Root,
        cause,
    })?;
    let ground = ground(&quote, &root, collateral, now, cache)?;
    let (enclave, tcb) = vouched(&quote, &ground)?;
    let checks = checks(&quote, &ground, &tcb, now);
    let attributes = TdAttributes::from_bytes(quote.report.td_attributes);
    Ok(Authentic {
        claims: Claims {
            platform,
            tier: if platform.is_simulated() {
                PlatformTier::Simulated
            } else {
                PlatformTier::TrustedCounter
            },
            issued_at: None,
            validity: ground.validity,
            debug: if attributes.has(TdAttributes::UNDER_DEBUG) {
                DebugMode::Debug
            } else {
                DebugMode::Production
            },
            hardware: Hardware::Tdx(Box::new(TdxClaims {
                version: quote.version,
                key_type: 2,
                tee_type: TDX,
                body_type: quote.body_type.number(),
                user_data: quote.user_data,
                trailing: quote.trailing,
                report: quote.report,
                quoting_enclave: enclave,
                platform: described(&ground.endorsed),
                tcb,
            })),
        },
        checks,
    })
}

/// Finds what the quote stands on: what is in the cache is taken from there, everything else is verified.
fn ground(
    quote: &Quote<'_>,
    root: &Certificate,
    collateral: &Collateral,
    now: UnixTime,
    cache: &mut TdxCache,
) -> Result<Ground, TdxError> {
    let sets: Vec<_> = collateral
        .tdx
        .iter()
        .map(|set| (cache.collateral_key(set, root), set))
        .collect();
    if let [(key, _)] = sets.as_slice()
        && collateral.revocation_lists.is_empty()
        && let Some(published) = cache.published(*key, now)
        && let Some(endorsed) = cache.endorsed(cache.platform_key(quote.chain, *key), now)
    {
        let validity = endorsed.validity;
        return Ok(Ground {
            published,
            endorsed,
            validity,
        });
    }
    let claimed = Claimed::parse(quote.chain, root)?;
    let selected = select(&sets, quote, &claimed, At { root, now }, cache)?;
    let further = Further {
        claimed: &claimed,
        published: &selected.published,
        root,
        now,
    };
    let others = (0..).zip(&sets).filter(|(index, _)| *index != selected.index);
    let others: Vec<_> = others.map(|(_, (_, set))| *set).collect();
    further.of_other_sets(&others)?;
    let lists_end = further.given(&collateral.revocation_lists)?;
    let mut validity = selected.endorsed.validity;
    validity.not_after = lists_end.map_or(validity.not_after, |end| end.min(validity.not_after));
    Ok(Ground {
        published: selected.published,
        endorsed: selected.endorsed,
        validity,
    })
}

/// What no cache answers: the quoting enclave's report, the key that it vouches for, the quote's own signature.
fn vouched(quote: &Quote<'_>, ground: &Ground) -> Result<(QuotingEnclave, TdxTcb), TdxError> {
    let Ground {
        published, endorsed, ..
    } = ground;
    if !signed_fixed(&endorsed.public_key, quote.enclave_report, quote.enclave_signature) {
        return Err(TdxError::QuotingEnclaveSignature);
    }
    let enclave = EnclaveReport::parse(quote.enclave_report)?;
    enclave.vouches_for(quote)?;
    let status = enclave.identify(&published.identity)?;
    let mut key = [4; 65];
    if let Some(point) = key.get_mut(1..) {
        point.copy_from_slice(quote.attestation_key);
    }
    if !signed_fixed(&key, quote.signed, quote.signature) {
        return Err(TdxError::QuoteSignature);
    }
    let evaluated = tcb::evaluate(&published.tcb_info, &endorsed.platform, &quote.report, &status)?;
    let revoked = || TdxError::RevokedTcb("the quoting enclave".to_owned());
    let enclave = QuotingEnclave {
        signer: enclave.mr_signer,
        product: enclave.product,
        version: enclave.version,
        status: TcbStatus::of(status.status).ok_or_else(revoked)?,
    };
    let numbers = [
        published.tcb_info.tcb_evaluation_data_number,
        published.identity.tcb_evaluation_data_number,
    ];
    let tcb = TdxTcb {
        status: evaluated.status,
        advisories: evaluated.advisories,
        date: evaluated.date,
        evaluation_data_number: numbers.into_iter().min().unwrap_or_default(),
    };
    Ok((enclave, tcb))
}

fn described(endorsed: &Endorsed) -> TdxPlatform {
    TdxPlatform {
        fmspc: endorsed.platform.fmspc,
        pce_id: endorsed.platform.pce_id,
        pce_svn: endorsed.platform.pce_svn,
        ppid: endorsed.platform.ppid,
        components: endorsed.platform.components,
        validity: endorsed.certificate_validity,
        serial: endorsed.serial.clone(),
        issuer: endorsed.issuer.clone(),
        chain: endorsed.subjects.clone(),
        root_sha256: endorsed.root_sha256.clone(),
    }
}

fn checks(quote: &Quote<'_>, ground: &Ground, tcb: &TdxTcb, now: UnixTime) -> Vec<Check> {
    let trailing = match quote.trailing {
        0 => String::new(),
        bytes => format!("; {bytes} bytes after it are under no signature and count for nothing"),
    };
    let form = format!(
        "quote version {} of {} bytes{trailing}",
        quote.version,
        quote.canonical.len()
    );
    let begins = ground.validity.not_before;
    let skew = if begins > now {
        format!(", taken as of {}, within the clock skew of {CLOCK_SKEW} s", begins)
    } else {
        String::new()
    };
    let chain = format!("3 certificates to the pinned root, valid at {}{skew}", now);
    let published = format!(
        "TCB information {} and quoting enclave identity for FMSPC {}, signed under the root and current{skew}",
        ground.published.tcb_info.tcb_evaluation_data_number,
        hex::encode(ground.published.fmspc)
    );
    vec![
        Check::pass(CheckName::Format, form),
        Check::pass(CheckName::CertificateChain, chain),
        Check::pass(CheckName::Revocation, "every certificate is covered by a current list"),
        Check::pass(CheckName::Collateral, published),
        Check::pass(
            CheckName::QuotingEnclave,
            "the published one, signed by the platform, and it vouches for the attestation key",
        ),
        Check::pass(CheckName::DocumentSignature, "ECDSA-P256 by the attestation key"),
        Check::pass(CheckName::TcbLevel, format!("{} as of {}", tcb.status, tcb.date)),
    ]
}
