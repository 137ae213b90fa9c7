//! What can be wrong with a certificate.

use super::{DAY, Draft};
use crate::tdx::{PckAuthority, PckExtension};
use crate::x509::{Authority, Extension, KeyPair, SimulatorError, ToBeSigned};

/// What is wrong with a certificate, or with who signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainDefect {
    /// Everything is under a root of the same name with another key.
    ForeignRoot,
    /// The platform's certificate ended an hour ago.
    ExpiredPck,
    /// It begins tomorrow.
    FuturePck,
    /// Its authority's certificate ended an hour ago.
    ExpiredPckAuthority,
    /// The certificate of the collateral's signer ended an hour ago.
    ExpiredTcbSigning,
    /// The platform's certificate names the platform authority, and the processor authority signed it.
    SwappedPckAuthority,
    /// The platform's authority is none by its basicConstraints.
    PckAuthorityWithoutConstraint,
    /// The platform's authority may not sign certificates by its keyUsage.
    PckAuthorityWithoutSigning,
    /// The platform's certificate says nothing about the platform.
    NoSgxExtension,
    /// The platform's certificate has a critical extension that nobody knows.
    UnknownCriticalExtension,
    /// Another platform's certificate signs TCB info and QE identity.
    CollateralSignedByPck,
    /// The chain in the quote is in the wrong order.
    ReversedChain,
    /// The chain in the quote lacks the authority.
    NoPckAuthority,
}

impl ChainDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::ForeignRoot,
        Self::ExpiredPck,
        Self::FuturePck,
        Self::ExpiredPckAuthority,
        Self::ExpiredTcbSigning,
        Self::SwappedPckAuthority,
        Self::PckAuthorityWithoutConstraint,
        Self::PckAuthorityWithoutSigning,
        Self::NoSgxExtension,
        Self::UnknownCriticalExtension,
        Self::CollateralSignedByPck,
        Self::ReversedChain,
        Self::NoPckAuthority,
    ];

    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        match self {
            Self::ForeignRoot => foreign_root(draft)?,
            Self::ExpiredPckAuthority | Self::PckAuthorityWithoutConstraint | Self::PckAuthorityWithoutSigning => {
                self.authority(draft)?;
            }
            Self::ExpiredTcbSigning => {
                let mut contents = draft.vendor.tcb_signing_contents();
                contents.not_after = draft.now.minus_seconds(3600);
                let key = draft.vendor.tcb_signing.key.clone();
                draft.vendor.tcb_signing = draft.vendor.root.certify(&contents, key)?;
            }
            Self::CollateralSignedByPck => draft.vendor.tcb_signing = draft.machine.pck.clone(),
            Self::ReversedChain => draft.machine.chain.reverse(),
            Self::NoPckAuthority => drop(draft.machine.chain.remove(1)),
            _ => self.leaf(draft)?,
        }
        Ok(())
    }

    /// The platform's certificate anew.
    fn leaf(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        let vendor = &draft.vendor;
        let key = KeyPair::generate_p256()?;
        let from = draft.now.minus_seconds(365 * DAY);
        let mut contents = vendor.pck(PckAuthority::Platform, &key, &PckExtension::genuine(), from);
        let mut signer = &vendor.platform_authority;
        match self {
            Self::ExpiredPck => contents.not_after = draft.now.minus_seconds(3600),
            Self::FuturePck => contents.not_before = draft.now.plus_seconds(DAY),
            Self::SwappedPckAuthority => signer = &vendor.processor_authority,
            Self::NoSgxExtension => drop(contents.extensions.pop()),
            _ => contents.extensions.push(Extension::critical(&[0x2a, 3, 4], vec![5, 0])),
        }
        let pck = signer.certify(&contents, key)?;
        replace(draft, pck, 0);
        Ok(())
    }

    /// The platform authority's certificate anew, for the same key.
    fn authority(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        let mut contents = draft.vendor.pck_authority_contents(PckAuthority::Platform);
        match self {
            Self::ExpiredPckAuthority => contents.not_after = draft.now.minus_seconds(3600),
            Self::PckAuthorityWithoutConstraint => {
                without(&mut contents, &Extension::authority(Some(0)));
                contents.extensions.push(Extension::no_authority());
            }
            _ => {
                without(&mut contents, &Extension::signs_certificates_and_lists());
                contents.extensions.push(Extension::key_usage(0b0000_0010, 1));
            }
        }
        let key = draft.vendor.platform_authority.key.clone();
        let authority = draft.vendor.root.certify(&contents, key)?;
        draft.vendor.platform_authority = authority.clone();
        replace_certificate(draft, &authority, 1);
        Ok(())
    }
}

fn without(contents: &mut ToBeSigned, extension: &Extension) {
    contents.extensions.retain(|own| own != extension);
}

fn replace(draft: &mut Draft, pck: Authority, place: usize) {
    replace_certificate(draft, &pck, place);
    draft.machine.pck = pck;
}

fn replace_certificate(draft: &mut Draft, authority: &Authority, place: usize) {
    if let Some(certificate) = draft.machine.chain.get_mut(place) {
        certificate.clone_from(&authority.certificate);
    }
}

/// Another Intel, alike but for its keys.
fn foreign_root(draft: &mut Draft) -> Result<(), SimulatorError> {
    let vendor = &mut draft.vendor;
    let key = KeyPair::generate_p256()?;
    vendor.root = Authority::root(&vendor.root_contents(), key)?;
    let contents = vendor.pck_authority_contents(PckAuthority::Platform);
    vendor.platform_authority = vendor.root.certify(&contents, vendor.platform_authority.key.clone())?;
    let contents = vendor.tcb_signing_contents();
    vendor.tcb_signing = vendor.root.certify(&contents, vendor.tcb_signing.key.clone())?;
    let (authority, root) = (vendor.platform_authority.clone(), vendor.root.clone());
    replace_certificate(draft, &authority, 1);
    replace_certificate(draft, &root, 2);
    Ok(())
}
