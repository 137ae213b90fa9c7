//! A catalogue of what can be wrong with Nitro evidence, each made on purpose.

use orv_evidence::{Binding, UnixTime};

use super::certificate::{Certificate, Role};
use super::document::{NitroDocument, sign};
use super::root::published_root;
use super::simulated::SimulatedNitro;
use crate::Standing;
use crate::x509::{Authority, KeyPair, RevocationList, SimulatorError};

/// One thing that is wrong; everything else is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NitroDefect {
    /// Debug mode: PCR0, PCR1 and PCR2 are zero.
    Debug,
    /// PCR1 alone is zero.
    OneZeroRegister,
    /// PCR4 is of another parent instance than the module's name says.
    OtherParent,
    /// The certificates begin with another root of the same name.
    ForeignRoot,
    /// The leaf ended an hour ago.
    ExpiredLeaf,
    /// The leaf begins tomorrow.
    FutureLeaf,
    /// The authority over the leaf ended an hour ago.
    ExpiredAuthority,
    /// The authority over the leaf may not sign certificates.
    AuthorityWithoutSigning,
    /// The authority over the leaf is none.
    AuthorityWithoutConstraint,
    /// The leaf may not sign documents.
    LeafWithoutSigning,
    /// The leaf is an authority.
    LeafIsAuthority,
    /// The authority over the leaf is missing.
    MissingAuthority,
    /// The leaf is revoked.
    RevokedLeaf,
    /// The authority over it is revoked.
    RevokedAuthority,
    /// The authority's list ended an hour ago.
    ExpiredList,
    /// Another key signed the document.
    OtherKey,
    /// A bit of the payload is flipped.
    Payload,
    /// A bit of the signature is flipped.
    Signature,
    /// A byte follows the document.
    Trailing,
}

/// A document with the revocation lists of its issuers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NitroEvidence {
    /// The document, COSE_Sign1.
    pub document: Vec<u8>,
    /// Lists of the root and of the authority under it, DER.
    pub revocation_lists: Vec<Vec<u8>>,
}

impl NitroEvidence {
    /// Without any defect, judged at `now`: root, one authority of yesterday, leaf of now.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn genuine(module: &SimulatedNitro, binding: &Binding, now: UnixTime) -> Result<Self, SimulatorError> {
        Draft::new(now)?.finish(module, binding, |_| {})
    }
}

