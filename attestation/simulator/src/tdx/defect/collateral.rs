//! What can be wrong with what Intel publishes.

use super::{DAY, Draft};
use crate::Standing;
use crate::tdx::tcb_info::upper;
use crate::tdx::{PckAuthority, TcbStatus};

/// What is wrong with properly signed collateral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollateralDefect {
    /// The platform's certificate is revoked.
    RevokedPck,
    /// Its authority is revoked.
    RevokedPckAuthority,
    /// The signer of the collateral is revoked.
    RevokedTcbSigning,
    /// TCB info ended an hour ago.
    ExpiredTcbInfo,
    /// QE identity ended an hour ago.
    ExpiredQeIdentity,
    /// The PCK authority's list ended an hour ago.
    ExpiredPckList,
    /// The root's list ended an hour ago.
    ExpiredRootList,
    /// TCB info begins tomorrow.
    FutureTcbInfo,
    /// QE identity begins tomorrow.
    FutureQeIdentity,
    /// The list is the other PCK authority's.
    OtherPckList,
    /// TCB info of another model.
    OtherModel,
    /// TCB info of another provisioning certification enclave.
    OtherPce,
    /// TCB info of SGX.
    SgxTcbInfo,
    /// The quoting enclave of SGX.
    SgxQeIdentity,
    /// No level for the platform.
    NoLevel,
    /// Only newer platforms have levels.
    OnlyNewerLevels,
    /// The platform's level is revoked.
    RevokedLevel,
    /// The module's level is revoked.
    RevokedModule,
    /// The quoting enclave's level is revoked.
    RevokedQe,
    /// The platform's level has a status that nobody knows.
    UnheardOfStatus,
    /// Another quoting enclave's signer.
    OtherQeSigner,
    /// Another quoting enclave's product.
    OtherQeProduct,
    /// No level for the quoting enclave.
    NoQeLevel,
    /// The platform is out of date.
    OutOfDate,
    /// The quoting enclave is out of date.
    OutOfDateQe,
    /// Its configuration must be looked at.
    ConfigurationNeeded,
    /// Its configuration must be looked at, and software must defend itself.
    ConfigurationAndSoftwareHardeningNeeded,
    /// It is out of date, and its configuration must be looked at.
    OutOfDateConfigurationNeeded,
    /// Software must defend itself against an advisory.
    SoftwareHardeningNeeded,
    /// TCB info and QE identity of a round long ago.
    OldEvaluation,
}

