//! A simulated confidential machine of Intel's, from its image to its evidence.

use std::fmt;

use orv_evidence::{Binding, CollectError, Collected, Collector, Platform, UnixTime};
use ring::digest::{SHA384, digest};

use super::collateral::CollateralContents;
use super::machine::{Machine, MachineContents};
use super::quote::Quote;
use super::report::{Layout, Register};
use super::vendor::Vendor;
use crate::nitro::{Measured, measured_register};
use crate::x509::SimulatorError;

/// A SIMULATED TDX platform: real quote format, published root key, no protection whatsoever.
pub struct SimulatedTdx {
    vendor: Vendor,
    machine: Machine,
    registers: [Register; 3],
    clock: Box<dyn Fn() -> UnixTime + Send + Sync>,
}

impl SimulatedTdx {
    /// A platform certified at `from` that reports `measured`: the executable as MRTD, the configuration extended into
    /// RTMR1, the ramdisk into RTMR2. `clock` dates the collateral that comes along.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn measure(
        measured: &Measured<'_>,
        from: UnixTime,
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
    ) -> Result<Self, SimulatorError> {
        let vendor = Vendor::published()?;
        let mut mr_td = [0; 48];
        mr_td.copy_from_slice(digest(&SHA384, measured.executable).as_ref());
        Ok(Self {
            machine: vendor.machine(&MachineContents::genuine(from))?,
            vendor,
            registers: [
                mr_td,
                measured_register(measured.configuration),
                measured_register(measured.ramdisk),
            ],
            clock: Box::new(clock),
        })
    }

    /// MRTD, RTMR1 and RTMR2 as the quotes will show them.
    pub const fn registers(&self) -> &[Register; 3] {
        &self.registers
    }

    /// The quote for `binding`, before it is signed.
    pub fn quote(&self, binding: &Binding) -> Quote {
        let [mr_td, rt_mr_1, rt_mr_2] = self.registers;
        let mut quote = Quote::genuine(Layout::Version5Td15);
        quote.report.mr_td = mr_td;
        quote.report.rt_mr = [[0; 48], rt_mr_1, rt_mr_2, [0; 48]];
        quote.report.report_data = binding.digest();
        quote
    }

    /// A signed quote for `binding`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn issue(&self, binding: &Binding) -> Result<Vec<u8>, SimulatorError> {
        Ok(self.machine.sign(&self.quote(binding))?.encode())
    }

    /// The collateral as of `now`, in JSON.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn collateral(&self, now: UnixTime) -> Result<String, SimulatorError> {
        let collateral = self.vendor.collateral(&CollateralContents::genuine(now))?;
        Ok(collateral.to_json())
    }

    fn evidence(&self, binding: &Binding) -> Result<Collected, SimulatorError> {
        Ok(Collected {
            evidence: self.issue(binding)?,
            collateral: Some(self.collateral((self.clock)())?.into_bytes()),
        })
    }
}

impl Collector for SimulatedTdx {
    fn platform(&self) -> Platform {
        Platform::SimTdx
    }

    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError> {
        if binding.platform != Platform::SimTdx {
            return Err(CollectError::WrongPlatform {
                asked: binding.platform,
                own: Platform::SimTdx,
            });
        }
        self.evidence(binding).map_err(|error| CollectError::Device {
            platform: Platform::SimTdx,
            cause: error.into(),
        })
    }
}

impl fmt::Display for SimulatedTdx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SIMULATED TDX platform: proves nothing about hardware")
    }
}

impl fmt::Debug for SimulatedTdx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
