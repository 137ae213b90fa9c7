//! TCB info, version 3 (Intel PCS API v4).

use serde::Serialize;

use super::pck::FMSPC;
use crate::x509::calendar;
use orv_evidence::UnixTime;

/// What Intel says about a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum TcbStatus {
    /// Nothing is known against it.
    UpToDate,
    /// Software must defend itself.
    SWHardeningNeeded,
    /// The platform's configuration must be looked at.
    ConfigurationNeeded,
    /// Both.
    ConfigurationAndSWHardeningNeeded,
    /// Too old.
    OutOfDate,
    /// Too old, and its configuration must be looked at.
    OutOfDateConfigurationNeeded,
    /// Its keys are lost.
    Revoked,
    /// A word that no version of the interface has.
    UnheardOf,
}

/// TCB info for one model of platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbInfo {
    /// `TDX`; `SGX` for the other.
    pub id: String,
    /// 3.
    pub version: u8,
    /// When it was issued.
    #[serde(serialize_with = "moment")]
    pub issue_date: UnixTime,
    /// When the next one is due.
    #[serde(serialize_with = "moment")]
    pub next_update: UnixTime,
    /// The model, hexadecimal.
    pub fmspc: String,
    /// The provisioning certification enclave, hexadecimal.
    pub pce_id: String,
    /// 0: component-wise comparison.
    pub tcb_type: u32,
    /// Rises with every round of advisories.
    pub tcb_evaluation_data_number: u32,
    /// The TDX module of version 0.
    pub tdx_module: TdxModule,
    /// TDX modules by version.
    pub tdx_module_identities: Vec<ModuleIdentity>,
    /// Levels of the platform, newest first.
    pub tcb_levels: Vec<TcbLevel>,
}

/// Who signs a TDX module, and how it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TdxModule {
    /// Signer, 48 bytes, hexadecimal.
    pub mrsigner: String,
    /// Attributes, 8 bytes, hexadecimal.
    pub attributes: String,
    /// Which bits of them count.
    pub attributes_mask: String,
}

/// The same, for modules of one version, with their levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleIdentity {
    /// `TDX_` and the version, two hexadecimal digits.
    pub id: String,
    /// Signer and attributes.
    #[serde(flatten)]
    pub module: TdxModule,
    /// Levels, newest first.
    pub tcb_levels: Vec<ModuleTcbLevel>,
}

/// A level of TDX modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleTcbLevel {
    /// What it takes.
    pub tcb: ModuleTcb,
    /// When it became what it is.
    #[serde(serialize_with = "moment")]
    pub tcb_date: UnixTime,
    /// What Intel says about it.
    pub tcb_status: TcbStatus,
    /// Advisories against it.
    #[serde(rename = "advisoryIDs", skip_serializing_if = "Vec::is_empty")]
    pub advisory_ids: Vec<String>,
}

/// The least version of a module's level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleTcb {
    /// The module's own security version.
    pub isvsvn: u8,
}

/// A level of platforms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbLevel {
    /// What it takes.
    pub tcb: Tcb,
    /// When it became what it is.
    #[serde(serialize_with = "moment")]
    pub tcb_date: UnixTime,
    /// What Intel says about it.
    pub tcb_status: TcbStatus,
    /// Advisories against it.
    #[serde(rename = "advisoryIDs", skip_serializing_if = "Vec::is_empty")]
    pub advisory_ids: Vec<String>,
}

/// The least versions of a platform's level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tcb {
    /// Sixteen of the processor.
    pub sgxtcbcomponents: Vec<TcbComponent>,
    /// Of the provisioning certification enclave.
    pub pcesvn: u16,
    /// Sixteen of the TDX module and what it stands on.
    pub tdxtcbcomponents: Vec<TcbComponent>,
}

/// One component's least version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TcbComponent {
    /// The security version.
    pub svn: u8,
}

impl Tcb {
    /// These versions.
    pub fn of(sgx: [u8; 16], pcesvn: u16, tdx: [u8; 16]) -> Self {
        let components = |versions: [u8; 16]| versions.map(|svn| TcbComponent { svn }).to_vec();
        Self {
            sgxtcbcomponents: components(sgx),
            pcesvn,
            tdxtcbcomponents: components(tdx),
        }
    }
}

impl TcbInfo {
    /// Under which the genuine platform is up to date, and an older one (PCE 5) is out of date.
    pub fn genuine(issued: UnixTime, next_update: UnixTime) -> Self {
        let sgx = [2, 2, 2, 2, 3, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        let tdx = [5, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let level = |pcesvn, tcb_status, advisories: &[&str]| TcbLevel {
            tcb: Tcb::of(sgx, pcesvn, tdx),
            tcb_date: PAST,
            tcb_status,
            advisory_ids: advisories.iter().map(|id| (*id).to_owned()).collect(),
        };
        Self {
            id: "TDX".to_owned(),
            version: 3,
            issue_date: issued,
            next_update,
            fmspc: upper(&FMSPC),
            pce_id: "0000".to_owned(),
            tcb_type: 0,
            tcb_evaluation_data_number: EVALUATION,
            tdx_module: TdxModule::intels(),
            tdx_module_identities: vec![ModuleIdentity::of(3, 3), ModuleIdentity::of(1, 4)],
            tcb_levels: vec![
                level(11, TcbStatus::UpToDate, &[]),
                level(5, TcbStatus::OutOfDate, &["INTEL-SA-00000"]),
            ],
        }
    }

    /// The JSON text that is signed.
    pub fn to_json(&self) -> String {
        super::collateral::json(self)
    }
}

impl TdxModule {
    fn intels() -> Self {
        Self {
            mrsigner: upper(&[0; 48]),
            attributes: upper(&[0; 8]),
            attributes_mask: upper(&[0xff; 8]),
        }
    }
}

impl ModuleIdentity {
    /// Modules of this version: up to date from `recent` on, out of date from 2 on, below that nothing.
    fn of(version: u8, recent: u8) -> Self {
        let level = |isvsvn, tcb_status, advisories: &[&str]| ModuleTcbLevel {
            tcb: ModuleTcb { isvsvn },
            tcb_date: PAST,
            tcb_status,
            advisory_ids: advisories.iter().map(|id| (*id).to_owned()).collect(),
        };
        Self {
            id: format!("TDX_{version:02X}"),
            module: TdxModule::intels(),
            tcb_levels: vec![
                level(recent, TcbStatus::UpToDate, &[]),
                level(2, TcbStatus::OutOfDate, &["INTEL-SA-00001"]),
            ],
        }
    }
}

/// 2024-03-13, when genuine levels became what they are.
pub(super) const PAST: UnixTime = UnixTime::from_seconds(1_710_288_000);
/// The evaluation number of genuine collateral.
pub(super) const EVALUATION: u32 = 17;

pub(super) fn upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

pub(super) fn moment<S: serde::Serializer>(moment: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&calendar::text(*moment))
}
