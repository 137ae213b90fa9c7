//! Firmware that no monitor would launch as it was measured is refused, and nothing makes the reader panic.

use crate::ovmf::{HASH_TABLE, METADATA, PAGE, RESET_BLOCK, firmware, metadata, ordinary, with_sections};
use orv_measure::snp::{Firmware, FirmwareError, KernelHashes, Launch, LaunchError, Monitor, Processor};
use orv_measure::{FirmwareTableError, MAXIMUM_FIRMWARE};
use proptest::prelude::*;

fn launch(bytes: &[u8]) -> Launch {
    Launch {
        firmware: Firmware::parse(bytes).unwrap(),
        direct_boot: Some(KernelHashes::of(b"kernel", b"initrd", b"quiet")),
        vcpus: 2.try_into().unwrap(),
        processor: Processor::new(25, 1, 1),
        guest_features: 1,
        monitor: Monitor::Qemu,
    }
}

#[test]
fn every_input_changes_the_digest() {
    let bytes = ordinary();
    let genuine = launch(&bytes);
    let other = |change: fn(&mut Launch)| {
        let mut launch = genuine.clone();
        change(&mut launch);
        launch.measure().unwrap()
    };
    let mut digests = vec![
        genuine.measure().unwrap(),
        other(|launch| launch.direct_boot = None),
        other(|launch| launch.direct_boot = Some(KernelHashes::of(b"Kernel", b"initrd", b"quiet"))),
        other(|launch| launch.direct_boot = Some(KernelHashes::of(b"kernel", b"Initrd", b"quiet"))),
        other(|launch| launch.direct_boot = Some(KernelHashes::of(b"kernel", b"initrd", b"Quiet"))),
        other(|launch| launch.vcpus = 3.try_into().unwrap()),
        other(|launch| launch.processor = Processor::new(25, 1, 2)),
        other(|launch| launch.guest_features = 3),
        other(|launch| launch.monitor = Monitor::Ec2),
        other(|launch| launch.monitor = Monitor::Gce),
        other(|launch| launch.firmware.reset_address = Some(0x1000)),
        other(|launch| launch.firmware.sections.swap(0, 1)),
    ];
    let mut changed = bytes.clone();
    changed[PAGE * 2] ^= 1;
    digests.push(launch(&changed).measure().unwrap());
    let all = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), all);
}

#[test]
fn a_launch_that_cannot_be_is_refused() {
    let bare = with_sections(&[(0x1000, 0x1000, 1)]);
    assert_eq!(launch(&bare).measure(), Err(LaunchError::NoKernelHashes));

    let mut outside = launch(&ordinary());
    outside.firmware.kernel_hashes_address = Some(0x81_0fff);
    assert_eq!(outside.measure(), Err(LaunchError::HashesOutsidePage(0x81_0fff)));

    for absent in [None, Some(0)] {
        let mut alone = launch(&ordinary());
        alone.firmware.reset_address = absent;
        assert_eq!(alone.measure(), Err(LaunchError::NoResetAddress));
        alone.vcpus = 1.try_into().unwrap();
        alone.measure().expect("one virtual CPU begins where all do");
    }

    let mut plain = launch(&ordinary());
    plain.guest_features = 2;
    assert_eq!(plain.measure(), Err(LaunchError::NotSnp(2)));
}

fn refusal(bytes: &[u8]) -> FirmwareError {
    Firmware::parse(bytes).unwrap_err()
}

#[test]
fn what_is_not_a_firmware_is_named() {
    for length in [0, 1, PAGE - 1, PAGE + 1, MAXIMUM_FIRMWARE + PAGE] {
        assert_eq!(refusal(&vec![0; length]), FirmwareTableError::Length(length).into());
    }
    assert_eq!(refusal(&[0; PAGE]), FirmwareTableError::NoTable.into());
}

