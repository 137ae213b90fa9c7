//! Reports and quotes from configfs-tsm, the kernel's one interface for TDX and SEV-SNP guests (Linux 6.7 and later,
//! `Documentation/ABI/testing/configfs-tsm`).
//!
//! A report is a directory: made by `mkdir`, asked by a write to `inblob`, answered when `outblob` is read, and removed
//! again. Others may write into it meanwhile, so `generation` must equal the number of our own writes **after** the
//! answer has been read; if it does not, the attempt is thrown away and made anew elsewhere. A host can make it wait
//! (a TDX quote comes from the host, SEV-SNP requests are rate-limited), so waiting has an end ([`Patience`]).
//!
//! Folder and clock are arguments: [`Configfs`] and [`Monotonic`] are the real ones, tests stand in for the kernel.
//!
//! ```no_run
//! use orv_evidence::Collector;
//! use orv_evidence::tsm::{Configfs, Monotonic, Patience, TsmCollector, TsmError};
//!
//! let drawn_at_boot = [0x5a; 8];
//! let collector = TsmCollector::open(Configfs::mounted(), Monotonic::start(), Patience::USUAL, drawn_at_boot)?;
//! println!("this is a {} guest", collector.platform());
//! # Ok::<(), TsmError>(())
//! ```

mod attempt;
mod collector;
mod configfs;
mod error;
mod folder;
mod patience;
mod provider;

pub use attempt::Report;
pub use collector::TsmCollector;
pub use configfs::Configfs;
pub use error::TsmError;
pub use folder::{Attribute, ReportFolder};
pub use patience::{Clock, Monotonic, Patience};
pub use provider::{Provider, UnknownProvider};

/// Where systems mount configfs and the kernel shows its report folder.
pub const REPORT_FOLDER: &str = "/sys/kernel/config/tsm/report";
/// Longest `outblob`, in bytes (the kernel's own bound).
pub const MAXIMUM_OUTBLOB: usize = 32 * 1024;
/// The size of `inblob` that is always written, in bytes: what report data of both platforms has.
pub const INBLOB: usize = 64;
