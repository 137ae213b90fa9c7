//! RTMR0: what the firmware measures of its own surroundings.

use super::memory_map::MemoryError;
use super::{Event, SectionKind, Tdvf, hob, replay};
use crate::firmware::guid;
use crate::{Input, Register};

const GLOBAL_VARIABLE: [u8; 16] = guid(0x8be4_df61, 0x93ca, 0x11d2, 0xaa0d, 0x00e0_9803_2b8c);
const SECURITY_DATABASE: [u8; 16] = guid(0xd719_b2cb, 0x3d3a, 0x4596, 0xa3bc, 0xdad0_0e67_656f);
/// The firmware volume and the file of the boot menu in it.
const MAIN_VOLUME: [u8; 16] = guid(0x7cb8_bdc9, 0xf8eb, 0x4f34, 0xaaea, 0x3ee4_af65_16a1);
const BOOT_MENU: [u8; 16] = guid(0x462c_aa21, 0x7614, 0x4503, 0x836e, 0x8ab6_f466_2331);

/// The files by which QEMU gives ACPI tables to firmware. They follow from every device of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcpiTables<'a> {
    /// `etc/table-loader`.
    pub loader: &'a [u8],
    /// `etc/acpi/rsdp`.
    pub root: &'a [u8],
    /// `etc/acpi/tables`.
    pub tables: &'a [u8],
}

/// What RTMR0 depends on, for OVMF before edk2-stable202505 under QEMU with direct boot and without keys for Secure
/// Boot. Later firmware measures more, such as SMBIOS tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirmwareEvents<'a> {
    /// The firmware.
    pub firmware: &'a Tdvf<'a>,
    /// Memory of the machine, in bytes.
    pub memory: u64,
    /// Its ACPI tables.
    pub acpi: AcpiTables<'a>,
}

impl FirmwareEvents<'_> {
    /// The events in order.
    ///
    /// # Errors
    /// [`MemoryError`] when the firmware does not fit into the memory.
    pub fn events(&self) -> Result<Vec<Event>, MemoryError> {
        let mut events = vec![Event::of(
            "hand-off blocks",
            &hob::measured_blocks(self.firmware, self.memory)?,
        )];
        if let Some(configuration) = self.firmware.first(SectionKind::Configuration) {
            events.push(Event::of("configuration volume", configuration.data));
        }
        events.extend(secure_boot_variables());
        events.extend([
            Event::of("separator", &[0; 4]),
            Event::of("ACPI table loader", self.acpi.loader),
            Event::of("ACPI root pointer", self.acpi.root),
            Event::of("ACPI tables", self.acpi.tables),
            Event::of("variable BootOrder: Boot0000", &[0; 2]),
            Event::of("variable Boot0000: the boot menu", &boot_menu()),
        ]);
        Ok(events)
    }

    /// RTMR0 after them.
    ///
    /// # Errors
    /// As [`FirmwareEvents::events`].
    pub fn rtmr0(&self) -> Result<Register, MemoryError> {
        Ok(replay(&self.events()?))
    }

    /// What it is computed from, beside the firmware itself.
    pub fn inputs(&self) -> Vec<Input> {
        vec![
            Input::setting("memory in bytes", self.memory),
            Input::bytes("ACPI table loader", self.acpi.loader),
            Input::bytes("ACPI root pointer", self.acpi.root),
            Input::bytes("ACPI tables", self.acpi.tables),
            Input::assumed(
                "events of RTMR0",
                "OVMF before edk2-stable202505, QEMU q35, no Secure Boot keys",
            ),
        ]
    }
}

/// UEFI_VARIABLE_DATA of variables that are not set: GUID, length of the name, length of the data, name.
fn secure_boot_variables() -> impl Iterator<Item = Event> {
    let variables = [
        ("SecureBoot", GLOBAL_VARIABLE),
        ("PK", GLOBAL_VARIABLE),
        ("KEK", GLOBAL_VARIABLE),
        ("db", SECURITY_DATABASE),
        ("dbx", SECURITY_DATABASE),
    ];
    variables.into_iter().map(|(name, vendor)| {
        let mut data = vendor.to_vec();
        data.extend((name.len() as u64).to_le_bytes());
        data.extend([0; 8]);
        data.extend(utf16(name));
        Event::of(&format!("variable {name}: not set"), &data)
    })
}

/// EFI_LOAD_OPTION of the boot menu, which OVMF registers as the only option.
fn boot_menu() -> Vec<u8> {
    /// Active, hidden, an application.
    const ATTRIBUTES: u32 = 0x109;
    let mut path = vec![4, 7, 20, 0];
    path.extend(MAIN_VOLUME);
    path.extend([4, 6, 20, 0]);
    path.extend(BOOT_MENU);
    path.extend([0x7f, 0xff, 4, 0]);
    let mut option = ATTRIBUTES.to_le_bytes().to_vec();
    option.extend((path.len() as u16).to_le_bytes());
    option.extend(utf16("UiApp"));
    option.extend([0; 2]);
    option.append(&mut path);
    option
}

/// UTF-16, little-endian, without a terminator.
pub(super) fn utf16(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the event log of a trust domain that dstack publishes (`cc-eventlog/samples/ccel.bin`).
    #[test]
    fn events_that_depend_on_no_machine_equal_those_of_a_published_log() {
        let digests: Vec<_> = secure_boot_variables().map(|event| event.digest.to_string()).collect();
        let published = [
            "9dc3a1f80bcec915",
            "6f2e3cbc14f9def8",
            "d607c0efb41c0d75",
            "08a74f8963b337ac",
            "18cc6e01f0c6ea99",
        ];
        for (digest, beginning) in digests.iter().zip(published) {
            assert!(digest.starts_with(beginning), "{digest}");
        }
        let menu = Event::of("", &boot_menu()).digest.to_string();
        assert!(
            menu.starts_with("23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fe"),
            "{menu}"
        );
        let order = Event::of("", &[0; 2]).digest.to_string();
        assert!(order.starts_with("1dd6f7b457ad880d840d41c961283bab"), "{order}");
    }
}
