//! Firmware files as SNP and as TDX read them. The fuzzer's bytes are laid at the end of whole pages.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_measure::PAGE;
use orv_measure::snp::{Firmware, KernelHashes, Launch, Monitor, Processor};
use orv_measure::tdx::{AcpiTables, FirmwareEvents, PageOrder, Tdvf};

/// More than this takes a fuzzer's time and shows nothing new.
const FEW: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let mut bytes = vec![0; data.len().next_multiple_of(PAGE).saturating_sub(data.len())];
    bytes.extend_from_slice(data);
    if let Ok(firmware) = Firmware::parse(&bytes) {
        if firmware.sections.iter().map(|section| u64::from(section.length)).sum::<u64>() > FEW {
            return;
        }
        let launch = Launch {
            firmware,
            direct_boot: Some(KernelHashes::of(b"kernel", b"initrd", b"quiet")),
            vcpus: 2.try_into().expect("not zero"),
            processor: Processor::new(25, 1, 1),
            guest_features: 1,
            monitor: Monitor::Qemu,
        };
        let _ = launch.measure();
    }
    if let Ok(tdvf) = Tdvf::parse(&bytes) {
        let acpi = AcpiTables { loader: b"loader", root: b"root", tables: b"tables" };
        let _ = FirmwareEvents { firmware: &tdvf, memory: 2 << 30, acpi }.rtmr0();
        if tdvf.sections().iter().map(|section| section.length).sum::<u64>() <= FEW {
            let _ = tdvf.mrtd(PageOrder::PageByPage);
        }
    }
});