#[test]
fn a_table_that_monitors_read_differently_is_refused() {
    let doubled = firmware(1, b"", &[(RESET_BLOCK, &[0; 4]), (RESET_BLOCK, &[0; 4])]);
    assert!(matches!(
        refusal(&doubled),
        FirmwareError::Table(FirmwareTableError::Doubled(_))
    ));

    let short = firmware(1, b"", &[(HASH_TABLE, &[0; 3])]);
    assert!(matches!(
        refusal(&short),
        FirmwareError::Table(FirmwareTableError::ShortEntry { length: 3, .. })
    ));

    for wrong in [0_u16, 17, 23, u16::MAX] {
        let mut bytes = firmware(1, b"", &[(RESET_BLOCK, &[0; 4])]);
        let at = PAGE - 32 - 18 - 18;
        bytes[at..at + 2].copy_from_slice(&wrong.to_le_bytes());
        assert_eq!(refusal(&bytes), FirmwareTableError::EntryLength(wrong).into());
    }
    for wrong in [0_u16, 17, u16::MAX] {
        let mut bytes = firmware(1, b"", &[]);
        let at = PAGE - 32 - 18;
        bytes[at..at + 2].copy_from_slice(&wrong.to_le_bytes());
        assert_eq!(refusal(&bytes), FirmwareTableError::TableLength(wrong).into());
    }
}

#[test]
fn metadata_that_cannot_be_followed_is_refused() {
    let pointing = |from_end: u32, bytes: &[u8]| firmware(1, bytes, &[(METADATA, &from_end.to_le_bytes())]);
    assert!(matches!(refusal(&pointing(4097, b"")), FirmwareError::Truncated(_)));
    assert!(matches!(refusal(&pointing(2, b"")), FirmwareError::Truncated(_)));
    assert_eq!(refusal(&pointing(4096, b"ASEW")), FirmwareError::Signature(*b"ASEW"));

    let mut bytes = metadata(&[(0, 0x1000, 1)]);
    bytes[8] = 2;
    assert_eq!(refusal(&pointing(4096, &bytes)), FirmwareError::Version(2));
    bytes[8] = 1;
    bytes[12] = 65;
    assert_eq!(refusal(&pointing(4096, &bytes)), FirmwareError::TooManySections(65));
    bytes[12] = 2;
    assert_eq!(
        refusal(&pointing(4096, &bytes)),
        FirmwareError::Length {
            sections: 2,
            length: 28
        }
    );
}

#[test]
fn sections_that_are_no_pages_or_too_many_are_refused() {
    let refused = |section| refusal(&with_sections(&[section]));
    assert_eq!(
        refused((0, 0x1000, 7)),
        FirmwareError::UnknownSection { index: 0, kind: 7 }
    );
    for (address, length, kind) in [
        (1, 0x1000, 1),
        (0, 0x1001, 1),
        (0, 0, 1),
        (0, 0x2000, 2),
        (0, 0x2000, 3),
        (0, 0x2000, 16),
    ] {
        let expected = FirmwareError::SectionShape {
            index: 0,
            address,
            length,
        };
        assert_eq!(refused((address, length, kind)), expected);
    }
    let huge = [(0, 0xffff_f000, 1), (0, 0xffff_f000, 1)];
    assert_eq!(
        refusal(&with_sections(&huge)),
        FirmwareError::SectionBytes(0x1_ffff_e000)
    );
}

proptest! {
    #[test]
    fn any_change_of_a_firmware_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..10),
        tail in any::<bool>(),
    ) {
        let mut bytes = ordinary();
        let length = bytes.len();
        for (at, byte) in changes {
            // The metadata stands at the beginning, the table at the end.
            let at = at.index(128);
            bytes[if tail { length - 1 - at } else { at }] = byte;
        }
        if let Ok(firmware) = Firmware::parse(&bytes) {
            let _ = Launch { firmware, ..launch(&ordinary()) }.measure();
        }
    }

    #[test]
    fn any_page_is_answered(bytes in proptest::collection::vec(any::<u8>(), PAGE..=PAGE)) {
        let _ = Firmware::parse(&bytes);
    }
}
