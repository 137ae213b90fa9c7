//! From the bytes of a report to claims: parse, chain, agreement, signature, in this order.

use orv_evidence::{Platform, UnixTime};

use super::cache::SnpCache;
use super::report::SIGNED_SIZE;
use super::search::{Endorsed, Search};
use super::{EndorsementKind, Octets, PolicyBit, Report, SnpClaims, SnpError};
use crate::{CLOCK_SKEW, Check, CheckName, Claims, Collateral, DebugMode, Hardware, PlatformTier, Roots};

/// An authentic report: what it claims, and the checks passed on the way.
pub(crate) struct Authentic {
    pub(super) claims: Claims,
    pub(super) snp: SnpClaims,
    pub(super) checks: Vec<Check>,
}

/// Parses strictly, then authenticates; only then are there claims.
pub(crate) fn authenticate(
    evidence: &[u8],
    platform: Platform,
    roots: &Roots,
    collateral: &Collateral,
    now: UnixTime,
    cache: &mut SnpCache,
) -> Result<Authentic, SnpError> {
    let (report, signature) = Report::parse(evidence)?;
    let signed = evidence.get(..SIGNED_SIZE).unwrap_or_default();
    let search = Search {
        platform,
        roots,
        collateral,
        now,
        signed,
        signature: &signature,
    };
    let endorsed = search.signer(&report, cache)?;
    let checks = checks(&report, &endorsed, now);
    let snp = SnpClaims {
        report,
        certificate: endorsed.key,
        fingerprint: Octets::sha256(evidence),
    };
    let claims = Claims {
        platform,
        tier: if platform.is_simulated() {
            PlatformTier::Simulated
        } else {
            PlatformTier::WeakCounter
        },
        issued_at: None,
        validity: endorsed.validity,
        debug: if snp.report.policy.has(PolicyBit::Debug) {
            DebugMode::Debug
        } else {
            DebugMode::Production
        },
        hardware: Hardware::Snp(Box::new(snp.clone())),
    };
    Ok(Authentic { claims, snp, checks })
}

fn checks(report: &Report, endorsed: &Endorsed, now: UnixTime) -> Vec<Check> {
    let key = &endorsed.key;
    let skew = if endorsed.validity.not_before > now {
        format!(", within the clock skew of {CLOCK_SKEW} s")
    } else {
        String::new()
    };
    let chip = match (key.kind, &key.provider) {
        (EndorsementKind::Vlek, Some(provider)) => format!("the key is loaded by {provider:?}, not bound to one chip"),
        _ => format!(
            "the key is chip {}'s",
            key.hardware_id.as_ref().map(hex::encode).unwrap_or_default()
        ),
    };
    let product = match report.version {
        2 => format!("{} by the certificate; version 2 names no processor", key.product_name),
        _ => format!(
            "{} by the certificate, processor {}",
            key.product_name, report.cpuid_fms
        ),
    };
    vec![
        Check::pass(CheckName::Format, format!("report of version {}", report.version)),
        Check::pass(
            CheckName::CertificateChain,
            format!(
                "{} under {} and the pinned ARK-{}{skew}",
                key.kind, key.issuer, key.product
            ),
        ),
        Check::pass(CheckName::EndorsedFirmware, format!("the key is for {}", key.tcb())),
        Check::pass(CheckName::EndorsedChip, chip),
        Check::pass(CheckName::EndorsedProduct, product),
        Check::pass(CheckName::DocumentSignature, format!("ECDSA P-384 by the {}", key.kind)),
        endorsed.revocation.check(),
    ]
}
