//! RTMR1 and RTMR2 of a direct boot.

use crate::program::{CHECKSUM_AT, HEADERS, OPTIONAL, SECTIONS_AT, SIGNATURES_AT, kernel, program};
use orv_measure::tdx::{DirectBoot, DirectBootError, InitrdArgument, KernelHandover, SetupHeaderError};
use orv_measure::{PeError, Register, authenticode_sha384};
use proptest::prelude::*;

const GIB: u64 = 1 << 30;

fn boot(kernel: &[u8]) -> DirectBoot<'_> {
    DirectBoot {
        kernel,
        initrd: b"an initrd",
        command_line: "console=ttyS0",
        handover: KernelHandover::Unchanged,
        initrd_argument: InitrdArgument::Behind,
    }
}

#[test]
fn a_programs_digest_leaves_out_checksum_and_signatures_and_follows_the_file_not_the_table() {
    let bytes = program(b"");
    let digest = authenticode_sha384(&bytes).unwrap();
    let parts = [
        &bytes[..CHECKSUM_AT],
        &bytes[CHECKSUM_AT + 4..SIGNATURES_AT],
        &bytes[SIGNATURES_AT + 8..HEADERS],
        &[0x11; 0x1000],
        &[0x22; 0x1000],
    ];
    assert_eq!(digest, Register::digest(parts));

    let mut signed = program(&[0x5a; 40]);
    signed[CHECKSUM_AT] = 9;
    signed[SIGNATURES_AT..SIGNATURES_AT + 4].copy_from_slice(&0x3000_u32.to_le_bytes());
    signed[SIGNATURES_AT + 4] = 40;
    assert_eq!(
        authenticode_sha384(&signed),
        Ok(digest),
        "a signature does not change what it signs"
    );
    signed[SIGNATURES_AT + 4] = 39;
    assert_ne!(
        authenticode_sha384(&signed),
        Ok(digest),
        "a byte beside the signature does"
    );
}

#[test]
fn what_firmware_would_not_start_is_refused() {
    let refused = |at: usize, bytes: &[u8]| {
        let mut program = program(b"");
        program[at..at + bytes.len()].copy_from_slice(bytes);
        authenticode_sha384(&program).unwrap_err()
    };
    assert_eq!(refused(0, b"ZM"), PeError::Signature(*b"ZM\0\0"));
    assert_eq!(refused(0x80, b"NE"), PeError::Signature(*b"NE\0\0"));
    assert_eq!(refused(OPTIONAL, &[7, 1]), PeError::Kind(0x107));
    assert_eq!(refused(0x86, &[97]), PeError::TooManySections(97));
    assert_eq!(refused(OPTIONAL + 60, &[0, 1]), PeError::Headers(0x100));
    assert_eq!(refused(SECTIONS_AT + 20, &[0, 0x18]), PeError::Overlap(0x1800));
    assert_eq!(refused(SECTIONS_AT + 60, &[0, 0x0f]), PeError::Overlap(0x0f00));
    assert!(matches!(refused(SECTIONS_AT + 16, &[0, 0x11]), PeError::Truncated(_)));
    assert!(matches!(refused(0x3c, &[0xff; 4]), PeError::Truncated(_)));
    assert_eq!(refused(SIGNATURES_AT + 4, &[1]), PeError::Signatures(1));
}

#[test]
fn a_kernel_that_is_handed_over_unchanged_does_not_depend_on_the_machine() {
    let kernel = kernel();
    let events = boot(&kernel).rtmr1_events().unwrap();
    assert_eq!(events[0].digest, authenticode_sha384(&kernel).unwrap());
    // The digests of a published log, beginning there with the same bytes.
    let known = [
        "77a0dab2312b4e1e57a84d86",
        "394341b7182cd227c5c6b07e",
        "214b0bef1379756011344877",
        "0a2e01c85deae718a530ad8c",
    ];
    for (event, known) in events[1..].iter().zip(known) {
        assert!(event.digest.to_string().starts_with(known), "{}", event.name);
    }
}

