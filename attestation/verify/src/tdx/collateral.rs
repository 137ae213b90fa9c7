//! What Intel publishes about one platform.

use serde::{Deserialize, Serialize};

/// Intel's collateral for one platform, in the shape that a provisioning certificate caching service answers with:
/// PEM chains, hexadecimal DER lists, and the signed JSON as exact text, since the signature is over its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TdxCollateral {
    /// Issuers of `pck_crl`, PEM.
    pub pck_crl_issuer_chain: String,
    /// The root's revocation list, hexadecimal DER.
    pub root_ca_crl: String,
    /// The platform certificates' revocation list, hexadecimal DER.
    pub pck_crl: String,
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
}
