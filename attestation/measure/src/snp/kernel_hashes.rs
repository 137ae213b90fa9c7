//! The page by which a directly booted kernel becomes part of the launch digest.

use crate::firmware::{PAGE, guid};
use crate::{Input, InputValue};
use ring::digest::{Context, SHA256};

const TABLE: [u8; 16] = guid(0x9438_d606, 0x4f22, 0x4cc9, 0xb479, 0xa793_d411_fd21);
const KERNEL: [u8; 16] = guid(0x4de7_9437, 0xabd2, 0x427f, 0xb835, 0xd5b1_72d2_045b);
const INITRD: [u8; 16] = guid(0x44ba_f731, 0x3a2f, 0x4bd7, 0x9af1, 0x41e2_9169_781d);
const COMMAND_LINE: [u8; 16] = guid(0x97d0_2dd8, 0xbd20, 0x4c94, 0xaa78, 0xe771_4d36_ab2a);

/// GUID, length, SHA-256.
const ENTRY: u16 = 16 + 2 + 32;
/// GUID, length, three entries; a multiple of 16 bytes is written.
const TABLE_LENGTH: u16 = 16 + 2 + 3 * ENTRY;
const PADDED: usize = (TABLE_LENGTH as usize).next_multiple_of(16);

/// SHA-256 of what QEMU hands to the firmware (`kernel-hashes=on`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelHashes {
    /// Of the kernel file as it is, without what QEMU changes in other kinds of guests.
    pub kernel: [u8; 32],
    /// Of the initrd, or of nothing when there is none.
    pub initrd: [u8; 32],
    /// Of the command line and one zero byte.
    pub command_line: [u8; 32],
}

impl KernelHashes {
    /// The hashes of these parts.
    pub fn of(kernel: &[u8], initrd: &[u8], command_line: &[u8]) -> Self {
        Self {
            kernel: sha256(&[kernel]),
            initrd: sha256(&[initrd]),
            command_line: sha256(&[command_line, &[0]]),
        }
    }

    /// What stands for kernel, initrd and command line.
    pub(super) fn inputs(&self) -> [Input; 3] {
        let input = |name: &str, hash: &[u8; 32]| Input {
            name: name.to_owned(),
            value: InputValue::Setting {
                value: format!("sha256 {}", hex::encode(hash)),
            },
        };
        [
            input("kernel", &self.kernel),
            input("initrd", &self.initrd),
            input("command line and a zero byte", &self.command_line),
        ]
    }

    /// The page that holds the table, at the place in it where `address` points; `None` when it would not fit.
    pub(super) fn page(&self, address: u32) -> Option<[u8; PAGE]> {
        let mut page = [0; PAGE];
        let offset = address as usize % PAGE;
        let place = page.get_mut(offset..offset.checked_add(PADDED)?)?;
        for (to, from) in place.iter_mut().zip(self.table()) {
            *to = from;
        }
        Some(page)
    }

    fn table(&self) -> Vec<u8> {
        let entries = [
            (COMMAND_LINE, self.command_line),
            (INITRD, self.initrd),
            (KERNEL, self.kernel),
        ];
        let mut table = TABLE.to_vec();
        table.extend(TABLE_LENGTH.to_le_bytes());
        for (guid, hash) in entries {
            table.extend(guid);
            table.extend(ENTRY.to_le_bytes());
            table.extend(hash);
        }
        table
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}
