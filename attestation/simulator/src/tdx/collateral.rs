//! What Intel publishes beside a quote.

use orv_evidence::UnixTime;
use serde::{Serialize, Serializer};

use super::certificate::PckAuthority;
use super::qe_identity::QeIdentity;
use super::tcb_info::TcbInfo;
use super::vendor::Vendor;
use crate::x509::{RevocationList, SimulatorError, pem};

/// How long collateral lives, in seconds: thirty days. The root's list lives a year.
pub const COLLATERAL_LIFETIME: u64 = 30 * 86_400;
const ROOT_LIST_LIFETIME: u64 = 365 * 86_400;

/// Collateral before it is signed.
#[derive(Debug, Clone)]
pub struct CollateralContents {
    /// Whose list covers the PCK certificate.
    pub authority: PckAuthority,
    /// The root's list: of the authorities and the signing certificate.
    pub root_revocation: RevocationList,
    /// The PCK authority's list.
    pub pck_revocation: RevocationList,
    /// Levels of platforms.
    pub tcb_info: TcbInfo,
    /// Quoting enclaves.
    pub qe_identity: QeIdentity,
}

impl CollateralContents {
    /// Collateral issued at `issued`, under which the genuine platform is up to date and nothing is revoked.
    pub fn genuine(issued: UnixTime) -> Self {
        let next_update = issued.plus_seconds(COLLATERAL_LIFETIME);
        let list = |next_update| RevocationList {
            this_update: issued,
            next_update,
            serial_numbers: Vec::new(),
        };
        Self {
            authority: PckAuthority::Platform,
            root_revocation: list(issued.plus_seconds(ROOT_LIST_LIFETIME)),
            pck_revocation: list(next_update),
            tcb_info: TcbInfo::genuine(issued, next_update),
            qe_identity: QeIdentity::genuine(issued, next_update),
        }
    }

    pub(super) fn sign(&self, vendor: &Vendor) -> Result<Collateral, SimulatorError> {
        let authority = vendor.pck_authority(self.authority);
        let signers = pem(&[vendor.tcb_signing.certificate.clone(), vendor.root.certificate.clone()]);
        let (tcb_info, qe_identity) = (self.tcb_info.to_json(), self.qe_identity.to_json());
        Ok(Collateral {
            pck_crl_issuer_chain: pem(&[authority.certificate.clone(), vendor.root.certificate.clone()]),
            root_ca_crl: vendor.root.publish(&self.root_revocation)?,
            pck_crl: authority.publish(&self.pck_revocation)?,
            tcb_info_issuer_chain: signers.clone(),
            tcb_info_signature: vendor.tcb_signing.key.sign_fixed(tcb_info.as_bytes())?,
            tcb_info,
            qe_identity_issuer_chain: signers,
            qe_identity_signature: vendor.tcb_signing.key.sign_fixed(qe_identity.as_bytes())?,
            qe_identity,
        })
    }
}

/// Signed collateral, with the names of a provisioning certificate caching service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collateral {
    /// PEM: PCK authority, root.
    pub pck_crl_issuer_chain: String,
    /// DER.
    #[serde(serialize_with = "hexadecimal")]
    pub root_ca_crl: Vec<u8>,
    /// DER.
    #[serde(serialize_with = "hexadecimal")]
    pub pck_crl: Vec<u8>,
    /// PEM: TCB signing, root.
    pub tcb_info_issuer_chain: String,
    /// The exact text that is signed.
    pub tcb_info: String,
    /// `r || s`, 64 bytes.
    #[serde(serialize_with = "hexadecimal")]
    pub tcb_info_signature: Vec<u8>,
    /// PEM: TCB signing, root.
    pub qe_identity_issuer_chain: String,
    /// The exact text that is signed.
    pub qe_identity: String,
    /// `r || s`, 64 bytes.
    #[serde(serialize_with = "hexadecimal")]
    pub qe_identity_signature: Vec<u8>,
}

impl Collateral {
    /// One JSON object, lists and signatures in hexadecimal.
    pub fn to_json(&self) -> String {
        json(self)
    }
}

/// JSON without spaces, fields in the order of the type.
pub(super) fn json(value: &impl Serialize) -> String {
    // Every type here has string keys alone, which is all that serialization into memory can fail for.
    serde_json::to_string(value).unwrap_or_default()
}

fn hexadecimal<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&digits)
}
