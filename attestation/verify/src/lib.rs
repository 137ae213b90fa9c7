//! Evidence, collateral, time and policy in; claims or a typed error out.
//!
//! [`verify`] is a pure function: no network, no clock, no globals. It answers two questions and keeps them apart.
//!
//! * **Authentic?** Did the vendor's hardware sign exactly this, under a pinned root, at a time when the chain was
//!   valid? If not, there are no claims to read: [`VerifyError`].
//! * **Acceptable?** Do the authentic claims meet the policy, and are they bound to the expected key, challenge and
//!   context? [`Verified::acceptable`] gives [`Acceptable`] or [`Refused`] with every check that failed. Debug-mode
//!   evidence, for instance, is perfectly authentic and never acceptable.
//!
//! Every step is a [`Check`] with a result, and what was not looked at says [`CheckResult::Skipped`] in place of
//! silence.
//!
//! AWS Nitro, Intel TDX and AMD SEV-SNP have the same shape. A Nitro document brings its whole chain; a quote and a
//! report need [`Collateral`], which anybody may hand in, since nothing of it is believed before it is verified. What is
//! simulated is authentic only under roots that the caller names explicitly ([`Roots::with_simulator`]).
//!
//! ```
//! use orv_evidence::{Binding, Collector, Platform, UnixTime};
//! use orv_verify::{Collateral, ExpectedBinding, Policy, Roots, VerifyError, measurement_id, verify};
//! use orv_simulator::{Measured, SimulatedNitro, root_der};
//!
//! # let mut public_key = [0; 65];
//! # public_key.copy_from_slice(&hex::decode("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8").unwrap());
//! let now = UnixTime::from_seconds(1_790_000_000);
//! let binding = Binding {
//!     platform: Platform::SimNitro,
//!     purpose: "verdict-key".to_owned(),
//!     challenge: [1; 32],
//!     public_key,
//!     context: Vec::new(),
//! };
//! let measured = Measured { executable: b"the program", configuration: b"its settings", ramdisk: b"" };
//! let evidence = SimulatedNitro::measure(&measured, move || now).collect(&binding).unwrap().evidence;
//!
//! let expected = ExpectedBinding::To(binding);
//! let roots = Roots::with_simulator(root_der()).unwrap();
//! let verified = verify(&evidence, &Collateral::none(), now, &roots, &Policy::built_in(), &expected).unwrap();
//! let acceptable = verified.acceptable().unwrap();
//! println!("{}", hex::encode(measurement_id(acceptable.claims())));
//!
//! // Without the simulator's root the same bytes are nothing at all.
//! let refused = verify(&evidence, &Collateral::none(), now, &Roots::production(), &Policy::built_in(), &expected);
//! assert!(matches!(refused, Err(VerifyError::NoRoot(Platform::SimNitro))));
//! ```

mod binding;
mod cache;
mod check;
mod claims;
mod collateral;
mod error;
mod field;
mod hexadecimal;
mod instant;
mod measurement;
mod nitro;
mod policy;
mod recognise;
mod roots;
pub mod snp;
pub mod tdx;
mod verified;

pub use binding::ExpectedBinding;
pub use cache::Cache;
pub use check::{Check, CheckName, CheckResult};
pub use claims::{Claims, DebugMode, Hardware, NOT_PROVEN, PlatformTier, Register, Validity};
pub use collateral::{Collateral, CollateralError, MAXIMUM_COLLATERAL_PIECE, MAXIMUM_COLLATERAL_PIECES};
pub use error::{ChainError, DocumentError, VerifyError};
pub use field::{Authority, Field, fields};
pub use instant::{NotAnInstant, instant};
pub use measurement::{measurement_id, nitro_measurement_id, snp_measurement_id, tdx_measurement_id};
pub use nitro::{MAXIMUM_DOCUMENT, MAXIMUM_PAYLOAD, NitroClaims, NitroRegisters, Reported};
pub use orv_evidence::UnixTime;
pub use policy::{
    AllowedMeasurement, AmbiguousMeasurement, Counter, MAXIMUM_POLICY, MeasuredIdentity, Policy, PolicyDocument,
    PolicyError, RegisterValues,
};
pub use recognise::recognise;
pub use roots::{AMD_CERTIFICATES_SHA256, AWS_NITRO_ROOT_G1_SHA256, INTEL_SGX_ROOT_CA_SHA256, RootError, Roots};
pub use snp::{SnpClaims, SnpError, SnpPolicy};
pub use tdx::{TdxClaims, TdxCollateral, TdxError, TdxPolicy};
pub use verified::{Acceptable, Refused, Verified};

