//! Where a platform stands in Intel's TCB information. Levels and their comparison are `dcap-qvl`'s.

use std::cmp::Reverse;

use dcap_qvl::tcb_info::TdxModuleIdentity;
use dcap_qvl::{QeIdentity, TcbInfo, TcbLevel, TcbStatus as Published, TcbStatusWithAdvisory};
use orv_evidence::UnixTime;

use super::body::TdReport;
use super::platform::PlatformExtension;
use super::published::decoded;
use super::status::TcbStatus;
use super::{TdxError, TdxPart};
use crate::instant;

/// What Intel says of a platform as it is, as of the TCB information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evaluated {
    pub(super) status: TcbStatus,
    pub(super) advisories: Vec<String>,
    /// Of the oldest component: what was the newest then is what runs here.
    pub(super) date: UnixTime,
}

/// Highest level first, whatever the order in the text: components, then the provisioning enclave, then TDX's.
pub(super) fn sort(tcb_info: &mut TcbInfo, enclave: &mut QeIdentity) {
    enclave.tcb_levels.sort_by_key(|level| Reverse(level.tcb.isvsvn));
    tcb_info.tcb_levels.sort_by_key(|level| {
        let sgx: Vec<u8> = level.tcb.sgx_components.iter().map(|component| component.svn).collect();
        let tdx: Vec<u8> = level.tcb.tdx_components.iter().map(|component| component.svn).collect();
        Reverse((sgx, level.tcb.pce_svn, tdx))
    });
    for identity in &mut tcb_info.tdx_module_identities {
        identity.tcb_levels.sort_by_key(|level| Reverse(level.tcb.isvsvn));
    }
}

/// Finds the platform's level at launch and, for TDX 1.5, now, and joins them with the quoting enclave's.
pub(super) fn evaluate(
    tcb_info: &TcbInfo,
    platform: &PlatformExtension,
    report: &TdReport,
    enclave: &TcbStatusWithAdvisory,
) -> Result<Evaluated, TdxError> {
    module(tcb_info, report)?;
    let (launch, date) = level(tcb_info, platform, &report.tee_tcb_svn)?;
    let launch = launch.merge(enclave);
    let mut status = unrevoked(&launch)?;
    let mut advisories = launch.advisory_ids;
    if let Some(td15) = &report.td15 {
        let (now, _) = level(tcb_info, platform, &td15.tee_tcb_svn2)?;
        let now = now.merge(enclave);
        let current = unrevoked(&now)?;
        let joined = status.relaunched(current);
        advisories.extend(
            now.advisory_ids
                .into_iter()
                .filter(|_| joined == current && joined != status),
        );
        status = joined;
    }
    Ok(Evaluated {
        status,
        advisories,
        date,
    })
}

/// The highest level that platform and TDX module both reach, with the date of the older of the two.
fn level(
    tcb_info: &TcbInfo,
    platform: &PlatformExtension,
    svn: &[u8; 16],
) -> Result<(TcbStatusWithAdvisory, UnixTime), TdxError> {
    let level = platform_level(tcb_info, platform, svn)?;
    allowed(level.tcb_status, TdxPart::TcbInfo)?;
    let status = TcbStatusWithAdvisory::new(level.tcb_status, level.advisory_ids.clone());
    let date = moment(&level.tcb_date, TdxPart::TcbInfo)?;
    let Some(identity) = module_identity(tcb_info, svn)? else {
        return Ok((status, date));
    };
    let module = identity
        .tcb_levels
        .iter()
        .find(|level| level.shortfall(svn).is_none())
        .ok_or_else(|| TdxError::NoTcbLevel(format!("TDX module {} of version {}", identity.id, svn[0])))?;
    allowed(module.tcb_status, TdxPart::ModuleIdentity)?;
    let of_module = TcbStatusWithAdvisory::new(module.tcb_status, module.advisory_ids.clone());
    let date = date.min(moment(&module.tcb_date, TdxPart::ModuleIdentity)?);
    Ok((status.merge(&of_module), date))
}

