//! The host's certificate table, as `auxblob` of configfs-tsm and the extended guest request give it (GHCB
//! specification, "SNP Extended Guest Request"): entries of GUID, offset and length, a zero entry, then the bytes.

use super::{Chip, Kind, Vendor};

/// Whose certificate an entry holds. GUIDs are stored with their first three fields little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateEntry {
    /// 63da758d-e664-4564-adc5-f4b93be8accd.
    Vcek,
    /// a8074bc2-a25a-483e-aae6-39c045a0b8a1.
    Vlek,
    /// 4ab7b379-bbac-4fe4-a02f-05aef327c782, which VLEKs use for the ASVK too.
    Ask,
    /// c0b406a4-a803-4952-9743-3fb6014cd0ae.
    Ark,
}

impl CertificateEntry {
    const fn guid(self) -> [u8; 16] {
        match self {
            Self::Vcek => [
                0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd,
            ],
            Self::Vlek => [
                0xc2, 0x4b, 0x07, 0xa8, 0x5a, 0xa2, 0x3e, 0x48, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1,
            ],
            Self::Ask => [
                0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82,
            ],
            Self::Ark => [
                0xa4, 0x06, 0xb4, 0xc0, 0x03, 0xa8, 0x52, 0x49, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae,
            ],
        }
    }
}

/// The table of these certificates.
pub fn certificate_table(entries: &[(CertificateEntry, &[u8])]) -> Vec<u8> {
    let mut table = Vec::new();
    let mut offset = 24 * (entries.len() + 1);
    for (entry, certificate) in entries {
        table.extend(entry.guid());
        table.extend(little_endian(offset));
        table.extend(little_endian(certificate.len()));
        offset += certificate.len();
    }
    table.extend([0; 24]);
    for (_, certificate) in entries {
        table.extend_from_slice(certificate);
    }
    table
}

impl Vendor {
    /// The table that a host of this vendor's gives for `chip`: leaf, ASK or ASVK, ARK.
    pub fn certificate_table(&self, chip: &Chip, kind: Kind) -> Vec<u8> {
        let (leaf, intermediate) = match kind {
            Kind::Vcek => (CertificateEntry::Vcek, &self.ask),
            Kind::Vlek => (CertificateEntry::Vlek, &self.asvk),
        };
        certificate_table(&[
            (leaf, &chip.vek.certificate),
            (CertificateEntry::Ask, &intermediate.certificate),
            (CertificateEntry::Ark, &self.ark.certificate),
        ])
    }
}

fn little_endian(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}
