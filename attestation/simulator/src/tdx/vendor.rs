//! Intel with its keys.

use orv_evidence::UnixTime;

use super::certificate::{self, PckAuthority};
use super::collateral::{Collateral, CollateralContents};
use super::machine::{Machine, MachineContents};
use super::pck::PckExtension;
use super::published;
use crate::x509::{Authority, KeyPair, SimulatorError, ToBeSigned};

/// Intel: the root, the two authorities over PCK certificates, and the certificate that signs collateral. Replace any of
/// them to forge a level of the chain.
#[derive(Clone)]
pub struct Vendor {
    /// The root. It signs the list that covers the other three.
    pub root: Authority,
    /// Over PCK certificates of platforms. It signs the list that covers them.
    pub platform_authority: Authority,
    /// Over PCK certificates of processors. It signs the list that covers them.
    pub processor_authority: Authority,
    /// Signs TCB info and QE identity.
    pub tcb_signing: Authority,
}

impl Vendor {
    /// The committed Intel, whose private keys are published.
    ///
    /// # Errors
    /// [`SimulatorError::Key`] never happens for the committed keys; a test says so.
    pub fn published() -> Result<Self, SimulatorError> {
        published::vendor()
    }

    /// A platform with a fresh PCK and attestation key.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn machine(&self, contents: &MachineContents) -> Result<Machine, SimulatorError> {
        let key = KeyPair::generate_p256()?;
        let pck = self.pck(contents.authority, &key, &contents.extension, contents.from);
        self.machine_under(contents.authority, &pck, key)
    }

    /// A platform whose PCK certificate has any contents, signed by an authority of this vendor's.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn machine_under(
        &self,
        authority: PckAuthority,
        pck: &ToBeSigned,
        key: KeyPair,
    ) -> Result<Machine, SimulatorError> {
        let authority = self.pck_authority(authority);
        Machine::new(authority.certify(pck, key)?, authority, &self.root)
    }

    /// The contents of a PCK certificate for `key`.
    pub fn pck(&self, authority: PckAuthority, key: &KeyPair, extension: &PckExtension, from: UnixTime) -> ToBeSigned {
        certificate::pck(authority, &self.pck_authority(authority).key, key, extension, from)
    }

    /// The authority of this kind.
    pub const fn pck_authority(&self, kind: PckAuthority) -> &Authority {
        match kind {
            PckAuthority::Platform => &self.platform_authority,
            PckAuthority::Processor => &self.processor_authority,
        }
    }

    /// The contents of the root's certificate, to be changed and signed anew.
    pub fn root_contents(&self) -> ToBeSigned {
        published::root_contents(&self.root.key)
    }

    /// The contents of a PCK authority's certificate, likewise.
    pub fn pck_authority_contents(&self, kind: PckAuthority) -> ToBeSigned {
        published::pck_authority_contents(kind, &self.pck_authority(kind).key, &self.root.key)
    }

    /// The contents of the TCB signing certificate, likewise.
    pub fn tcb_signing_contents(&self) -> ToBeSigned {
        published::signing_contents(&self.tcb_signing.key, &self.root.key)
    }

    /// The collateral, signed.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn collateral(&self, contents: &CollateralContents) -> Result<Collateral, SimulatorError> {
        contents.sign(self)
    }
}
