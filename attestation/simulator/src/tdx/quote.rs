//! A quote, before and after it is signed (Intel TDX DCAP quoting library API, appendix A).

use super::report::{Layout, TdReport};

/// The vendor of Intel's quoting enclave, 939a7233-f79c-4ca9-940a-0db3957f0607.
const INTEL_QE_VENDOR: [u8; 16] = [
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
];

/// The 48 bytes at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// 4 or 5.
    pub version: u16,
    /// 2 is ECDSA over P-256.
    pub attestation_key_type: u16,
    /// 0x81 is TDX, 0 is SGX.
    pub tee_type: u32,
    /// Reserved.
    pub qe_svn: u16,
    /// Reserved.
    pub pce_svn: u16,
    /// The quoting enclave's vendor.
    pub qe_vendor: [u8; 16],
    /// Free.
    pub user_data: [u8; 20],
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        [
            self.version.to_le_bytes().as_slice(),
            &self.attestation_key_type.to_le_bytes(),
            &self.tee_type.to_le_bytes(),
            &self.qe_svn.to_le_bytes(),
            &self.pce_svn.to_le_bytes(),
            &self.qe_vendor,
            &self.user_data,
        ]
        .concat()
    }
}

/// Header and body: what the attestation key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The header; its version is the layout's unless changed.
    pub header: Header,
    /// Which body is written.
    pub layout: Layout,
    /// The body.
    pub report: TdReport,
}

impl Quote {
    /// The quote of [`TdReport::genuine`].
    pub const fn genuine(layout: Layout) -> Self {
        Self {
            header: Header {
                version: layout.version(),
                attestation_key_type: 2,
                tee_type: 0x81,
                qe_svn: 0,
                pce_svn: 0,
                qe_vendor: INTEL_QE_VENDOR,
                user_data: [0; 20],
            },
            layout,
            report: TdReport::genuine(),
        }
    }

    /// The bytes that are signed: header, body's type and size (version 5), body.
    pub fn encode(&self) -> Vec<u8> {
        [
            self.header.encode(),
            self.layout.descriptor(),
            self.report.encode(self.layout),
        ]
        .concat()
    }
}

/// A signed quote in its parts, to be changed after signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedQuote {
    /// What the attestation key signed.
    pub signed: Vec<u8>,
    /// The attestation key's signature, `r || s`, 64 bytes.
    pub signature: Vec<u8>,
    /// The attestation key, `x || y`, 64 bytes.
    pub attestation_key: Vec<u8>,
    /// Type of the certification data around the next four: 6.
    pub outer_type: u16,
    /// The quoting enclave's report, 384 bytes.
    pub qe_report: Vec<u8>,
    /// The PCK's signature over it, `r || s`, 64 bytes.
    pub qe_report_signature: Vec<u8>,
    /// The quoting enclave's authentication data.
    pub authentication: Vec<u8>,
    /// Type of the certification data inside: 5, a PEM chain.
    pub inner_type: u16,
    /// The certification data inside: PCK, its authority, the root, in PEM.
    pub certification: Vec<u8>,
    /// Bytes after the signature's length: nobody signs them.
    pub trailing: Vec<u8>,
}

impl SignedQuote {
    /// The quote's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut inner = self.qe_report.clone();
        inner.extend(&self.qe_report_signature);
        let authentication = u16::try_from(self.authentication.len()).unwrap_or(u16::MAX);
        inner.extend(authentication.to_le_bytes());
        inner.extend(&self.authentication);
        inner.extend(typed(self.inner_type, &self.certification));

        let mut signature = self.signature.clone();
        signature.extend(&self.attestation_key);
        signature.extend(typed(self.outer_type, &inner));

        let mut bytes = self.signed.clone();
        bytes.extend(length(&signature));
        bytes.extend(signature);
        bytes.extend(&self.trailing);
        bytes
    }
}

/// Type, length, data.
fn typed(kind: u16, data: &[u8]) -> Vec<u8> {
    [kind.to_le_bytes().as_slice(), &length(data), data].concat()
}

fn length(data: &[u8]) -> [u8; 4] {
    u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes()
}
