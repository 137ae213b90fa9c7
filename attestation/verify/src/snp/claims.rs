//! What an authentic report claims, beside the certificate of the key that signed it.

use serde::{Serialize, Serializer};

use super::{EndorsementKind, Firmware, GuestPolicy, KeyCertificate, Octets, Report, Tcb};

/// What only an SNP report claims.
///
/// In JSON the fields have the names of AMD's tables, and those of the certificate stand beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnpClaims {
    /// The report's own fields.
    pub report: Report,
    /// What AMD certifies about the key that signed it.
    pub certificate: KeyCertificate,
    /// SHA-256 of the report.
    pub fingerprint: Octets<32>,
}

impl SnpClaims {
    /// The measured or launch-time value of that name: `measurement`, `host_data`, `id_key_digest`,
    /// `author_key_digest`, `family_id`, `image_id`.
    pub fn register(&self, name: &str) -> Option<&[u8]> {
        let report = &self.report;
        match name {
            "measurement" => Some(&report.measurement.0),
            "host_data" => Some(&report.host_data.0),
            "id_key_digest" => Some(&report.id_key_digest.0),
            "author_key_digest" => Some(&report.author_key_digest.0),
            "family_id" => Some(&report.family_id.0),
            "image_id" => Some(&report.image_id.0),
            _ => None,
        }
    }

    /// One of the report's four states of the firmware, decoded for the product.
    pub(super) const fn tcb(&self, bytes: Octets<8>) -> Tcb {
        Tcb::decode(bytes, self.certificate.product)
    }
}

/// The claims as JSON has them.
#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    guest_svn: u32,
    policy: String,
    policy_bits: GuestPolicy,
    family_id: Octets<16>,
    image_id: Octets<16>,
    vmpl: u32,
    sig_algo: u32,
    current_tcb: Octets<8>,
    platform_info: String,
    signer_info: String,
    signing_key: EndorsementKind,
    mask_chip_key: u8,
    author_key_en: u8,
    report_data: Octets<64>,
    measurement: Octets<48>,
    host_data: Octets<32>,
    id_key_digest: Octets<48>,
    author_key_digest: Octets<48>,
    report_id: Octets<32>,
    report_id_ma: Octets<32>,
    reported_tcb: Octets<8>,
    cpuid_fms: Octets<3>,
    chip_id: Octets<64>,
    committed_tcb: Octets<8>,
    current_fw: Firmware,
    committed_fw: Firmware,
    launch_tcb: Octets<8>,
    mit: Octets<16>,
    sha256: Octets<32>,
    #[serde(flatten)]
    certificate: CertificateJson<'a>,
}

/// The certificate as JSON has it. That firmware, chip and chain agree is what authentic means; it is written out
/// because a reader of the claims alone would look for it.
#[derive(Serialize)]
struct CertificateJson<'a> {
    product: &'a str,
    product_line: String,
    key_cn: &'a str,
    key_issuer: &'a str,
    cert_serial: &'a str,
    cert_from: String,
    cert_to: String,
    cert_fp: Octets<32>,
    cert_tcb: Tcb,
    tcb_match: bool,
    hwid: Option<String>,
    hwid_len: usize,
    hwid_match: Option<bool>,
    csp_id: Option<&'a str>,
    ask_ok: bool,
    ark_ok: bool,
}

impl Serialize for SnpClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = &self.report;
        Json {
            version: report.version,
            guest_svn: report.guest_svn,
            policy: format!("{:#x}", report.policy.0),
            policy_bits: report.policy,
            family_id: report.family_id,
            image_id: report.image_id,
            vmpl: report.vmpl,
            sig_algo: report.sig_algo,
            current_tcb: report.current_tcb,
            platform_info: format!("{:#x}", report.platform_info.0),
            signer_info: format!("{:#x}", report.signer.info),
            signing_key: report.signer.key,
            mask_chip_key: report.signer.mask_chip_key().into(),
            author_key_en: report.signer.author_key().into(),
            report_data: report.report_data,
            measurement: report.measurement,
            host_data: report.host_data,
            id_key_digest: report.id_key_digest,
            author_key_digest: report.author_key_digest,
            report_id: report.report_id,
            report_id_ma: report.report_id_ma,
            reported_tcb: report.reported_tcb,
            cpuid_fms: report.cpuid_fms,
            chip_id: report.chip_id,
            committed_tcb: report.committed_tcb,
            current_fw: report.current_fw,
            committed_fw: report.committed_fw,
            launch_tcb: report.launch_tcb,
            mit: report.mit,
            sha256: self.fingerprint,
            certificate: self.certificate.json(),
        }
        .serialize(serializer)
    }
}

impl KeyCertificate {
    fn json(&self) -> CertificateJson<'_> {
        CertificateJson {
            product: &self.product_name,
            product_line: self.product.as_str().to_lowercase(),
            key_cn: &self.subject,
            key_issuer: &self.issuer,
            cert_serial: &self.serial_number,
            cert_from: with_offset(&self.validity.not_before.to_string()),
            cert_to: with_offset(&self.validity.not_after.to_string()),
            cert_fp: self.fingerprint,
            cert_tcb: self.tcb(),
            tcb_match: true,
            hwid: self.hardware_id.as_ref().map(hex::encode),
            hwid_len: self.hardware_id.as_ref().map_or(0, Vec::len),
            hwid_match: self.hardware_id.as_ref().map(|_| true),
            csp_id: self.provider.as_deref(),
            ask_ok: true,
            ark_ok: true,
        }
    }
}

/// UTC written as an offset, as the published vectors have it.
fn with_offset(text: &str) -> String {
    text.strip_suffix('Z')
        .map_or_else(|| text.to_owned(), |moment| format!("{moment}+00:00"))
}
