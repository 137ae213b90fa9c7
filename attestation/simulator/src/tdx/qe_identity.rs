//! The identity of the quoting enclave, version 2 (Intel PCS API v4).

use orv_evidence::UnixTime;
use serde::Serialize;

use super::qe_report::{QE_RECENT_SVN, QE_SIGNER};
use super::tcb_info::{EVALUATION, PAST, TcbStatus, moment, upper};

/// Which quoting enclaves count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QeIdentity {
    /// `TD_QE`; `QE` for SGX.
    pub id: String,
    /// 2.
    pub version: u8,
    /// When it was issued.
    #[serde(serialize_with = "moment")]
    pub issue_date: UnixTime,
    /// When the next one is due.
    #[serde(serialize_with = "moment")]
    pub next_update: UnixTime,
    /// Rises with every round of advisories.
    pub tcb_evaluation_data_number: u32,
    /// 4 bytes, hexadecimal.
    pub miscselect: String,
    /// Which bits of them count.
    pub miscselect_mask: String,
    /// 16 bytes, hexadecimal.
    pub attributes: String,
    /// Which bits of them count.
    pub attributes_mask: String,
    /// The signer, 32 bytes, hexadecimal.
    pub mrsigner: String,
    /// The product's number.
    pub isvprodid: u16,
    /// Levels, newest first.
    pub tcb_levels: Vec<QeTcbLevel>,
}

/// A level of quoting enclaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QeTcbLevel {
    /// What it takes.
    pub tcb: QeTcb,
    /// When it became what it is.
    #[serde(serialize_with = "moment")]
    pub tcb_date: UnixTime,
    /// What Intel says about it.
    pub tcb_status: TcbStatus,
    /// Advisories against it.
    #[serde(rename = "advisoryIDs", skip_serializing_if = "Vec::is_empty")]
    pub advisory_ids: Vec<String>,
}

/// The least version of a quoting enclave's level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QeTcb {
    /// The security version.
    pub isvsvn: u16,
}

impl QeIdentity {
    /// Under which the genuine quoting enclave is up to date, and versions 4 and 5 are out of date.
    pub fn genuine(issued: UnixTime, next_update: UnixTime) -> Self {
        let level = |isvsvn, tcb_status, advisories: &[&str]| QeTcbLevel {
            tcb: QeTcb { isvsvn },
            tcb_date: PAST,
            tcb_status,
            advisory_ids: advisories.iter().map(|id| (*id).to_owned()).collect(),
        };
        Self {
            id: "TD_QE".to_owned(),
            version: 2,
            issue_date: issued,
            next_update,
            tcb_evaluation_data_number: EVALUATION,
            miscselect: upper(&[0; 4]),
            miscselect_mask: upper(&[0xff; 4]),
            attributes: upper(&[0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            attributes_mask: "FBFFFFFFFFFFFFFF0000000000000000".to_owned(),
            mrsigner: upper(&QE_SIGNER),
            isvprodid: 2,
            tcb_levels: vec![
                level(QE_RECENT_SVN, TcbStatus::UpToDate, &[]),
                level(4, TcbStatus::OutOfDate, &["INTEL-SA-00002"]),
            ],
        }
    }

    /// The JSON text that is signed.
    pub fn to_json(&self) -> String {
        super::collateral::json(self)
    }
}
