//! What verifying evidence costs: ours cold and warm, beside others' where there are any.

mod nitro;
mod snp;
mod tdx;
mod way;

use std::io;
use std::path::PathBuf;

use crate::account::{Account, AccountError};
use crate::document::Section;
use clap::{Args, ValueEnum};
use nix::errno::Errno;
use orv_evidence::{Binding, Platform, UnixTime, VERDICT_KEY};
use orv_simulator::SimulatorError;
use orv_verify::{
    Cache, Collateral, CollateralError, ExpectedBinding, Policy, RootError, Roots, Verified, VerifyError, verify,
    verify_with,
};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these figures (default: all).
    #[arg(long, value_enum, value_name = "PLATFORM")]
    only: Vec<Figure>,
    /// Documents of each platform; each is verified once in each way.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    documents: u32,
    /// Folder of real evidence (its `attestation` folder is looked into); without it only simulated evidence is verified.
    #[arg(long, env = "ORV_VECTORS", value_name = "DIR")]
    vectors: Option<PathBuf>,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Intel TDX, beside dcap-qvl.
    Tdx,
    /// AMD SEV-SNP, beside sev.
    Snp,
    /// AWS Nitro.
    Nitro,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttestationBenchError {
    /// The group of the measurement could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Times cannot be read.
    #[error("{0}")]
    System(#[from] Errno),
    /// The software vendor failed.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// Its root is none.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Collateral that nobody can read.
    #[error(transparent)]
    Collateral(#[from] CollateralError),
    /// Genuine evidence was refused, so no figure is worth anything.
    #[error("{way} refuses genuine evidence: {cause}")]
    Refused {
        /// Who refused.
        way: String,
        /// Why.
        cause: String,
    },
    /// Real evidence could not be read.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Simulated evidence is made and verified at 2026-09-21.
const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, AttestationBenchError> {
    let wanted = |figure| arguments.only.is_empty() || arguments.only.contains(&figure);
    let documents = arguments.documents as usize;
    let vectors = arguments.vectors.as_deref();
    // For its weight: nothing here outlives who waits for it.
    let _account = Account::open()?;
    let mut sections = Vec::new();
    if wanted(Figure::Tdx) {
        sections.push(tdx::simulated(documents)?);
        sections.extend(vectors.map(|vectors| tdx::real(vectors, documents)).transpose()?);
    }
    if wanted(Figure::Snp) {
        sections.push(snp::simulated(documents)?);
        sections.extend(vectors.map(|vectors| snp::real(vectors, documents)).transpose()?);
    }
    if wanted(Figure::Nitro) {
        sections.push(nitro::simulated(documents)?);
    }
    Ok(sections)
}

/// The binding of one document of many: every document is another.
fn binding(platform: Platform, index: usize) -> Binding {
    let mut challenge = [0; 32];
    challenge
        .iter_mut()
        .zip((index as u64).to_be_bytes())
        .for_each(|(place, byte)| *place = byte);
    Binding {
        platform,
        purpose: VERDICT_KEY.to_owned(),
        challenge,
        public_key: GENERATOR,
        context: Vec::new(),
    }
}

/// A point that is surely on secp256k1: its generator (SEC 2, 2.4.1).
const GENERATOR: [u8; 65] = [
    0x04, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b,
    0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98, 0x48, 0x3a, 0xda, 0x77, 0x26,
    0xa3, 0xc4, 0x65, 0x5d, 0xa4, 0xfb, 0xfc, 0x0e, 0x11, 0x08, 0xa8, 0xfd, 0x17, 0xb4, 0x48, 0xa6, 0x85, 0x54, 0x19,
    0x9c, 0x47, 0xd0, 0x8f, 0xfb, 0x10, 0xd4, 0xb8,
];

/// Our whole verification: authentic, and judged by the built-in policy.
struct Ours {
    roots: Roots,
    policy: Policy,
    collateral: Collateral,
    now: UnixTime,
}

impl Ours {
    fn new(roots: Roots, collateral: Collateral, now: UnixTime) -> Self {
        Self {
            roots,
            policy: Policy::built_in(),
            collateral,
            now,
        }
    }

    /// Nothing is known beforehand.
    fn cold(&self, evidence: &[u8], expected: &ExpectedBinding) -> Result<(), String> {
        let (collateral, roots, policy) = (&self.collateral, &self.roots, &self.policy);
        accepted(verify(evidence, collateral, self.now, roots, policy, expected))
    }

    /// What other evidence stood on is known.
    fn warm(&self, cache: &mut Cache, evidence: &[u8], expected: &ExpectedBinding) -> Result<(), String> {
        let (collateral, roots, policy) = (&self.collateral, &self.roots, &self.policy);
        accepted(verify_with(
            cache, evidence, collateral, self.now, roots, policy, expected,
        ))
    }
}

fn accepted(verified: Result<Verified, VerifyError>) -> Result<(), String> {
    let verified = verified.map_err(|error| error.to_string())?;
    verified.acceptable().map(drop).map_err(|error| error.to_string())
}

/// A file of real evidence.
fn vector(folder: &std::path::Path, name: &str) -> Result<Vec<u8>, AttestationBenchError> {
    let path = folder.join("attestation").join(name);
    std::fs::read(&path).map_err(|source| AttestationBenchError::Disk { path, source })
}
