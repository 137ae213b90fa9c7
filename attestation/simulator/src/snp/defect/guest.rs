//! What can be wrong with what is reported.

use orv_evidence::UnixTime;

use super::{Draft, Evidence};
use crate::Standing;
use crate::snp::{Kind, Product, Report, SigningKey, Version, policy};
use crate::x509::SimulatorError;

/// What is wrong with the guest, the platform or the form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuestDefect {
    /// The host may debug it.
    Debug,
    /// A migration agent may move it, and one is named.
    MigrationAgent,
    /// A bit of the guest policy that nobody knows.
    UnknownPolicyBit,
    /// The bit of the guest policy that must be one is zero.
    ReservedPolicyBitClear,
    /// The committed firmware is older than the reported one, which cannot be.
    CommittedBelowReported,
    /// It runs on Milan, whose keys can be extracted.
    Milan,
    /// The firmware is old, and the key's certificate says so too.
    OldFirmware,
    /// The firmware at launch was old.
    OldFirmwareAtLaunch,
    /// The report was asked for from VMPL 1.
    OtherPrivilege,
    /// Memory aliases were not looked for (BadRAM).
    NoAliasCheck,
    /// The host chose HOST_DATA.
    HostData,
    /// The chip's identifier is masked although the chip's own key signed.
    MaskedChip,
    /// The report says that nothing signed it.
    Unsigned,
    /// The report says that a key of a reserved number signed it.
    ReservedKey,
    /// The report says that a VLEK signed it, and a VCEK did.
    OtherKind,
    /// The host asked for the report.
    HostPrivilege,
    /// A version that nobody knows.
    UnknownVersion,
    /// Another signature algorithm.
    UnknownAlgorithm,
    /// The processor is a Milan by its family and model.
    OtherProcessor,
    /// The processor is of no product.
    UnknownProcessor,
    /// Version 2 says which processor it is, where bytes are reserved.
    ProcessorInVersionTwo,
    /// Version 4 has mitigations, where bytes are reserved.
    MitigationsInVersionFour,
    /// A reserved byte after the signer information.
    ReservedAfterSigner,
    /// A reserved byte after the stepping.
    ReservedAfterStepping,
    /// A reserved byte before the signature.
    ReservedBeforeSignature,
}

impl GuestDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::Debug,
        Self::MigrationAgent,
        Self::UnknownPolicyBit,
        Self::ReservedPolicyBitClear,
        Self::CommittedBelowReported,
        Self::Milan,
        Self::OldFirmware,
        Self::OldFirmwareAtLaunch,
        Self::OtherPrivilege,
        Self::NoAliasCheck,
        Self::HostData,
        Self::MaskedChip,
        Self::Unsigned,
        Self::ReservedKey,
        Self::OtherKind,
        Self::HostPrivilege,
        Self::UnknownVersion,
        Self::UnknownAlgorithm,
        Self::OtherProcessor,
        Self::UnknownProcessor,
        Self::ProcessorInVersionTwo,
        Self::MitigationsInVersionFour,
        Self::ReservedAfterSigner,
        Self::ReservedAfterStepping,
        Self::ReservedBeforeSignature,
    ];

    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Debug
            | Self::MigrationAgent
            | Self::UnknownPolicyBit
            | Self::ReservedPolicyBitClear
            | Self::CommittedBelowReported => Standing::NotAcceptable,
            Self::Milan
            | Self::OldFirmware
            | Self::OldFirmwareAtLaunch
            | Self::OtherPrivilege
            | Self::NoAliasCheck
            | Self::HostData => Standing::ByPolicy,
            _ => Standing::NotAuthentic,
        }
    }

    const fn version(self) -> Version {
        match self {
            Self::ProcessorInVersionTwo => Version::Two,
            Self::MitigationsInVersionFour => Version::Four,
            _ => Version::Five,
        }
    }

    pub(super) fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        let product = match self {
            Self::Milan => Product::Milan,
            _ => Product::Genoa,
        };
        let mut draft = Draft::new(product, self.version(), Kind::Vcek, now)?;
        self.guest(&mut draft.report);
        self.form(&mut draft.report);
        if self == Self::OldFirmware {
            let contents = draft
                .vendor
                .vcek(&draft.report.reported_tcb, &draft.report.chip_id, draft.from());
            draft.chip = draft.vendor.endorse(&contents)?;
        }
        draft.finish()
    }

    /// What is authentic.
    fn guest(self, report: &mut Report) {
        match self {
            Self::Debug => report.policy |= policy::DEBUG,
            Self::MigrationAgent => {
                report.policy |= policy::MIGRATE_MA;
                report.report_id_ma = [0x3a; 32];
            }
            Self::UnknownPolicyBit => report.policy |= 1 << 40,
            Self::ReservedPolicyBitClear => report.policy &= !policy::RESERVED_ONE,
            Self::CommittedBelowReported => report.committed_tcb.snp -= 1,
            Self::OldFirmware => {
                let mut old = report.reported_tcb;
                old.snp = 2;
                old.microcode = 1;
                report.set_firmware(old);
            }
            Self::OldFirmwareAtLaunch => report.launch_tcb.snp = 2,
            Self::OtherPrivilege => report.vmpl = 1,
            Self::NoAliasCheck => report.platform_info &= !policy::PLATFORM_ALIAS_CHECK_COMPLETE,
            Self::HostData => report.host_data = [7; 32],
            _ => {}
        }
    }

    /// What is not.
    fn form(self, report: &mut Report) {
        match self {
            Self::MaskedChip => {
                report.signer_flags |= policy::MASK_CHIP_KEY;
                report.chip_id = [0; 64];
            }
            Self::Unsigned => report.signing_key = SigningKey::None,
            Self::ReservedKey => report.signing_key = SigningKey::Reserved(2),
            Self::OtherKind => report.signing_key = SigningKey::Key(Kind::Vlek),
            Self::HostPrivilege => report.vmpl = u32::MAX,
            Self::UnknownVersion => report.version = 6,
            Self::UnknownAlgorithm => report.signature_algorithm = 2,
            Self::OtherProcessor => report.family_model_stepping = Product::Milan.family_model_stepping(),
            Self::UnknownProcessor => report.family_model_stepping = [0x17, 0x31, 0],
            Self::ProcessorInVersionTwo => report.family_model_stepping = Product::Genoa.family_model_stepping(),
            Self::MitigationsInVersionFour => report.current_mitigations = 1,
            Self::ReservedAfterSigner => report.reserved_after_signer = [0, 0, 0, 1],
            Self::ReservedAfterStepping => report.reserved_after_stepping = [1; 21],
            Self::ReservedBeforeSignature => report.reserved_before_signature = [1; 152],
            _ => {}
        }
    }
}
