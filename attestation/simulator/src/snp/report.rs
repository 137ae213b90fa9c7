//! The bytes of an attestation report, field by field (SEV-SNP ABI 1.58, table "ATTESTATION_REPORT").

use super::{Kind, Product, Tcb, Version, policy};

/// Bytes of a report.
pub const REPORT_SIZE: usize = 1184;
/// Bytes of a report that are signed: all before the signature.
pub const SIGNED_SIZE: usize = 0x2a0;

/// What signed a report, by what the report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// The VCEK or the VLEK.
    Key(Kind),
    /// Nothing: the report is not signed.
    None,
    /// A number that the ABI reserves, 2 to 6.
    Reserved(u8),
}

impl SigningKey {
    const fn bits(self) -> u32 {
        match self {
            Self::Key(Kind::Vcek) => 0,
            Self::Key(Kind::Vlek) => 1,
            Self::None => 7,
            Self::Reserved(number) => number as u32 & 7,
        }
    }
}

/// Everything of a report before its signature. Reserved bytes are fields too, so that a test can set them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose byte order of TCB versions is used; not itself in the bytes.
    pub product: Product,
    /// 2 to 5.
    pub version: u32,
    /// Of the guest, by its identity block.
    pub guest_svn: u32,
    /// See [`policy`]; the low two bytes are the least ABI version, minor first.
    pub policy: u64,
    /// Chosen at launch.
    pub family_id: [u8; 16],
    /// Chosen at launch.
    pub image_id: [u8; 16],
    /// The privilege level that asked, 0 to 3; it was the host's if it is `0xffff_ffff`.
    pub vmpl: u32,
    /// 1 is ECDSA P-384 with SHA-384.
    pub signature_algorithm: u32,
    /// What runs now.
    pub current_tcb: Tcb,
    /// See [`policy`].
    pub platform_info: u64,
    /// Bits 0 and 1 of the signer information, see [`policy`]; and the reserved ones from 5 on.
    pub signer_flags: u32,
    /// Bits 2 to 4 of the signer information.
    pub signing_key: SigningKey,
    /// What the guest asked to be signed.
    pub report_data: [u8; 64],
    /// The launch digest.
    pub measurement: [u8; 48],
    /// Chosen by the host at launch.
    pub host_data: [u8; 32],
    /// SHA-384 of the key that signed the identity block.
    pub id_key_digest: [u8; 48],
    /// SHA-384 of the key that signed that key.
    pub author_key_digest: [u8; 48],
    /// This guest, until it ends.
    pub report_id: [u8; 32],
    /// The migration agent's report identifier; all ones where there is none.
    pub report_id_ma: [u8; 32],
    /// What the VEK is derived of.
    pub reported_tcb: Tcb,
    /// Family, model, stepping: zero before version 3.
    pub family_model_stepping: [u8; 3],
    /// The chip; zero where it is masked.
    pub chip_id: [u8; 64],
    /// What the firmware can no longer be rolled back from.
    pub committed_tcb: Tcb,
    /// Build, minor, major of the firmware that runs now.
    pub current_version: [u8; 3],
    /// Build, minor, major of the firmware that is committed.
    pub committed_version: [u8; 3],
    /// What ran when the guest was launched.
    pub launch_tcb: Tcb,
    /// Mitigations at launch: zero before version 5.
    pub launch_mitigations: u64,
    /// Mitigations now: zero before version 5.
    pub current_mitigations: u64,
    /// The reserved bytes at 0x4c.
    pub reserved_after_signer: [u8; 4],
    /// The reserved bytes at 0x18b.
    pub reserved_after_stepping: [u8; 21],
    /// The reserved bytes at 0x1eb and 0x1ef.
    pub reserved_after_versions: [u8; 2],
    /// The reserved bytes at 0x208.
    pub reserved_before_signature: [u8; 152],
}

impl Report {
    /// What a well configured guest of this product gets: no debugging, no migration agent, one recent firmware
    /// throughout, VMPL 0, aliases checked.
    pub fn genuine(product: Product, version: Version) -> Self {
        let tcb = product.recent_tcb();
        Self {
            product,
            version: version.number(),
            guest_svn: 0,
            policy: policy::RESERVED_ONE | policy::SMT,
            family_id: [0; 16],
            image_id: [0; 16],
            vmpl: 0,
            signature_algorithm: 1,
            current_tcb: tcb,
            platform_info: policy::PLATFORM_SMT | policy::PLATFORM_ECC | policy::PLATFORM_ALIAS_CHECK_COMPLETE,
            signer_flags: 0,
            signing_key: SigningKey::Key(Kind::Vcek),
            report_data: [0; 64],
            measurement: [0x5a; 48],
            host_data: [0; 32],
            id_key_digest: [0; 48],
            author_key_digest: [0; 48],
            report_id: [0x1d; 32],
            report_id_ma: [0xff; 32],
            reported_tcb: tcb,
            family_model_stepping: match version {
                Version::Two => [0; 3],
                Version::Three | Version::Four | Version::Five => product.family_model_stepping(),
            },
            chip_id: chip_id(product),
            committed_tcb: tcb,
            current_version: [3, 55, 1],
            committed_version: [3, 55, 1],
            launch_tcb: tcb,
            launch_mitigations: 0,
            current_mitigations: 0,
            reserved_after_signer: [0; 4],
            reserved_after_stepping: [0; 21],
            reserved_after_versions: [0; 2],
            reserved_before_signature: [0; 152],
        }
    }

