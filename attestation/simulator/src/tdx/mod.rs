//! Intel TDX: DCAP quotes of versions 4 and 5 with their collateral, under a simulated Intel root.
//!
//! [`Vendor`] is Intel (root, PCK authorities, TCB signing), [`Machine`] is one platform with its PCK and its quoting
//! enclave, [`Quote`] is what the quoting enclave signs, [`CollateralContents`] is what Intel publishes beside it.
//! Everything is a field: change it, then sign. What is signed ([`SignedQuote`], [`Collateral`]) has public fields too.
//!
//! ```
//! use orv_evidence::UnixTime;
//! use orv_simulator::tdx::{CollateralContents, Layout, MachineContents, Quote, Vendor, attributes};
//!
//! let now = UnixTime::from_seconds(1_790_000_000);
//! let vendor = Vendor::published()?;
//! let machine = vendor.machine(&MachineContents::genuine(now))?;
//! let mut quote = Quote::genuine(Layout::Version5Td15);
//! quote.report.td_attributes |= attributes::DEBUG;
//! let evidence = machine.sign(&quote)?.encode();
//! assert_eq!(evidence[..2], [5, 0]);
//!
//! let mut contents = CollateralContents::genuine(now);
//! contents.pck_revocation.serial_numbers.push(machine.pck.serial_number());
//! let collateral = vendor.collateral(&contents)?;
//! assert!(collateral.to_json().contains("tcb_info_signature"));
//! # Ok::<(), orv_simulator::SimulatorError>(())
//! ```

pub mod attributes;
mod certificate;
mod collateral;
pub mod defect;
mod machine;
mod pck;
mod published;
mod qe_identity;
mod qe_report;
mod quote;
mod report;
mod simulated;
mod tcb_info;
mod vendor;

pub use certificate::{PCK_LIFETIME, PckAuthority};
pub use collateral::{COLLATERAL_LIFETIME, Collateral, CollateralContents};
pub use defect::{Defect, Evidence};
pub use machine::{Machine, MachineContents};
pub use pck::{Configuration, PckExtension, PlatformInstance, Switch};
pub use published::root_der;
pub use qe_identity::{QeIdentity, QeTcb, QeTcbLevel};
pub use qe_report::QeReport;
pub use quote::{Header, Quote, SignedQuote};
pub use report::{Layout, Register, TdReport};
pub use simulated::SimulatedTdx;
pub use tcb_info::{
    ModuleIdentity, ModuleTcb, ModuleTcbLevel, Tcb, TcbComponent, TcbInfo, TcbLevel, TcbStatus, TdxModule,
};
pub use vendor::Vendor;