use orv_evidence::Platform;

/// How far, in seconds, evidence may come from the future of `now`: five minutes, since machines' clocks differ.
/// Nothing expired is ever forgiven. Where the tolerance was used, the check's detail says it.
pub const CLOCK_SKEW: u64 = 5 * 60;

/// Verifies `evidence` as of `now`.
///
/// `now` is an argument because an auditor verifies years later: for a live session the current time, for an audit a
/// time that is bounded independently, such as the admission block's.
///
/// # Errors
/// [`VerifyError`] when the evidence is not authentic, or its platform cannot be judged. Evidence that is authentic but
/// not acceptable is not an error here: ask [`Verified::acceptable`].
pub fn verify(
    evidence: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    roots: &Roots,
    policy: &Policy,
    expected: &ExpectedBinding,
) -> Result<Verified, VerifyError> {
    verify_with(&mut Cache::none(), evidence, collateral, now, roots, policy, expected)
}

/// [`verify`] for one that verifies much: what many pieces of evidence stand on together, such as a platform's
/// collateral, is believed once and remembered in `cache` until it expires. The verdict is the same.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    cache: &mut Cache,
    evidence: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    roots: &Roots,
    policy: &Policy,
    expected: &ExpectedBinding,
) -> Result<Verified, VerifyError> {
    let platform = expected.platform();
    match platform {
        Platform::Nitro | Platform::SimNitro => {
            let root = roots.nitro_root(platform).ok_or(VerifyError::NoRoot(platform))?;
            let authentic = nitro::authenticate(evidence, platform, root, collateral, now, &mut cache.nitro)?;
            Ok(authentic.judge(now, policy, expected))
        }
        Platform::Snp | Platform::SimSnp => {
            if !roots.trusts(platform) {
                return Err(VerifyError::NoRoot(platform));
            }
            let authentic = snp::authenticate(evidence, platform, roots, collateral, now, &mut cache.snp)?;
            Ok(authentic.judge(now, policy, expected))
        }
        Platform::Tdx | Platform::SimTdx => {
            let root = roots.intel_root(platform).ok_or(VerifyError::NoRoot(platform))?;
            let authentic = tdx::authenticate(evidence, platform, root, collateral, now, &mut cache.tdx)?;
            Ok(authentic.judge(now, policy, expected, collateral.replayed.as_ref()))
        }
    }
}

/// The time that evidence names itself: an *unauthenticated* claim.
///
/// An auditor asks [`verify`] about that very time, because a Nitro leaf lives three hours and an audit may come years
/// later. The claim then stands under the document's signature, and an independent fact bounds it from below: the
/// challenge is made of a block, so the evidence is no older than the block.
///
/// # Errors
/// [`VerifyError`] when the evidence cannot be parsed; [`VerifyError::NoTime`] for TDX and SNP, which name none.
pub fn claimed_time(evidence: &[u8], platform: Platform) -> Result<UnixTime, VerifyError> {
    match platform {
        Platform::Nitro | Platform::SimNitro => nitro::claimed_time(evidence),
        Platform::Tdx | Platform::Snp | Platform::SimTdx | Platform::SimSnp => Err(VerifyError::NoTime(platform)),
    }
}