    /// The same guest where the provider loaded its own key: signed by a VLEK, the chip not named, as AWS's are.
    pub fn genuine_under_vlek(product: Product, version: Version) -> Self {
        Self {
            signing_key: SigningKey::Key(Kind::Vlek),
            chip_id: [0; 64],
            ..Self::genuine(product, version)
        }
    }

    /// One firmware for current, committed, launch and reported.
    pub const fn set_firmware(&mut self, tcb: Tcb) {
        self.current_tcb = tcb;
        self.committed_tcb = tcb;
        self.launch_tcb = tcb;
        self.reported_tcb = tcb;
    }

    /// The 672 bytes that are signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(REPORT_SIZE);
        self.identity(&mut bytes);
        self.digests(&mut bytes);
        self.firmware(&mut bytes);
        bytes
    }

    /// 0x00 to 0x50.
    fn identity(&self, bytes: &mut Vec<u8>) {
        let signer = self.signer_flags | (self.signing_key.bits() << 2);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.guest_svn.to_le_bytes());
        bytes.extend(self.policy.to_le_bytes());
        bytes.extend(self.family_id);
        bytes.extend(self.image_id);
        bytes.extend(self.vmpl.to_le_bytes());
        bytes.extend(self.signature_algorithm.to_le_bytes());
        bytes.extend(self.current_tcb.encode(self.product));
        bytes.extend(self.platform_info.to_le_bytes());
        bytes.extend(signer.to_le_bytes());
        bytes.extend(self.reserved_after_signer);
    }

    /// 0x50 to 0x180.
    fn digests(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.report_data);
        bytes.extend(self.measurement);
        bytes.extend(self.host_data);
        bytes.extend(self.id_key_digest);
        bytes.extend(self.author_key_digest);
        bytes.extend(self.report_id);
        bytes.extend(self.report_id_ma);
    }

    /// 0x180 to 0x2a0.
    fn firmware(&self, bytes: &mut Vec<u8>) {
        let [after_current, after_committed] = self.reserved_after_versions;
        bytes.extend(self.reported_tcb.encode(self.product));
        bytes.extend(self.family_model_stepping);
        bytes.extend(self.reserved_after_stepping);
        bytes.extend(self.chip_id);
        bytes.extend(self.committed_tcb.encode(self.product));
        bytes.extend(self.current_version);
        bytes.push(after_current);
        bytes.extend(self.committed_version);
        bytes.push(after_committed);
        bytes.extend(self.launch_tcb.encode(self.product));
        bytes.extend(self.launch_mitigations.to_le_bytes());
        bytes.extend(self.current_mitigations.to_le_bytes());
        bytes.extend(self.reserved_before_signature);
    }
}

/// The simulated chip's identifier: 64 bytes, or eight and zeros on Turin.
fn chip_id(product: Product) -> [u8; 64] {
    let mut identifier = [0; 64];
    for (byte, number) in identifier.iter_mut().zip(1..).take(product.hardware_id_size()) {
        *byte = number;
    }
    identifier
}

/// The signature as a report carries it: two little-endian numbers of 72 bytes, then 368 reserved bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `r`, least significant byte first; the last 24 bytes must be zero.
    pub r: [u8; 72],
    /// `s`, likewise.
    pub s: [u8; 72],
    /// Zero.
    pub reserved: [u8; 368],
}

impl Signature {
    /// The signature `r || s` of 96 big-endian bytes in a report's form.
    pub(super) fn of(fixed: &[u8]) -> Self {
        let mut signature = Self {
            r: [0; 72],
            s: [0; 72],
            reserved: [0; 368],
        };
        let (r, s) = fixed.split_at(fixed.len() / 2);
        for (number, target) in [(r, &mut signature.r), (s, &mut signature.s)] {
            for (byte, place) in number.iter().rev().zip(target) {
                *place = *byte;
            }
        }
        signature
    }

    /// The 512 bytes.
    pub fn encode(&self) -> Vec<u8> {
        [self.r.as_slice(), &self.s, &self.reserved].concat()
    }
}