#[test]
fn an_older_qemu_writes_eleven_bytes_into_the_kernel() {
    let kernel = kernel();
    let mut expected = kernel.clone();
    expected[0x210..0x212].copy_from_slice(&[0xb0, 0x81]);
    // Two GiB less what ACPI tables take, less the initrd, at a page's beginning.
    expected[0x218..0x21c].copy_from_slice(&0x7ffd_7000_u32.to_le_bytes());
    expected[0x21c] = 9;
    expected[0x224..0x226].copy_from_slice(&0xfe00_u16.to_le_bytes());
    expected[0x228..0x22c].copy_from_slice(&0x2_0000_u32.to_le_bytes());
    for memory in [2 * GIB, 4 * GIB, 64 * GIB] {
        let handover = KernelHandover::Patched { memory };
        let events = DirectBoot {
            handover,
            ..boot(&kernel)
        }
        .rtmr1_events()
        .unwrap();
        assert_eq!(events[0].digest, authenticode_sha384(&expected).unwrap(), "{memory}");
    }
    let handover = KernelHandover::Patched { memory: GIB };
    let smaller = DirectBoot {
        handover,
        ..boot(&kernel)
    }
    .rtmr1()
    .unwrap();
    let handover = KernelHandover::Patched { memory: 2 * GIB };
    assert_ne!(
        smaller,
        DirectBoot {
            handover,
            ..boot(&kernel)
        }
        .rtmr1()
        .unwrap()
    );
}

#[test]
fn a_boot_that_qemu_refuses_is_refused() {
    let kernel = kernel();
    let handover = KernelHandover::Patched { memory: GIB };
    let refused = |boot: DirectBoot<'_>| boot.rtmr1_events().unwrap_err();
    let patched = DirectBoot {
        handover,
        ..boot(&kernel)
    };
    let header = |error| DirectBootError::SetupHeader(error);
    assert_eq!(
        refused(DirectBoot {
            command_line: "vga=3",
            ..patched
        }),
        header(SetupHeaderError::VideoMode)
    );
    assert_eq!(
        refused(DirectBoot {
            command_line: "a\nb",
            ..patched
        }),
        DirectBootError::CommandLine('\n')
    );
    assert_eq!(
        refused(DirectBoot {
            kernel: &program(b""),
            ..patched
        }),
        header(SetupHeaderError::Protocol)
    );
    assert!(matches!(
        refused(DirectBoot {
            kernel: b"MZ",
            ..patched
        }),
        DirectBootError::Kernel(PeError::Truncated(_))
    ));
    let mut unified = program(b"");
    unified[SECTIONS_AT + 40..SECTIONS_AT + 46].copy_from_slice(b".linux");
    for handover in [KernelHandover::Unchanged, handover] {
        let kernel = &unified;
        assert_eq!(
            refused(DirectBoot {
                kernel,
                handover,
                ..patched
            }),
            DirectBootError::Unified
        );
    }
    let little = KernelHandover::Patched { memory: 1000 };
    assert_eq!(
        refused(DirectBoot {
            handover: little,
            ..patched
        }),
        header(SetupHeaderError::Memory(1000))
    );
    let tight = KernelHandover::Patched { memory: 0x2_8000 + 9 };
    let expected = SetupHeaderError::InitrdTooLarge { initrd: 9, limit: 8 };
    assert_eq!(
        refused(DirectBoot {
            handover: tight,
            ..patched
        }),
        header(expected)
    );
}

#[test]
fn the_command_line_is_measured_as_the_firmware_hands_it_on() {
    let kernel = kernel();
    let events = |boot: DirectBoot<'_>| boot.rtmr2_events().unwrap();
    let utf16 = |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        Register::digest([bytes.as_slice()])
    };
    let behind = events(boot(&kernel));
    assert_eq!(behind[0].digest, utf16("console=ttyS0 initrd=initrd"));
    assert_eq!(behind[1].digest, Register::digest([b"an initrd".as_slice()]));
    let before = events(DirectBoot {
        initrd_argument: InitrdArgument::Before,
        ..boot(&kernel)
    });
    assert_eq!(before[0].digest, utf16("initrd=initrd console=ttyS0"));
    let alone = events(DirectBoot {
        initrd: b"",
        ..boot(&kernel)
    });
    assert_eq!((alone.len(), alone[0].digest), (1, utf16("console=ttyS0")));
    let nothing = DirectBoot {
        initrd: b"",
        command_line: "",
        ..boot(&kernel)
    };
    assert!(nothing.rtmr2().unwrap().is_zero());
}

proptest! {
    #[test]
    fn any_change_of_a_kernel_is_answered(
        changes in proptest::collection::vec((0_usize..0x300, any::<u8>()), 1..10),
        memory: u64,
        initrd in proptest::collection::vec(any::<u8>(), 0..50),
        length in 0_usize..=0x3000,
    ) {
        let mut kernel = kernel();
        for (at, byte) in changes {
            kernel[at] = byte;
        }
        let handover = KernelHandover::Patched { memory };
        let _ = authenticode_sha384(&kernel);
        let _ = DirectBoot { handover, initrd: &initrd, ..boot(&kernel[..length]) }.rtmr1();
    }
}
