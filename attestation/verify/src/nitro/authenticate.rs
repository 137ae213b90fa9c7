//! From the bytes of a document to claims: parse, chain, signature, in this order.

use orv_evidence::{Platform, UnixTime};

use super::cache::NitroCache;
use super::chain::{Endorsed, endorse};
use super::cose::Message;
use super::payload::Payload;
use crate::{
    CLOCK_SKEW, Check, CheckName, Claims, Collateral, DebugMode, Hardware, NitroClaims, NitroRegisters, PlatformTier,
    VerifyError,
};

/// An authentic document: what it claims, and the checks passed on the way.
pub(crate) struct Authentic {
    pub(super) claims: Claims,
    pub(super) nitro: NitroClaims,
    pub(super) checks: Vec<Check>,
}

/// Parses strictly, then authenticates; only then are there claims.
pub(crate) fn authenticate(
    document: &[u8],
    platform: Platform,
    root: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    cache: &mut NitroCache,
) -> Result<Authentic, VerifyError> {
    let message = Message::parse(document)?;
    let payload = Payload::parse(message.payload)?;
    let endorsed = endorse(payload.certificate, &payload.authorities, root, collateral, now, cache)?;
    message.verify(&endorsed.public_key)?;
    let issued_at = UnixTime::from_seconds(payload.timestamp / 1000);
    timely(issued_at, &endorsed, now)?;
    let checks = checks(document, &payload, &endorsed, issued_at, now);
    let nitro = NitroClaims {
        module: payload.module.to_owned(),
        timestamp: payload.timestamp,
        registers: payload.registers,
        reported: payload.reported,
    };
    let claims = Claims {
        platform,
        tier: if platform.is_simulated() {
            PlatformTier::Simulated
        } else {
            PlatformTier::TrustedCounter
        },
        issued_at: Some(issued_at),
        validity: endorsed.validity,
        debug: debug_mode(&nitro.registers),
        hardware: Hardware::Nitro(nitro.clone()),
    };
    Ok(Authentic { claims, nitro, checks })
}

/// The time that a document names itself, before anything of it is authenticated.
pub(crate) fn claimed_time(document: &[u8]) -> Result<UnixTime, VerifyError> {
    let message = Message::parse(document)?;
    let payload = Payload::parse(message.payload)?;
    Ok(UnixTime::from_seconds(payload.timestamp / 1000))
}

/// A document is made while its leaf is valid, and not in the verifier's future.
fn timely(issued_at: UnixTime, endorsed: &Endorsed, now: UnixTime) -> Result<(), VerifyError> {
    let validity = endorsed.validity;
    if issued_at < validity.not_before || issued_at > validity.not_after {
        return Err(VerifyError::TimeOutsideChain {
            issued_at,
            not_before: validity.not_before,
            not_after: validity.not_after,
        });
    }
    if issued_at > now.plus_seconds(CLOCK_SKEW) {
        return Err(VerifyError::TimeInFuture { issued_at, now });
    }
    Ok(())
}

/// A debug-mode enclave reports zeros; one zero among the three is already no measurement.
fn debug_mode(registers: &NitroRegisters) -> DebugMode {
    let identifying = [registers.pcr0, registers.pcr1, registers.pcr2];
    if identifying.iter().any(crate::Register::is_zero) {
        DebugMode::Debug
    } else {
        DebugMode::Production
    }
}

fn checks(
    document: &[u8],
    payload: &Payload<'_>,
    endorsed: &Endorsed,
    issued_at: UnixTime,
    now: UnixTime,
) -> Vec<Check> {
    let chain = format!(
        "{} certificates from the pinned root, valid at {}{}",
        payload.authorities.len().saturating_add(1),
        endorsed.validated_at,
        skew(endorsed.validated_at, now)
    );
    vec![
        Check::pass(
            CheckName::Format,
            format!("COSE_Sign1 document of {} bytes", document.len()),
        ),
        Check::pass(CheckName::CertificateChain, chain),
        Check::pass(CheckName::DocumentSignature, "ES384 by the leaf key"),
        Check::pass(
            CheckName::DocumentTime,
            format!("made at {issued_at}{}", skew(issued_at, now)),
        ),
        endorsed.revocation.check(),
    ]
}

/// What to add where the clock skew was used.
fn skew(moment: UnixTime, now: UnixTime) -> String {
    if moment > now {
        format!(", within the clock skew of {CLOCK_SKEW} s")
    } else {
        String::new()
    }
}
