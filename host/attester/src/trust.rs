//! Under which roots evidence is authentic.

use orv_simulator::snp::Product;
use orv_simulator::{root_der, snp, tdx};
use orv_verify::{RootError, Roots};
use serde::{Deserialize, Serialize};

/// Under which roots evidence is authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The hardware vendors' alone.
    Production,
    /// The published simulator's as well: proves nothing about hardware.
    Simulator,
}

impl Trust {
    /// The roots.
    ///
    /// # Errors
    /// [`RootError`] if one of the simulator's published roots were damaged.
    pub fn roots(self) -> Result<Roots, RootError> {
        match self {
            Self::Production => Ok(Roots::production()),
            Self::Simulator => simulated(),
        }
    }
}

/// The simulator's roots of all three vendors.
fn simulated() -> Result<Roots, RootError> {
    let roots = Roots::with_simulator(root_der())?.and_simulator(tdx::root_der())?;
    [Product::Milan, Product::Genoa, Product::Turin]
        .into_iter()
        .try_fold(roots, |roots, product| roots.and_simulator(snp::root_der(product)))
}
