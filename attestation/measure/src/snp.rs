//! AMD SEV-SNP: the launch digest, MEASUREMENT in a report.
//!
//! The secure processor extends one register, page by page, by what the virtual machine monitor hands it before the
//! first instruction runs: the firmware, the sections that its metadata names, and the registers of every virtual CPU
//! ([`save_area`](SaveArea)). With direct boot one of those pages holds the hashes of kernel, initrd and command line,
//! which the firmware compares with what it is given; so one digest covers the whole image.
//!
//! QEMU, Amazon EC2 and Google Compute Engine differ in the initial registers and in two kinds of sections
//! ([`Monitor`]). SVSM paravisors, and SEV without SNP, are not measured here.
//!
//! Sources: SEV-SNP firmware ABI, 8.17 (PAGE_INFO); AMD64 manual, volume 2, appendix B (save area); the vectors of
//! `measurement/`, one of them a real report.

mod digest;
mod firmware;
mod kernel_hashes;
mod processor;
mod save_area;

pub use digest::LaunchDigest;
pub use firmware::{Firmware, FirmwareError, MAXIMUM_SECTION_BYTES, MAXIMUM_SECTIONS, Section, SectionKind};
pub use kernel_hashes::KernelHashes;
pub use processor::{Processor, UnknownProcessor};
pub use save_area::SaveArea;

use crate::{Input, Register};
use serde::Serialize;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

/// What no published report bears out yet.
const CLOUD_REGISTERS: &str =
    "as sev-snp-measure 0.0.13 has them, RDX 0x600 on any processor; the crate sev 8.0.0 has RDX 0 on EC2";

/// Who prepares the guest's first state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// QEMU with KVM.
    Qemu,
    /// Amazon EC2.
    Ec2,
    /// Google Compute Engine.
    Gce,
}

/// Everything that a launch digest depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The firmware.
    pub firmware: Firmware,
    /// What is booted directly; `None` when the firmware finds its own system on a disk, which then is not measured.
    pub direct_boot: Option<KernelHashes>,
    /// How many virtual CPUs.
    pub vcpus: NonZeroU16,
    /// Which processor the guest sees. Only QEMU's first registers show it.
    pub processor: Processor,
    /// SEV_FEATURES: bit 0 (SNP active) is set in every SNP guest, others as the monitor was told.
    pub guest_features: u64,
    /// Who launches.
    pub monitor: Monitor,
}

/// Why these inputs have no launch digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// A kernel was given, but the firmware does not check kernels.
    #[error("the firmware has no page for kernel hashes, so it would boot any kernel")]
    NoKernelHashes,
    /// The table of hashes does not fit into its page.
    #[error("the hashes begin at {0:#x} of their page and do not fit into it")]
    HashesOutsidePage(u32),
    /// Further virtual CPUs have no place to begin at.
    #[error("the firmware names no reset address for virtual CPUs after the first")]
    NoResetAddress,
    /// The features of a guest that is not an SNP guest.
    #[error("guest features {0:#x} lack bit 0, SNP active")]
    NotSnp(u64),
}

impl Launch {
    /// The launch digest.
    ///
    /// # Errors
    /// [`LaunchError`] when no such guest can be started.
    pub fn measure(&self) -> Result<Register, LaunchError> {
        if self.guest_features & 1 == 0 {
            return Err(LaunchError::NotSnp(self.guest_features));
        }
        let mut digest = LaunchDigest::starting_from(self.firmware.pages);
        self.add_sections(&mut digest)?;
        digest.add_save_areas(&self.save_area(SaveArea::BOOT_ADDRESS), 1);
        let others = self.vcpus.get().saturating_sub(1);
        if others > 0 {
            let address = self.firmware.reset_address.filter(|address| *address != 0);
            let save_area = self.save_area(address.ok_or(LaunchError::NoResetAddress)?);
            digest.add_save_areas(&save_area, others);
        }
        Ok(digest.register())
    }

    /// What the digest is computed from; `firmware` are the bytes that [`Firmware::parse`] was given.
    pub fn inputs(&self, firmware: &[u8]) -> Vec<Input> {
        let mut inputs = vec![Input::bytes("firmware", firmware)];
        match &self.direct_boot {
            Some(hashes) => inputs.extend(hashes.inputs()),
            None => inputs.push(Input::assumed(
                "kernel",
                "none: what the firmware boots is not measured",
            )),
        }
        inputs.extend([
            Input::setting("vcpus", self.vcpus),
            Input::setting("guest features", format!("{:#x}", self.guest_features)),
            Input::setting("monitor", self.monitor),
        ]);
        inputs.push(match self.monitor {
            Monitor::Qemu => Input::setting("processor", self.processor),
            Monitor::Ec2 | Monitor::Gce => Input::assumed("first registers", CLOUD_REGISTERS),
        });
        inputs
    }

    fn save_area(&self, address: u32) -> SaveArea {
        SaveArea::new(address, self.processor, self.guest_features, self.monitor)
    }

    fn add_sections(&self, digest: &mut LaunchDigest) -> Result<(), LaunchError> {
        let sections = &self.firmware.sections;
        let has_hashes = sections.iter().any(|section| section.kind == SectionKind::KernelHashes);
        if self.direct_boot.is_some() && !has_hashes {
            return Err(LaunchError::NoKernelHashes);
        }
        for section in sections {
            match (section.kind, self.monitor) {
                (SectionKind::Memory, Monitor::Gce) => digest.add_unmeasured(section.address, section.length),
                (SectionKind::Memory | SectionKind::CallingArea, _) => {
                    digest.add_zeros(section.address, section.length);
                }
                (SectionKind::Secrets, _) => digest.add_secrets(section.address),
                // EC2 adds it behind all others.
                (SectionKind::Cpuid, Monitor::Ec2) => {}
                (SectionKind::Cpuid, _) => digest.add_cpuid(section.address),
                (SectionKind::KernelHashes, _) => self.add_hashes(digest, section)?,
            }
        }
        if self.monitor == Monitor::Ec2 {
            let late = sections.iter().filter(|section| section.kind == SectionKind::Cpuid);
            late.for_each(|section| digest.add_cpuid(section.address));
        }
        Ok(())
    }

    fn add_hashes(&self, digest: &mut LaunchDigest, section: &Section) -> Result<(), LaunchError> {
        let Some(hashes) = &self.direct_boot else {
            digest.add_zeros(section.address, section.length);
            return Ok(());
        };
        let address = self.firmware.kernel_hashes_address.ok_or(LaunchError::NoKernelHashes)?;
        let page = hashes.page(address).ok_or(LaunchError::HashesOutsidePage(address))?;
        digest.add_page(section.address, &page);
        Ok(())
    }
}

impl fmt::Display for Monitor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Qemu => "qemu",
            Self::Ec2 => "ec2",
            Self::Gce => "gce",
        })
    }
}

/// A name that is no monitor's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not qemu, ec2 or gce")]
pub struct UnknownMonitor(pub String);

impl FromStr for Monitor {
    type Err = UnknownMonitor;

    fn from_str(text: &str) -> Result<Self, UnknownMonitor> {
        match text {
            "qemu" => Ok(Self::Qemu),
            "ec2" => Ok(Self::Ec2),
            "gce" => Ok(Self::Gce),
            other => Err(UnknownMonitor(other.to_owned())),
        }
    }
}
