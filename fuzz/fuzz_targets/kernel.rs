//! Kernels as firmware measures them, as they are and as QEMU before 10.2 hands them over.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_measure::tdx::{DirectBoot, InitrdArgument, KernelHandover};

fuzz_target!(|data: &[u8]| {
    for handover in [KernelHandover::Unchanged, KernelHandover::Patched { memory: 2 << 30 }] {
        let boot = DirectBoot {
            kernel: data,
            initrd: b"initrd",
            command_line: "quiet",
            handover,
            initrd_argument: InitrdArgument::Before,
        };
        let _ = boot.rtmr1();
    }
});
