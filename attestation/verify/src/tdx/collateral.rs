//! What Intel publishes about one platform.

use serde::{Deserialize, Serialize};

/// Longest text that is taken for one set of collateral, in bytes.
pub const MAXIMUM_TDX_COLLATERAL: usize = 4 << 20;

/// Intel's collateral for one platform, in the shape that a provisioning certificate caching service answers with:
/// PEM chains, hexadecimal DER lists, and the signed JSON as exact text, since the signature is over its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TdxCollateral {
    /// Issuers of `pck_crl`, PEM. Not read: the list's issuer is the quote's own authority, or the list is not for it.
    pub pck_crl_issuer_chain: String,
    /// The root's revocation list, DER; hexadecimal in JSON.
    #[serde(with = "digits")]
    pub root_ca_crl: Vec<u8>,
    /// The platform certificates' revocation list, DER; hexadecimal in JSON.
    #[serde(with = "digits")]
    pub pck_crl: Vec<u8>,
    /// Signers of `tcb_info`, PEM.
    pub tcb_info_issuer_chain: String,
    /// The TCB information, exact JSON text.
    pub tcb_info: String,
    /// Its signature, hexadecimal.
    pub tcb_info_signature: String,
    /// Signers of `qe_identity`, PEM.
    pub qe_identity_issuer_chain: String,
    /// The quoting enclave's identity, exact JSON text.
    pub qe_identity: String,
    /// Its signature, hexadecimal.
    pub qe_identity_signature: String,
    /// A platform's certificate chain, which some services add. Not read: the quote carries its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pck_certificate_chain: Option<String>,
}

/// Bytes that are no set of collateral.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TdxCollateralError {
    /// Longer than any.
    #[error("{0} bytes are too long for collateral")]
    TooLong(usize),
    /// Not JSON of this shape.
    #[error("not TDX collateral: {0}")]
    Json(String),
}

impl TdxCollateral {
    /// Reads the JSON form. What it says is believed only once [`crate::verify`] has checked its signatures.
    ///
    /// # Errors
    /// [`TdxCollateralError`] when it is too long, is not JSON, lacks a field or has one that does not exist.
    pub fn from_json(json: &[u8]) -> Result<Self, TdxCollateralError> {
        if json.len() > MAXIMUM_TDX_COLLATERAL {
            return Err(TdxCollateralError::TooLong(json.len()));
        }
        serde_json::from_slice(json).map_err(|error| TdxCollateralError::Json(error.to_string()))
    }
}

/// Bytes as hexadecimal digits, in whatever case.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(deserializer)?;
        hex::decode(&digits).map_err(serde::de::Error::custom)
    }
}
