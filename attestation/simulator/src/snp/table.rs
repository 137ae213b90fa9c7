//! The host's certificate table, as `auxblob` of configfs-tsm and the extended guest request give it (GHCB
//! specification, "SNP Extended Guest Request"): entries of GUID, offset and length, a zero entry, then the bytes.

use super::{Chip, Kind, Vendor};

/// Whose certificate an entry holds.
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
    /// 92f81bc3-5811-4d3d-97ff-d19f88dc67ea, the ARK's list.
    RevocationList,
}

impl CertificateEntry {
    /// The sixteen bytes as the text writes them, no field swapped.
    const fn guid(self) -> [u8; 16] {
        let number: u128 = match self {
            Self::Vcek => 0x63da758d_e664_4564_adc5_f4b93be8accd,
            Self::Vlek => 0xa8074bc2_a25a_483e_aae6_39c045a0b8a1,
            Self::Ask => 0x4ab7b379_bbac_4fe4_a02f_05aef327c782,
            Self::Ark => 0xc0b406a4_a803_4952_9743_3fb6014cd0ae,
            Self::RevocationList => 0x92f81bc3_5811_4d3d_97ff_d19f88dc67ea,
        };
        number.to_be_bytes()
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
