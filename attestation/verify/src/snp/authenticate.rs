//! From the bytes of a report to claims: parse, chain, agreement, signature, in this order.

use orv_evidence::{Platform, UnixTime};
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

use super::given::{Candidate, Given, MAXIMUM_CANDIDATES};
use super::report::SIGNED_SIZE;
use super::revocation::Revocation;
use super::trust::{Trusted, valid_at};
use super::{EndorsementKind, KeyCertificate, Link, Octets, PolicyBit, Report, SnpClaims, SnpError};
use crate::{CLOCK_SKEW, Check, CheckName, Claims, Collateral, DebugMode, Hardware, PlatformTier, Roots, Validity};

/// An authentic report: what it claims, and the checks passed on the way.
pub(crate) struct Authentic {
    pub(super) claims: Claims,
    pub(super) snp: SnpClaims,
    pub(super) checks: Vec<Check>,
}

/// A key that a pinned root endorses.
struct Endorsed {
    key: KeyCertificate,
    /// When everything that the endorsement stands on is valid.
    validity: Validity,
    revocation: Revocation,
}

/// Parses strictly, then authenticates; only then are there claims.
pub(crate) fn authenticate(
    evidence: &[u8],
    platform: Platform,
    roots: &Roots,
    collateral: &Collateral,
    now: UnixTime,
) -> Result<Authentic, SnpError> {
    let (report, signature) = Report::parse(evidence)?;
    let signed = evidence.get(..SIGNED_SIZE).unwrap_or_default();
    let endorsed = signer(&report, platform, roots, collateral, now, &|key| {
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &key.public_key)
            .verify(signed, &signature)
            .map_err(|_| SnpError::Signature)
    })?;
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

/// Finds the certificate of the key that signed, and the way from it to a pinned root. Several may claim to be it, such
/// as a provider's keys of two years; the error is that of the first.
fn signer(
    report: &Report,
    platform: Platform,
    roots: &Roots,
    collateral: &Collateral,
    now: UnixTime,
    signed_by: &dyn Fn(&KeyCertificate) -> Result<(), SnpError>,
) -> Result<Endorsed, SnpError> {
    let given = Given::read(&collateral.certificates)?;
    let mut refused = None;
    for candidate in given.candidates(report)? {
        for (root, authority) in authorities(&candidate, &given, platform, roots)? {
            let endorsed = endorsed(&candidate, root, authority, &collateral.revocation_lists, now);
            match endorsed.and_then(|endorsed| signed_by(&endorsed.key).map(|()| endorsed)) {
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

/// The root of the candidate's product with each authority that could be above the candidate.
fn authorities<'a>(
    candidate: &Candidate<'_>,
    given: &'a Given<'a>,
    platform: Platform,
    roots: &'a Roots,
) -> Result<Vec<(&'a [u8], &'a [u8])>, SnpError> {
    let key = &candidate.key;
    let root = roots
        .amd_root(platform, key.product)
        .ok_or(SnpError::NoRoot(key.product))?;
    let built_in = root.authorities.map(|[ask, asvk]| match key.kind {
        EndorsementKind::Vcek => ask,
        EndorsementKind::Vlek => asvk,
    });
    let others = given.named(&key.issuer).map(|certificate| certificate.der);
    let mut all: Vec<&[u8]> = built_in.into_iter().chain(others).collect();
    all.dedup();
    all.truncate(MAXIMUM_CANDIDATES);
    if all.is_empty() {
        return Err(SnpError::NoAuthority {
            issuer: key.issuer.clone(),
            given: given.number(),
        });
    }
    Ok(all.into_iter().map(|authority| (root.root, authority)).collect())
}

/// Verifies one way from the candidate to the root.
fn endorsed(
    candidate: &Candidate<'_>,
    root: &[u8],
    authority: &[u8],
    lists: &[Vec<u8>],
    now: UnixTime,
) -> Result<Endorsed, SnpError> {
    let key = &candidate.key;
    let link = Link::Key(key.kind);
    let trusted = Trusted::verify(root, authority, (key.product, key.kind), lists)?;
    let contents = &candidate.certificate.contents;
    if contents.issuer != trusted.name {
        return Err(SnpError::Issuer {
            certificate: link,
            found: contents.issuer.to_string(),
            expected: trusted.name.to_string(),
        });
    }
    candidate.certificate.signed_by(&trusted.public_key, link)?;
    let mut validity = key.validity;
    for (certificate, span) in trusted.spans.into_iter().chain([(link, key.validity)]) {
        valid_at(certificate, span, now)?;
        validity.not_before = validity.not_before.max(span.not_before);
        validity.not_after = validity.not_after.min(span.not_after);
    }
    let revocation = trusted.lists.current(now)?;
    if trusted.lists.names(&trusted.serial_number) {
        return Err(SnpError::Revoked(Link::Authority(key.kind)));
    }
    // A VCEK is not revoked by lists but by firmware floors: all have the serial number 0, as VLEKs have.
    if key.kind == EndorsementKind::Vlek && trusted.lists.names(&contents.serial_number) {
        return Err(SnpError::Revoked(link));
    }
    // What is known of revocation ends with the lists, and so does what may be built on it.
    validity.not_after = validity
        .not_after
        .min(trusted.lists.next_update().unwrap_or(validity.not_after));
    Ok(Endorsed {
        key: key.clone(),
        validity,
        revocation,
    })
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