fn platform_level<'a>(
    tcb_info: &'a TcbInfo,
    platform: &PlatformExtension,
    svn: &[u8; 16],
) -> Result<&'a TcbLevel, TdxError> {
    for level in &tcb_info.tcb_levels {
        let shortfalls = level
            .shortfalls(&platform.components, platform.pce_svn, Some(svn))
            .map_err(|error| TdxError::Malformed {
                part: TdxPart::TcbInfo,
                cause: error.to_string(),
            })?;
        if shortfalls.is_empty() {
            return Ok(level);
        }
    }
    Err(TdxError::NoTcbLevel(format!(
        "components {}, PCESVN {}, TEE_TCB_SVN {}",
        hex::encode(platform.components),
        platform.pce_svn,
        hex::encode(svn)
    )))
}

/// The module's identity of its major version, for modules that have one.
fn module_identity<'a>(tcb_info: &'a TcbInfo, svn: &[u8; 16]) -> Result<Option<&'a TdxModuleIdentity>, TdxError> {
    tcb_info
        .tdx_module_identity(svn)
        .map_err(|error| TdxError::NoTcbLevel(error.to_string()))
}

/// The TDX module is Intel's: signer and attributes are those published for its version.
fn module(tcb_info: &TcbInfo, report: &TdReport) -> Result<(), TdxError> {
    let (signer, attributes, mask) = match module_identity(tcb_info, &report.tee_tcb_svn)? {
        Some(identity) => (&identity.mrsigner, &identity.attributes, &identity.attributes_mask),
        None => {
            let module = tcb_info.tdx_module.as_ref().ok_or_else(|| TdxError::Malformed {
                part: TdxPart::TcbInfo,
                cause: "no tdxModule".to_owned(),
            })?;
            (&module.mrsigner, &module.attributes, &module.attributes_mask)
        }
    };
    let signer: [u8; 48] = decoded(signer, TdxPart::ModuleIdentity)?;
    let attributes = u64::from_le_bytes(decoded(attributes, TdxPart::ModuleIdentity)?);
    let mask = u64::from_le_bytes(decoded(mask, TdxPart::ModuleIdentity)?);
    let found = u64::from_le_bytes(report.seam_attributes);
    if report.mr_signer_seam.0 != signer {
        return Err(TdxError::Module {
            field: "mr_signer_seam",
            found: report.mr_signer_seam.to_string(),
            expected: hex::encode(signer),
        });
    }
    // Beyond the mask nothing is published, so nothing may be set.
    if found != attributes & mask {
        return Err(TdxError::Module {
            field: "seam_attributes",
            found: hex::encode(report.seam_attributes),
            expected: hex::encode((attributes & mask).to_le_bytes()),
        });
    }
    Ok(())
}

/// A status may stand only where Intel's own verifier takes it.
pub(super) fn allowed(status: Published, part: TdxPart) -> Result<(), TdxError> {
    use Published as S;
    let known = match status {
        S::UpToDate | S::OutOfDate | S::Revoked => true,
        S::ConfigurationNeeded | S::OutOfDateConfigurationNeeded => part != TdxPart::ModuleIdentity,
        S::SWHardeningNeeded | S::ConfigurationAndSWHardeningNeeded => part == TdxPart::TcbInfo,
        S::TDRelaunchAdvised | S::TDRelaunchAdvisedConfigurationNeeded => false,
    };
    if known {
        return Ok(());
    }
    Err(TdxError::UnknownStatus {
        part,
        status: status.to_string(),
    })
}

/// Revoked means that the platform's keys are in others' hands: nothing that they sign says anything.
fn unrevoked(status: &TcbStatusWithAdvisory) -> Result<TcbStatus, TdxError> {
    TcbStatus::of(status.status).ok_or_else(|| TdxError::RevokedTcb(status.advisory_ids.join(", ")))
}

fn moment(text: &str, part: TdxPart) -> Result<UnixTime, TdxError> {
    instant(text).map_err(|error| TdxError::Malformed {
        part,
        cause: error.to_string(),
    })
}