impl NitroDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::Debug,
        Self::OneZeroRegister,
        Self::OtherParent,
        Self::ForeignRoot,
        Self::ExpiredLeaf,
        Self::FutureLeaf,
        Self::ExpiredAuthority,
        Self::AuthorityWithoutSigning,
        Self::AuthorityWithoutConstraint,
        Self::LeafWithoutSigning,
        Self::LeafIsAuthority,
        Self::MissingAuthority,
        Self::RevokedLeaf,
        Self::RevokedAuthority,
        Self::ExpiredList,
        Self::OtherKey,
        Self::Payload,
        Self::Signature,
        Self::Trailing,
    ];

    /// What a verifier must think of it at the moment it was made for.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Debug | Self::OneZeroRegister | Self::OtherParent => Standing::NotAcceptable,
            _ => Standing::NotAuthentic,
        }
    }

    /// Evidence of `module` for `binding` with this defect, to be judged at `now`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn forge(
        self,
        module: &SimulatedNitro,
        binding: &Binding,
        now: UnixTime,
    ) -> Result<NitroEvidence, SimulatorError> {
        let mut draft = Draft::new(now)?;
        self.certificates(&mut draft)?;
        self.lists(&mut draft);
        let mut evidence = draft.finish(module, binding, |payload| self.payload(payload))?;
        self.bytes(&mut evidence.document);
        Ok(evidence)
    }

    fn certificates(self, draft: &mut Draft) -> Result<(), SimulatorError> {
        let now = draft.now;
        let mut authority = Draft::authority(now);
        let mut leaf = SimulatedNitro::leaf(now);
        match self {
            Self::ForeignRoot => draft.root = Authority::self_signed(&Draft::root(), KeyPair::generate()?)?,
            Self::ExpiredLeaf => {
                leaf.not_before = now.minus_seconds(7200);
                leaf.not_after = now.minus_seconds(3600);
            }
            Self::FutureLeaf => leaf.not_before = now.plus_seconds(86_400),
            Self::ExpiredAuthority => authority.not_after = now.minus_seconds(3600),
            Self::AuthorityWithoutSigning => authority.role = Role::AuthorityWithoutSigning,
            Self::AuthorityWithoutConstraint => authority.role = Role::Leaf,
            Self::LeafWithoutSigning => leaf.role = Role::LeafWithoutSigning,
            Self::LeafIsAuthority => leaf.role = Role::Authority { path_length: None },
            Self::OtherKey => {
                draft.leaf.key = KeyPair::generate()?;
                return Ok(());
            }
            _ => return Ok(()),
        }
        draft.authority = draft.root.issue(&authority)?;
        draft.leaf = draft.authority.issue(&leaf)?;
        Ok(())
    }

    fn lists(self, draft: &mut Draft) {
        let (leaf, authority) = (draft.leaf.serial_number(), draft.authority.serial_number());
        match self {
            Self::RevokedLeaf => draft.authority_list.serial_numbers.push(leaf),
            Self::RevokedAuthority => draft.root_list.serial_numbers.push(authority),
            Self::ExpiredList => draft.authority_list.next_update = draft.now.minus_seconds(3600),
            _ => {}
        }
    }

    fn payload(self, payload: &mut NitroDocument) {
        let zero = |payload: &mut NitroDocument, wanted: &[u64]| {
            let own = payload.pcrs.iter_mut();
            for (_, register) in own.filter(|(index, _)| wanted.contains(index)) {
                *register = vec![0; 48];
            }
        };
        match self {
            Self::Debug => zero(payload, &[0, 1, 2]),
            Self::OneZeroRegister => zero(payload, &[1]),
            Self::OtherParent => payload.module_id = "i-another00000000-enc0000000000000".to_owned(),
            Self::MissingAuthority => drop(payload.cabundle.pop()),
            _ => {}
        }
    }

    fn bytes(self, document: &mut Vec<u8>) {
        let place = match self {
            // Inside the payload, and inside the 96 bytes of the signature at the end.
            Self::Payload => document.len() / 2,
            Self::Signature => document.len().saturating_sub(20),
            Self::Trailing => return document.push(0),
            _ => return,
        };
        if let Some(byte) = document.get_mut(place) {
            *byte ^= 1;
        }
    }
}

/// Everything before it is signed.
struct Draft {
    root: Authority,
    authority: Authority,
    leaf: Authority,
    root_list: RevocationList,
    authority_list: RevocationList,
    now: UnixTime,
}

impl Draft {
    fn new(now: UnixTime) -> Result<Self, SimulatorError> {
        let list = RevocationList {
            this_update: now.minus_seconds(86_400),
            next_update: now.plus_seconds(86_400),
            serial_numbers: Vec::new(),
        };
        let root = published_root()?;
        let authority = root.issue(&Self::authority(now))?;
        Ok(Self {
            leaf: authority.issue(&SimulatedNitro::leaf(now))?,
            authority,
            root,
            root_list: list.clone(),
            authority_list: list,
            now,
        })
    }

    fn authority(now: UnixTime) -> Certificate {
        Certificate {
            subject: "region SIMULATED".to_owned(),
            not_before: now.minus_seconds(86_400),
            not_after: now.plus_seconds(86_400),
            role: Role::Authority { path_length: Some(0) },
        }
    }

    /// Alike the published one.
    fn root() -> Certificate {
        Certificate {
            subject: super::root::NAME.to_owned(),
            not_before: UnixTime::from_seconds(1_577_836_800),
            not_after: UnixTime::from_seconds(2_524_607_999),
            role: Role::Authority { path_length: None },
        }
    }

    fn finish(
        &self,
        module: &SimulatedNitro,
        binding: &Binding,
        change: impl FnOnce(&mut NitroDocument),
    ) -> Result<NitroEvidence, SimulatorError> {
        let bundle = vec![self.root.certificate.clone(), self.authority.certificate.clone()];
        let mut payload = module.document(binding, &self.leaf, bundle, self.now);
        change(&mut payload);
        Ok(NitroEvidence {
            document: sign(&payload.encode(), &self.leaf.key)?,
            revocation_lists: vec![
                self.root.publish(&self.root_list)?,
                self.authority.publish(&self.authority_list)?,
            ],
        })
    }
}
