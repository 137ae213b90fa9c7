//! AMD SEV-SNP: the launch digest for each processor and number of virtual CPUs, where the firmware is known: it covers
//! that firmware, and through the firmware's page of hashes kernel, initrd and command line.

use super::{Measurement, VirtualMachine, unmeasurable};
use crate::error::ImageError;
use orv_measure::snp::{Firmware, KernelHashes, Launch, Monitor, Processor};
use std::num::NonZeroU16;

/// Numbers of virtual CPUs that operators choose.
const VCPUS: [u16; 7] = [1, 2, 4, 8, 16, 32, 64];
/// QEMU's names. Milan is left out: its secure processor's root key can be read by software (threat model).
const PROCESSORS: [&str; 2] = ["EPYC-Genoa", "EPYC-Turin"];
/// SNP is active, and nothing else that a kernel of today would have to know.
const FEATURES: u64 = 1;

pub(super) fn of(machine: &VirtualMachine<'_>, firmware: Option<&[u8]>) -> Result<Vec<Measurement>, ImageError> {
    let Some(firmware) = firmware else {
        return Ok(Vec::new());
    };
    let firmware = Firmware::parse(firmware).map_err(unmeasurable)?;
    let hashes = KernelHashes::of(machine.kernel, machine.initrd, machine.command_line.as_bytes());
    let mut all = Vec::new();
    for name in PROCESSORS {
        let processor: Processor = name.parse().map_err(unmeasurable)?;
        for vcpus in VCPUS.into_iter().filter_map(NonZeroU16::new) {
            let launch = Launch {
                firmware: firmware.clone(),
                direct_boot: Some(hashes.clone()),
                vcpus,
                processor,
                guest_features: FEATURES,
                monitor: Monitor::Qemu,
            };
            let digest = launch.measure().map_err(unmeasurable)?;
            all.push(Measurement::of(
                "snp",
                &format!("snp-{name}-{vcpus}-vcpus"),
                [("measurement", digest)],
            ));
        }
    }
    Ok(all)
}
