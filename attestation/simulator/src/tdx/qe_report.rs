//! The quoting enclave's own report, which the PCK signs.

/// An SGX enclave report, 384 bytes (Intel SDM 3D, "REPORT").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QeReport {
    /// The processor's security versions.
    pub cpu_svn: [u8; 16],
    /// Extended features of the state save area.
    pub misc_select: u32,
    /// Reserved.
    pub reserved_1: [u8; 28],
    /// Flags and extended features; bit 1 is debug.
    pub attributes: [u8; 16],
    /// The enclave.
    pub mr_enclave: [u8; 32],
    /// Reserved.
    pub reserved_2: [u8; 32],
    /// The enclave's signer.
    pub mr_signer: [u8; 32],
    /// Reserved.
    pub reserved_3: [u8; 96],
    /// Product number; 2 for the quoting enclave of TDX.
    pub isv_prod_id: u16,
    /// Security version.
    pub isv_svn: u16,
    /// Reserved.
    pub reserved_4: [u8; 60],
    /// SHA-256 of attestation key and authentication data, then zeros. `None`: as it should be.
    pub report_data: Option<[u8; 64]>,
}

/// The simulated quoting enclave's signer.
pub(super) const QE_SIGNER: [u8; 32] = [0x51; 32];
/// A recent quoting enclave's version.
pub(super) const QE_RECENT_SVN: u16 = 6;

impl QeReport {
    /// A recent quoting enclave's, as the genuine QE identity demands.
    pub const fn genuine() -> Self {
        Self {
            cpu_svn: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
            misc_select: 0,
            reserved_1: [0; 28],
            attributes: [0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0],
            mr_enclave: [0x0e; 32],
            reserved_2: [0; 32],
            mr_signer: QE_SIGNER,
            reserved_3: [0; 96],
            isv_prod_id: 2,
            isv_svn: QE_RECENT_SVN,
            reserved_4: [0; 60],
            report_data: None,
        }
    }

    /// The 384 bytes, with `bound` where no report data is given.
    pub(super) fn encode(&self, bound: [u8; 64]) -> Vec<u8> {
        [
            self.cpu_svn.as_slice(),
            &self.misc_select.to_le_bytes(),
            &self.reserved_1,
            &self.attributes,
            &self.mr_enclave,
            &self.reserved_2,
            &self.mr_signer,
            &self.reserved_3,
            &self.isv_prod_id.to_le_bytes(),
            &self.isv_svn.to_le_bytes(),
            &self.reserved_4,
            &self.report_data.unwrap_or(bound),
        ]
        .concat()
    }
}
