//! What a TDX quote claims.

use orv_evidence::UnixTime;
use serde::{Serialize, Serializer};

use super::body::TdReport;
use super::status::TcbStatus;
use crate::hexadecimal::bare::serialize as bare;
use crate::{Register, Validity};

/// What only a TDX quote claims, and what Intel says of its platform, under Intel's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdxClaims {
    /// The quote's version: 4 or 5.
    pub version: u16,
    /// The type of attestation key: 2, ECDSA on P-256.
    #[serde(rename = "ak_type")]
    pub key_type: u16,
    /// The type of machine: 0x81, a trust domain.
    #[serde(serialize_with = "prefixed")]
    pub tee_type: u32,
    /// The type of body: 2 for TDX 1.0, 3 for 1.5, 4 for 1.5 with the service domains' extension.
    pub body_type: u16,
    /// What the quoting enclave put into the header: a name for the platform.
    #[serde(serialize_with = "bare")]
    pub user_data: [u8; 20],
    /// The domain's own report.
    #[serde(flatten)]
    pub report: TdReport,
    /// Bytes after the quote: under no signature, and never hashed.
    pub trailing: usize,
    /// The quoting enclave.
    #[serde(flatten)]
    pub quoting_enclave: QuotingEnclave,
    /// The platform, by its certificate.
    #[serde(flatten)]
    pub platform: TdxPlatform,
    /// The platform's TCB, as Intel published it.
    #[serde(flatten)]
    pub tcb: TdxTcb,
}

/// The enclave that signed the quote for the trust domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QuotingEnclave {
    /// Its signer, Intel's.
    #[serde(rename = "qe_mrsigner", serialize_with = "bare")]
    pub signer: [u8; 32],
    /// Its product number.
    #[serde(rename = "qe_isvprodid")]
    pub product: u16,
    /// Its security version.
    #[serde(rename = "qe_isvsvn")]
    pub version: u16,
    /// How Intel calls that version.
    #[serde(rename = "qe_status")]
    pub status: TcbStatus,
}

/// A platform, by the certificate that Intel issued for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdxPlatform {
    /// Model and configuration.
    #[serde(serialize_with = "bare")]
    pub fmspc: [u8; 6],
    /// The provisioning enclave.
    #[serde(rename = "pceid", serialize_with = "bare")]
    pub pce_id: [u8; 2],
    /// Its security version.
    #[serde(rename = "pcesvn")]
    pub pce_svn: u16,
    /// This very platform: for a list of known operators.
    #[serde(serialize_with = "bare")]
    pub ppid: [u8; 16],
    /// The sixteen components of the processor's TCB.
    #[serde(rename = "pck_tcb")]
    pub components: [u8; 16],
    /// When the certificate is valid.
    #[serde(flatten, serialize_with = "span")]
    pub validity: Validity,
    /// The certificate's serial number.
    #[serde(rename = "pck_serial", serialize_with = "prefixed_bytes")]
    pub serial: Vec<u8>,
    /// Its issuer: the platform or the processor authority.
    #[serde(rename = "pck_issuer")]
    pub issuer: String,
    /// Subjects of the chain, the platform's first.
    pub chain: Vec<String>,
    /// SHA-256 of the root.
    pub root_sha256: String,
}

/// A platform's TCB, as Intel published it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdxTcb {
    /// Platform, TDX module and quoting enclave together.
    #[serde(rename = "tcb_status")]
    pub status: TcbStatus,
    /// Intel's advisories that apply.
    #[serde(rename = "advisory_ids")]
    pub advisories: Vec<String>,
    /// What was the newest at that time is what runs there.
    #[serde(rename = "tcb_date", serialize_with = "moment")]
    pub date: UnixTime,
    /// The lower of the evaluation data numbers of TCB information and quoting enclave's identity.
    #[serde(rename = "tcb_evaluation_data_number")]
    pub evaluation_data_number: u32,
}

impl TdxClaims {
    /// The measured value of that name.
    pub fn register(&self, name: &str) -> Option<&Register> {
        let report = &self.report;
        Some(match name {
            "mrtd" => &report.mrtd,
            "rtmr0" => &report.rtmr0,
            "rtmr1" => &report.rtmr1,
            "rtmr2" => &report.rtmr2,
            "rtmr3" => &report.rtmr3,
            "mr_config_id" => &report.mr_config_id,
            "mr_owner" => &report.mr_owner,
            "mr_owner_config" => &report.mr_owner_config,
            "mr_seam" => &report.mr_seam,
            _ => return None,
        })
    }
}

fn prefixed<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:#x}"))
}

fn prefixed_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("0x{}", hex::encode(bytes).trim_start_matches('0')))
}

fn moment<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// `pck_from` and `pck_to`.
fn span<S: Serializer>(validity: &Validity, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Span {
        pck_from: String,
        pck_to: String,
    }
    Span {
        pck_from: validity.not_before.to_string(),
        pck_to: validity.not_after.to_string(),
    }
    .serialize(serializer)
}
