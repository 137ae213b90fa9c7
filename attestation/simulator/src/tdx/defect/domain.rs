//! What can be wrong with what is quoted.

use crate::Standing;
use crate::tdx::{Layout, Quote, attributes};

/// What is wrong with the domain, its module, or the quote's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DomainDefect {
    /// The host may debug it.
    Debug,
    /// A reserved bit of the group that makes a domain untrusted.
    UntrustedReservedBit,
    /// A reserved attribute.
    ReservedAttribute,
    /// The host can inject violations of pending pages.
    NoSeptVeDisable,
    /// It can be migrated.
    Migratable,
    /// It can use performance monitoring.
    Perfmon,
    /// A service domain is bound.
    ServiceTd,
    /// A service domain is bound, and the report carries its hash (version 5 type 4).
    ServiceTdExtension,
    /// The host chose an MRCONFIGID.
    ConfigurationIdentity,
    /// The host chose an MROWNER.
    Owner,
    /// The host chose an MROWNERCONFIG.
    OwnerConfiguration,
    /// Its module is out of date, at launch and now.
    OldModule,
    /// Its module was out of date at launch, and is up to date now.
    OldModuleAtLaunch,
    /// Its module is older than any level.
    AncientModule,
    /// A version of the module that nobody published.
    UnknownModule,
    /// A module of another signer.
    ForeignModule,
    /// A module with attributes.
    ModuleAttributes,
    /// The header says SGX.
    SgxTee,
    /// The header names another quoting enclave's vendor.
    ForeignQuotingEnclave,
    /// The header says P-384.
    OtherKeyType,
    /// The header says version 3.
    OtherVersion,
}

impl DomainDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::Debug,
        Self::UntrustedReservedBit,
        Self::ReservedAttribute,
        Self::NoSeptVeDisable,
        Self::Migratable,
        Self::Perfmon,
        Self::ServiceTd,
        Self::ServiceTdExtension,
        Self::ConfigurationIdentity,
        Self::Owner,
        Self::OwnerConfiguration,
        Self::OldModule,
        Self::OldModuleAtLaunch,
        Self::AncientModule,
        Self::UnknownModule,
        Self::ForeignModule,
        Self::ModuleAttributes,
        Self::SgxTee,
        Self::ForeignQuotingEnclave,
        Self::OtherKeyType,
        Self::OtherVersion,
    ];

    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::AncientModule
            | Self::UnknownModule
            | Self::ForeignModule
            | Self::ModuleAttributes
            | Self::SgxTee
            | Self::ForeignQuotingEnclave
            | Self::OtherKeyType
            | Self::OtherVersion => Standing::NotAuthentic,
            _ => Standing::NotAcceptable,
        }
    }

    pub(super) fn apply(self, quote: &mut Quote) {
        let report = &mut quote.report;
        match self {
            Self::Debug => report.td_attributes |= attributes::DEBUG,
            Self::UntrustedReservedBit => report.td_attributes |= attributes::RESERVED_UNTRUSTED,
            Self::ReservedAttribute => report.td_attributes |= attributes::RESERVED,
            Self::NoSeptVeDisable => report.td_attributes &= !attributes::SEPT_VE_DISABLE,
            Self::Migratable => report.td_attributes |= attributes::MIGRATABLE,
            Self::Perfmon => report.td_attributes |= attributes::PERFMON,
            Self::ServiceTd => report.mr_service_td = [0x38; 48],
            Self::ServiceTdExtension => {
                quote.layout = Layout::Version5Td15Extended;
                report.td_attributes |= attributes::SERVICE_TD_EXTENSION;
                report.mr_service_td = [0x38; 48];
                report.initial_service_td_hash = [0x38; 48];
                report.current_service_td_hash = [0x38; 48];
            }
            Self::ConfigurationIdentity => report.mr_config_id = [1; 48],
            Self::Owner => report.mr_owner = [1; 48],
            Self::OwnerConfiguration => report.mr_owner_config = [1; 48],
            Self::OldModule => {
                set_module(&mut report.tee_tcb_svn, 2, 1);
                set_module(&mut report.tee_tcb_svn_2, 2, 1);
            }
            Self::OldModuleAtLaunch => set_module(&mut report.tee_tcb_svn, 2, 1),
            Self::AncientModule => set_module(&mut report.tee_tcb_svn, 1, 1),
            Self::UnknownModule => set_module(&mut report.tee_tcb_svn, 6, 2),
            Self::ForeignModule => report.mr_signer_seam = [1; 48],
            Self::ModuleAttributes => report.seam_attributes = 1,
            Self::SgxTee => quote.header.tee_type = 0,
            Self::ForeignQuotingEnclave => quote.header.qe_vendor = [0x0f; 16],
            Self::OtherKeyType => quote.header.attestation_key_type = 3,
            Self::OtherVersion => quote.header.version = 3,
        }
    }
}

const fn set_module(svn: &mut [u8; 16], own: u8, version: u8) {
    let [first, second, ..] = svn;
    *first = own;
    *second = version;
}
