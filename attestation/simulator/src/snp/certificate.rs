//! The certificates of AMD's chain.

use orv_evidence::UnixTime;

use super::extension::{hardware_id, text, versions};
use super::{Product, Tcb, extension};
use crate::x509::{Attribute, Extension, KeyPair, Name, SignatureAlgorithm, ToBeSigned};

/// How long a VCEK lives, in seconds: seven years of 365 days and a quarter.
pub const VCEK_LIFETIME: u64 = 7 * 31_557_600;
/// How long a VLEK lives, in seconds: one year of 365 days.
pub const VLEK_LIFETIME: u64 = 31_536_000;

/// What kind of key signs a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Versioned chip endorsement key: this chip, under the ASK.
    Vcek,
    /// Versioned loaded endorsement key: a provider's chips, under the ASVK.
    Vlek,
}

impl Kind {
    /// The common name of the leaf.
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Vcek => "SEV-VCEK",
            Self::Vlek => "SEV-VLEK",
        }
    }

    /// The common name of the authority above it.
    pub fn issuer(self, product: Product) -> String {
        match self {
            Self::Vcek => format!("SEV-{}", product.as_str()),
            Self::Vlek => format!("SEV-VLEK-{}", product.as_str()),
        }
    }
}

/// A name with AMD's attributes in AMD's order, whose organisation says what it is.
pub(super) fn name(common_name: &str) -> Name {
    Name::of(&[
        (Attribute::OrganizationalUnit, "Engineering"),
        (Attribute::Country, "US"),
        (Attribute::Locality, "Santa Clara"),
        (Attribute::State, "CA"),
        (Attribute::Organization, "SIMULATED, private key published"),
        (Attribute::CommonName, common_name),
    ])
}

/// The contents of a root, ARK, for its own key.
pub(super) fn root(product: Product, key: &KeyPair, serial: u8, from: UnixTime, to: UnixTime) -> ToBeSigned {
    let ark = name(&format!("ARK-{}", product.as_str()));
    ToBeSigned {
        serial_number: vec![serial, 0, 0],
        algorithm: SignatureAlgorithm::AMD_AUTHORITY,
        issuer: ark.clone(),
        not_before: from,
        not_after: to,
        subject: ark,
        extensions: vec![
            Extension::signs_certificates_and_lists(),
            Extension::subject_key(&key.identifier()),
            Extension::authority(None),
        ],
    }
}

/// The contents of the authority above leaves of this kind, ASK or ASVK, under the root with `root_key`.
pub(super) fn intermediate(
    (product, kind): (Product, Kind),
    key: &KeyPair,
    root_key: &KeyPair,
    serial: u8,
    (from, to): (UnixTime, UnixTime),
) -> ToBeSigned {
    ToBeSigned {
        serial_number: vec![1, 0, serial],
        algorithm: SignatureAlgorithm::AMD_AUTHORITY,
        issuer: name(&format!("ARK-{}", product.as_str())),
        not_before: from,
        not_after: to,
        subject: name(&kind.issuer(product)),
        extensions: vec![
            Extension::subject_key(&key.identifier()),
            Extension::authority_key(&root_key.identifier()),
            Extension::authority(Some(0)),
            Extension::key_usage(0b0000_0100, 2),
        ],
    }
}

/// The contents of a leaf of this kind.
fn leaf(product: Product, kind: Kind, from: UnixTime, lifetime: u64, extensions: Vec<Extension>) -> ToBeSigned {
    ToBeSigned {
        serial_number: vec![0],
        algorithm: SignatureAlgorithm::AMD_LEAF,
        issuer: name(&kind.issuer(product)),
        not_before: from,
        not_after: from.plus_seconds(lifetime),
        subject: name(kind.common_name()),
        extensions,
    }
}

/// The contents of a VCEK for the chip with this CHIP_ID and firmware.
pub(super) fn vcek(product: Product, tcb: &Tcb, chip_id: &[u8; 64], from: UnixTime) -> ToBeSigned {
    let mut extensions = versions(product, product.vcek_name(), tcb);
    let significant: Vec<u8> = chip_id.iter().take(product.hardware_id_size()).copied().collect();
    extensions.push(hardware_id(&significant));
    leaf(product, Kind::Vcek, from, VCEK_LIFETIME, extensions)
}

/// The contents of a VLEK for this provider and firmware.
pub(super) fn vlek(product: Product, tcb: &Tcb, provider: &str, from: UnixTime) -> ToBeSigned {
    let mut extensions = versions(product, product.as_str(), tcb);
    extensions.push(text(&extension::PROVIDER, provider));
    leaf(product, Kind::Vlek, from, VLEK_LIFETIME, extensions)
}
