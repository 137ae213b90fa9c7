//! Firmware that no monitor would load as it was measured is refused, and nothing makes the reader panic.

use crate::tdvf::{DESCRIPTOR_AT, ORDINARY, PAGE, Section, firmware};
use orv_measure::tdx::{AcpiTables, FirmwareEvents, MemoryError, PageOrder, Tdvf, TdvfError};
use orv_measure::{FirmwareTableError, Register};
use proptest::prelude::*;

const ACPI: AcpiTables<'static> = AcpiTables {
    loader: b"loader",
    root: b"root",
    tables: b"tables",
};

fn refusal(bytes: &[u8]) -> TdvfError {
    Tdvf::parse(bytes).unwrap_err()
}

#[test]
fn the_order_of_pages_and_every_measured_byte_change_mrtd() {
    let bytes = firmware(&ORDINARY);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let genuine = tdvf.mrtd(PageOrder::PageByPage);
    assert_ne!(genuine, tdvf.mrtd(PageOrder::SectionBySection));
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        Tdvf::parse(&bytes).unwrap().mrtd(PageOrder::PageByPage)
    };
    assert_eq!(changed(0x800), genuine, "variables are RTMR0's");
    assert_ne!(changed(0x2800), genuine);
    assert_ne!(changed(PAGE * 3 - 1), genuine);
}

#[test]
fn memory_that_is_accepted_later_is_not_in_mrtd() {
    let with = |attributes| {
        let bytes = firmware(&[ORDINARY[0], (0, 0, 0, 0x1000, 4, attributes)]);
        Tdvf::parse(&bytes).unwrap().mrtd(PageOrder::PageByPage)
    };
    assert_ne!(with(0), with(2));
}

#[test]
fn what_is_not_firmware_for_a_trust_domain_is_named() {
    assert_eq!(refusal(&[0; PAGE]), FirmwareTableError::NoTable.into());
    let mut other = firmware(&ORDINARY);
    let guid = 3 * PAGE - 32 - 18 - 16;
    other[guid] ^= 1;
    assert_eq!(refusal(&other), TdvfError::NoMetadata);
}

#[test]
fn a_descriptor_that_cannot_be_followed_is_refused() {
    let bent = |at: usize, byte: u8| {
        let mut bytes = firmware(&ORDINARY);
        bytes[DESCRIPTOR_AT + at] = byte;
        refusal(&bytes)
    };
    assert_eq!(bent(3, b'G'), TdvfError::Signature(*b"TDVG"));
    assert_eq!(bent(8, 2), TdvfError::Version(2));
    assert_eq!(bent(12, 0), TdvfError::Sections(0));
    assert_eq!(bent(12, 65), TdvfError::Sections(65));
    assert_eq!(
        bent(12, 7),
        TdvfError::Length {
            sections: 7,
            length: 208
        }
    );
}

#[test]
fn a_section_that_monitors_would_load_differently_is_refused() {
    let refused = |section: Section| refusal(&firmware(&[section]));
    assert_eq!(
        refused((0, 0, 0, 0x1000, 9, 0)),
        TdvfError::UnknownSection { index: 0, kind: 9 }
    );
    for attributes in [3, 4] {
        assert_eq!(
            refused((0, 0, 0, 0x1000, 3, attributes)),
            TdvfError::Attributes { index: 0, attributes }
        );
    }
    let shapes: [Section; 6] = [
        (0, 0, 1, 0x1000, 3, 0),
        (0, 0, 0, 0x1001, 3, 0),
        (0, 0, 0, 0, 3, 0),
        (0, 0, 0, 0x1000, 0, 1),
        (0, 0x800, 0, 0x1000, 1, 0),
        (0, 0, u64::MAX - 0xfff, 0x1000, 3, 0),
    ];
    for shape in shapes {
        let (_, data, address, length, ..) = shape;
        assert_eq!(
            refused(shape),
            TdvfError::SectionShape {
                index: 0,
                address,
                length,
                data
            }
        );
    }
    assert!(matches!(
        refused((0x3000, 0x1000, 0, 0x1000, 0, 1)),
        TdvfError::Truncated(_)
    ));
    let huge = (0, 0, 0, 1 << 40, 3, 0);
    assert_eq!(refused(huge), TdvfError::SectionBytes(1 << 40));
}

#[test]
fn every_input_changes_rtmr0() {
    let bytes = firmware(&ORDINARY);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let events = FirmwareEvents {
        firmware: &tdvf,
        memory: 2 << 30,
        acpi: ACPI,
    };
    let mut other_bytes = bytes.clone();
    other_bytes[0x800] ^= 1;
    let other_tdvf = Tdvf::parse(&other_bytes).unwrap();
    let mut registers: Vec<Register> = [
        events,
        FirmwareEvents {
            memory: 3 << 30,
            ..events
        },
        FirmwareEvents {
            firmware: &other_tdvf,
            ..events
        },
        FirmwareEvents {
            acpi: AcpiTables { loader: b"", ..ACPI },
            ..events
        },
        FirmwareEvents {
            acpi: AcpiTables { root: b"", ..ACPI },
            ..events
        },
        FirmwareEvents {
            acpi: AcpiTables { tables: b"", ..ACPI },
            ..events
        },
    ]
    .map(|events| events.rtmr0().unwrap())
    .to_vec();
    registers.sort();
    registers.dedup();
    assert_eq!(registers.len(), 6);
}

/// From the event log of a trust domain of two gibibytes (virtee/tdx-measure, issue 52).
#[test]
fn the_hand_off_blocks_are_those_that_a_published_log_measured() {
    let bytes = firmware(&ORDINARY);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let events = FirmwareEvents {
        firmware: &tdvf,
        memory: 2 << 30,
        acpi: ACPI,
    }
    .events()
    .unwrap();
    let published = "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe4917ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749";
    assert_eq!(events[0].digest.to_string(), published);
}

#[test]
fn firmware_that_does_not_fit_into_memory_is_refused() {
    let bytes = firmware(&ORDINARY);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let little = FirmwareEvents {
        firmware: &tdvf,
        memory: 0x81_8000,
        acpi: ACPI,
    };
    assert!(matches!(
        little.rtmr0(),
        Err(MemoryError::Section { address: 0x81_0000, .. })
    ));

    let bytes = firmware(&[ORDINARY[2], ORDINARY[2], ORDINARY[4]]);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let doubled = FirmwareEvents {
        firmware: &tdvf,
        memory: 2 << 30,
        acpi: ACPI,
    };
    assert!(matches!(doubled.rtmr0(), Err(MemoryError::Section { .. })));

    let bytes = firmware(&ORDINARY[..3]);
    let tdvf = Tdvf::parse(&bytes).unwrap();
    let placeless = FirmwareEvents {
        firmware: &tdvf,
        memory: 2 << 30,
        acpi: ACPI,
    };
    assert_eq!(placeless.rtmr0(), Err(MemoryError::NoHandOffBlocks));
}

proptest! {
    #[test]
    fn any_change_of_a_firmware_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..10),
        memory: u64,
    ) {
        let mut bytes = firmware(&ORDINARY);
        for (at, byte) in changes {
            bytes[DESCRIPTOR_AT + at.index(208)] = byte;
        }
        if let Ok(tdvf) = Tdvf::parse(&bytes) {
            let _ = FirmwareEvents { firmware: &tdvf, memory, acpi: ACPI }.rtmr0();
            if tdvf.sections().iter().map(|section| section.length).sum::<u64>() < 1 << 22 {
                let _ = tdvf.mrtd(PageOrder::SectionBySection);
            }
        }
    }
}
