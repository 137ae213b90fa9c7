//! What can be wrong with a certificate.

use orv_evidence::UnixTime;

use super::{DAY, Draft, Evidence};
use crate::snp::{Chip, Kind, Product, Vendor, extension};
use crate::x509::{Authority, Extension, KeyPair, Name, SignatureAlgorithm, SimulatorError, ToBeSigned, TrailerField};

/// What is wrong with a certificate, or with who signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateDefect {
    /// The key's certificate ended an hour ago.
    Expired,
    /// It begins tomorrow.
    Future,
    /// It is for another boot loader.
    OtherBootLoader,
    /// It is for another TEE.
    OtherTee,
    /// It is for another SNP firmware.
    OtherSnp,
    /// It is for another microcode.
    OtherMicrocode,
    /// It is for another chip.
    OtherChip,
    /// It names another product.
    OtherProduct,
    /// It lacks the microcode.
    NoMicrocode,
    /// It lacks the chip.
    NoChip,
    /// It has the SNP firmware twice.
    DoubledExtension,
    /// It has a critical extension that nobody knows.
    UnknownCriticalExtension,
    /// It says that it is a VLEK's.
    OtherName,
    /// It names the ASK as its issuer, and the ASVK signed it.
    SwappedIssuer,
    /// It declares ECDSA, and is signed by RSA-PSS.
    OtherAlgorithm,
    /// It declares a salt of 32 bytes, and is signed with 48.
    OtherSalt,
    /// The intermediate is another product's, with its own name.
    OtherProductsIntermediate,
    /// The intermediate ended an hour ago.
    ExpiredIntermediate,
    /// The intermediate is no authority.
    IntermediateWithoutConstraint,
    /// The intermediate may not sign certificates.
    IntermediateWithoutSigning,
    /// The intermediate was signed by another key than the root's.
    ForeignIntermediate,
}

impl CertificateDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::Expired,
        Self::Future,
        Self::OtherBootLoader,
        Self::OtherTee,
        Self::OtherSnp,
        Self::OtherMicrocode,
        Self::OtherChip,
        Self::OtherProduct,
        Self::NoMicrocode,
        Self::NoChip,
        Self::DoubledExtension,
        Self::UnknownCriticalExtension,
        Self::OtherName,
        Self::SwappedIssuer,
        Self::OtherAlgorithm,
        Self::OtherSalt,
        Self::OtherProductsIntermediate,
        Self::ExpiredIntermediate,
        Self::IntermediateWithoutConstraint,
        Self::IntermediateWithoutSigning,
        Self::ForeignIntermediate,
    ];

    pub(super) fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        let mut draft = Draft::usual(now)?;
        match self {
            Self::ExpiredIntermediate
            | Self::IntermediateWithoutConstraint
            | Self::IntermediateWithoutSigning
            | Self::ForeignIntermediate => self.intermediate(&mut draft)?,
            Self::OtherProductsIntermediate => draft.vendor.ask = Vendor::published(Product::Turin)?.ask,
            _ => self.leaf(&mut draft)?,
        }
        draft.finish()
    }

    fn leaf(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        let (vendor, report) = (&draft.vendor, &draft.report);
        let (mut tcb, mut chip_id) = (report.reported_tcb, report.chip_id);
        match self {
            Self::OtherBootLoader => tcb.boot_loader += 1,
            Self::OtherTee => tcb.tee += 1,
            Self::OtherSnp => tcb.snp += 1,
            Self::OtherMicrocode => tcb.microcode += 1,
            Self::OtherChip => chip_id = [0xcc; 64],
            _ => {}
        }
        let mut contents = vendor.vcek(&tcb, &chip_id, draft.from());
        self.change(&mut contents, draft.now);
        let signer = match self {
            Self::SwappedIssuer => &vendor.asvk,
            _ => &vendor.ask,
        };
        draft.chip = Chip {
            vek: signer.certify(&contents, KeyPair::generate()?)?,
        };
        Ok(())
    }

    fn change(self, contents: &mut ToBeSigned, now: UnixTime) {
        match self {
            Self::Expired => contents.not_after = now.minus_seconds(3600),
            Self::Future => contents.not_before = now.plus_seconds(DAY),
            Self::OtherProduct => replace(contents, extension::text(&extension::PRODUCT, "Turin")),
            Self::NoMicrocode => remove(contents, &extension::MICROCODE),
            Self::NoChip => remove(contents, &extension::HARDWARE_ID),
            Self::DoubledExtension => {
                let again = extension::number(&extension::SNP, Product::Genoa.recent_tcb().snp);
                contents.extensions.push(again);
            }
            Self::UnknownCriticalExtension => contents.extensions.push(Extension::critical(&[0x2a, 3, 4], vec![5, 0])),
            Self::OtherName => rename(&mut contents.subject, Kind::Vlek.common_name()),
            Self::OtherAlgorithm => contents.algorithm = SignatureAlgorithm::EcdsaSha384,
            Self::OtherSalt => {
                contents.algorithm = SignatureAlgorithm::RsaPssSha384 {
                    salt: 32,
                    trailer: TrailerField::Absent,
                };
            }
            _ => {}
        }
    }

    fn intermediate(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        let vendor = &mut draft.vendor;
        let mut contents = vendor.intermediate(Kind::Vcek);
        let mut signer = &vendor.ark;
        match self {
            Self::ExpiredIntermediate => contents.not_after = draft.now.minus_seconds(3600),
            Self::IntermediateWithoutConstraint => replace(&mut contents, Extension::no_authority()),
            Self::IntermediateWithoutSigning => replace(&mut contents, Extension::key_usage(0b0000_0010, 1)),
            _ => signer = &vendor.asvk,
        }
        vendor.ask = Authority::certify(signer, &contents, vendor.ask.key.clone())?;
        Ok(())
    }
}

fn remove(contents: &mut ToBeSigned, identifier: &[u8]) {
    contents
        .extensions
        .retain(|extension| extension.identifier != identifier);
}

/// In the place of the one with the same identifier.
fn replace(contents: &mut ToBeSigned, extension: Extension) {
    let own = contents.extensions.iter_mut();
    for place in own.filter(|own| own.identifier == extension.identifier) {
        place.clone_from(&extension);
    }
}

fn rename(name: &mut Name, common_name: &str) {
    if let Some((_, value)) = name.0.last_mut() {
        common_name.clone_into(value);
    }
}