impl CollateralDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::RevokedPck,
        Self::RevokedPckAuthority,
        Self::RevokedTcbSigning,
        Self::ExpiredTcbInfo,
        Self::ExpiredQeIdentity,
        Self::ExpiredPckList,
        Self::ExpiredRootList,
        Self::FutureTcbInfo,
        Self::FutureQeIdentity,
        Self::OtherPckList,
        Self::OtherModel,
        Self::OtherPce,
        Self::SgxTcbInfo,
        Self::SgxQeIdentity,
        Self::NoLevel,
        Self::OnlyNewerLevels,
        Self::RevokedLevel,
        Self::RevokedModule,
        Self::RevokedQe,
        Self::UnheardOfStatus,
        Self::OtherQeSigner,
        Self::OtherQeProduct,
        Self::NoQeLevel,
        Self::OutOfDate,
        Self::OutOfDateQe,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSoftwareHardeningNeeded,
        Self::OutOfDateConfigurationNeeded,
        Self::SoftwareHardeningNeeded,
        Self::OldEvaluation,
    ];

    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::OldEvaluation | Self::SoftwareHardeningNeeded => Standing::ByPolicy,
            Self::OutOfDate
            | Self::OutOfDateQe
            | Self::ConfigurationNeeded
            | Self::ConfigurationAndSoftwareHardeningNeeded
            | Self::OutOfDateConfigurationNeeded => Standing::NotAcceptable,
            _ => Standing::NotAuthentic,
        }
    }

    pub(super) fn apply(self, draft: &mut Draft) {
        match self {
            Self::RevokedPck | Self::RevokedPckAuthority | Self::RevokedTcbSigning => self.revoke(draft),
            Self::ExpiredTcbInfo
            | Self::ExpiredQeIdentity
            | Self::ExpiredPckList
            | Self::ExpiredRootList
            | Self::FutureTcbInfo
            | Self::FutureQeIdentity => self.date(draft),
            Self::OtherPckList | Self::OtherModel | Self::OtherPce | Self::SgxTcbInfo | Self::SgxQeIdentity => {
                self.address(draft);
            }
            Self::RevokedModule | Self::RevokedQe | Self::OtherQeSigner | Self::OtherQeProduct | Self::NoQeLevel => {
                self.enclaves(draft);
            }
            _ => self.levels(draft),
        }
    }

    fn revoke(self, draft: &mut Draft) {
        let collateral = &mut draft.collateral;
        match self {
            Self::RevokedPck => collateral
                .pck_revocation
                .serial_numbers
                .push(draft.machine.pck.serial_number()),
            Self::RevokedPckAuthority => collateral
                .root_revocation
                .serial_numbers
                .push(draft.vendor.platform_authority.serial_number()),
            _ => collateral
                .root_revocation
                .serial_numbers
                .push(draft.vendor.tcb_signing.serial_number()),
        }
    }

    const fn date(self, draft: &mut Draft) {
        let (hour_ago, tomorrow) = (draft.now.minus_seconds(3600), draft.now.plus_seconds(DAY));
        let collateral = &mut draft.collateral;
        match self {
            Self::ExpiredTcbInfo => collateral.tcb_info.next_update = hour_ago,
            Self::ExpiredQeIdentity => collateral.qe_identity.next_update = hour_ago,
            Self::ExpiredPckList => collateral.pck_revocation.next_update = hour_ago,
            Self::ExpiredRootList => collateral.root_revocation.next_update = hour_ago,
            Self::FutureTcbInfo => collateral.tcb_info.issue_date = tomorrow,
            _ => collateral.qe_identity.issue_date = tomorrow,
        }
    }

    fn address(self, draft: &mut Draft) {
        let collateral = &mut draft.collateral;
        match self {
            Self::OtherPckList => collateral.authority = PckAuthority::Processor,
            Self::OtherModel => collateral.tcb_info.fmspc = "00AA00AA0000".to_owned(),
            Self::OtherPce => collateral.tcb_info.pce_id = "0001".to_owned(),
            Self::SgxTcbInfo => collateral.tcb_info.id = "SGX".to_owned(),
            _ => collateral.qe_identity.id = "QE".to_owned(),
        }
    }

    fn enclaves(self, draft: &mut Draft) {
        let collateral = &mut draft.collateral;
        let identity = &mut collateral.qe_identity;
        match self {
            Self::RevokedModule => {
                let modules = &mut collateral.tcb_info.tdx_module_identities;
                for level in modules.iter_mut().flat_map(|module| &mut module.tcb_levels) {
                    level.tcb_status = TcbStatus::Revoked;
                }
            }
            Self::RevokedQe => {
                for level in &mut identity.tcb_levels {
                    level.tcb_status = TcbStatus::Revoked;
                }
            }
            Self::OtherQeSigner => identity.mrsigner = upper(&[0x52; 32]),
            Self::OtherQeProduct => identity.isvprodid = 1,
            _ => identity.tcb_levels.clear(),
        }
    }

    fn levels(self, draft: &mut Draft) {
        let collateral = &mut draft.collateral;
        let levels = &mut collateral.tcb_info.tcb_levels;
        match self {
            Self::NoLevel => levels.clear(),
            Self::OnlyNewerLevels => levels.iter_mut().for_each(|level| level.tcb.pcesvn = 99),
            Self::OutOfDateQe => {
                let levels = &mut collateral.qe_identity.tcb_levels;
                levels.remove(0);
            }
            Self::OldEvaluation => {
                collateral.tcb_info.tcb_evaluation_data_number = 1;
                collateral.qe_identity.tcb_evaluation_data_number = 1;
            }
            _ => {
                for level in levels {
                    level.tcb_status = self.status();
                    level.advisory_ids = vec!["INTEL-SA-00003".to_owned()];
                }
            }
        }
    }

    const fn status(self) -> TcbStatus {
        match self {
            Self::RevokedLevel => TcbStatus::Revoked,
            Self::OutOfDate => TcbStatus::OutOfDate,
            Self::ConfigurationNeeded => TcbStatus::ConfigurationNeeded,
            Self::ConfigurationAndSoftwareHardeningNeeded => TcbStatus::ConfigurationAndSWHardeningNeeded,
            Self::OutOfDateConfigurationNeeded => TcbStatus::OutOfDateConfigurationNeeded,
            Self::SoftwareHardeningNeeded => TcbStatus::SWHardeningNeeded,
            _ => TcbStatus::UnheardOf,
        }
    }
}
