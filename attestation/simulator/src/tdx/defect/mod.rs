//! A catalogue of what can be wrong with TDX evidence, each made on purpose.

mod chain;
mod collateral;
mod domain;
mod signature;

use orv_evidence::UnixTime;

pub use chain::ChainDefect;
pub use collateral::CollateralDefect;
pub use domain::DomainDefect;
pub use signature::SignatureDefect;

use super::{Collateral, CollateralContents, Layout, Machine, MachineContents, Quote, SignedQuote, Vendor};
use crate::Standing;
use crate::x509::SimulatorError;

/// One thing that is wrong; everything else is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// In what is quoted.
    Domain(DomainDefect),
    /// In what Intel publishes, properly signed.
    Collateral(CollateralDefect),
    /// In a certificate.
    Chain(ChainDefect),
    /// In a signature, or changed after it.
    Signature(SignatureDefect),
}

/// A quote with its collateral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The quote.
    pub quote: SignedQuote,
    /// What Intel published.
    pub collateral: Collateral,
}

impl Evidence {
    /// Without any defect, judged at `now`: a platform certified a year ago, collateral of yesterday.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn genuine(layout: Layout, now: UnixTime) -> Result<Self, SimulatorError> {
        Draft::new(layout, now)?.finish()
    }
}

impl Defect {
    /// Every defect.
    pub fn all() -> impl Iterator<Item = Self> {
        let domain = DomainDefect::ALL.iter().copied().map(Self::Domain);
        let collateral = CollateralDefect::ALL.iter().copied().map(Self::Collateral);
        let chain = ChainDefect::ALL.iter().copied().map(Self::Chain);
        let signature = SignatureDefect::ALL.iter().copied().map(Self::Signature);
        domain.chain(collateral).chain(chain).chain(signature)
    }

    /// What a verifier must think of it at the moment it was made for.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Domain(defect) => defect.standing(),
            Self::Collateral(defect) => defect.standing(),
            Self::Chain(_) | Self::Signature(_) => Standing::NotAuthentic,
        }
    }

    /// Evidence with this defect, to be judged at `now`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        let mut draft = Draft::new(Layout::Version5Td15, now)?;
        match self {
            Self::Domain(defect) => defect.apply(&mut draft.quote),
            Self::Collateral(defect) => defect.apply(&mut draft),
            Self::Chain(defect) => defect.apply(&mut draft)?,
            Self::Signature(defect) => {
                let mut evidence = draft.finish()?;
                defect.apply(&mut evidence, &draft)?;
                return Ok(evidence);
            }
        }
        draft.finish()
    }
}

/// Everything before it is signed.
struct Draft {
    vendor: Vendor,
    machine: Machine,
    quote: Quote,
    collateral: CollateralContents,
    now: UnixTime,
}

const DAY: u64 = 86_400;

impl Draft {
    fn new(layout: Layout, now: UnixTime) -> Result<Self, SimulatorError> {
        let vendor = Vendor::published()?;
        Ok(Self {
            machine: vendor.machine(&MachineContents::genuine(now.minus_seconds(365 * DAY)))?,
            vendor,
            quote: Quote::genuine(layout),
            collateral: CollateralContents::genuine(now.minus_seconds(DAY)),
            now,
        })
    }

    fn finish(&self) -> Result<Evidence, SimulatorError> {
        Ok(Evidence {
            quote: self.machine.sign(&self.quote)?,
            collateral: self.vendor.collateral(&self.collateral)?,
        })
    }
}
