//! Intel TDX: RTMR1 (kernel) and RTMR2 (command line, initrd), and MRTD where the firmware is known.
//!
//! Both registers depend on how monitor and firmware hand the kernel over, which changed once each; an entry stands for
//! one pair, and says which.

use super::{Measurement, VirtualMachine, unmeasurable};
use crate::error::ImageError;
use orv_measure::tdx::{DirectBoot, InitrdArgument, KernelHandover, PageOrder, Tdvf};

/// QEMU before 10.2 writes into the kernel's header where the initrd will be. With this much memory or more, that place
/// is always the same: what lies above four gigabytes does not matter.
const PLENTY: u64 = 8 << 30;

const HANDOVERS: [(&str, KernelHandover); 2] = [
    ("qemu-10.2", KernelHandover::Unchanged),
    ("qemu-before-10.2-from-8G", KernelHandover::Patched { memory: PLENTY }),
];
const ARGUMENTS: [(&str, InitrdArgument); 2] = [
    ("edk2-202508", InitrdArgument::Before),
    ("edk2-before-202508", InitrdArgument::Behind),
];

pub(super) fn of(machine: &VirtualMachine<'_>, firmware: Option<&[u8]>) -> Result<Vec<Measurement>, ImageError> {
    let firmware = firmware.map(Tdvf::parse).transpose().map_err(unmeasurable)?;
    let mrtd = firmware.map(|firmware| firmware.mrtd(PageOrder::PageByPage));
    let mut all = Vec::new();
    for (monitor, handover) in HANDOVERS {
        for (edition, initrd_argument) in ARGUMENTS {
            let boot = DirectBoot {
                kernel: machine.kernel,
                initrd: machine.initrd,
                command_line: machine.command_line,
                handover,
                initrd_argument,
            };
            let kernel = ("rtmr1", boot.rtmr1().map_err(unmeasurable)?);
            let system = ("rtmr2", boot.rtmr2().map_err(unmeasurable)?);
            let registers = mrtd.map(|mrtd| ("mrtd", mrtd)).into_iter().chain([kernel, system]);
            all.push(Measurement::of(
                "dcap-tdx",
                &format!("tdx-{monitor}-{edition}"),
                registers,
            ));
        }
    }
    Ok(all)
}
