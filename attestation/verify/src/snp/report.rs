//! The bytes of a report, field by field and strictly (SEV-SNP ABI 1.58, "ATTESTATION_REPORT").

use super::cursor::Cursor;
use super::{EndorsementKind, Firmware, GuestPolicy, Octets, PlatformInformation, SnpError};

/// Bytes of a report.
pub const REPORT_SIZE: usize = 1184;
/// Bytes of a report that its signature covers.
pub(super) const SIGNED_SIZE: usize = 0x2a0;

const OLDEST_VERSION: u32 = 2;
const NEWEST_VERSION: u32 = 5;
/// ECDSA P-384 with SHA-384.
const ECDSA_P384_SHA384: u32 = 1;
/// The least privileged level that a guest has.
const HIGHEST_VMPL: u32 = 3;

/// What a report says, under AMD's names. Parsed; believed only where it stands in authentic claims.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Version of the format, 2 to 5.
    pub version: u32,
    /// The guest's own security version, by its identity block.
    pub guest_svn: u32,
    /// What the host was allowed at launch.
    pub policy: GuestPolicy,
    /// Chosen at launch by whoever made the identity block.
    pub family_id: Octets<16>,
    /// Chosen at launch by whoever made the identity block.
    pub image_id: Octets<16>,
    /// The privilege level that asked for the report, 0 (most) to 3.
    pub vmpl: u32,
    /// The algorithm of the signature: always 1.
    pub sig_algo: u32,
    /// The firmware that runs now.
    pub current_tcb: Octets<8>,
    /// What the firmware says of the platform.
    pub platform_info: PlatformInformation,
    /// Which key signed, and whether an author key and the chip's key's mask are used.
    pub signer: Signer,
    /// What the guest asked to be signed.
    pub report_data: Octets<64>,
    /// The launch digest.
    pub measurement: Octets<48>,
    /// Chosen by the host at launch.
    pub host_data: Octets<32>,
    /// SHA-384 of the key that signed the identity block; zero without one.
    pub id_key_digest: Octets<48>,
    /// SHA-384 of the key that signed that key; zero without one.
    pub author_key_digest: Octets<48>,
    /// This guest, until it ends.
    pub report_id: Octets<32>,
    /// The migration agent; all ones without one.
    pub report_id_ma: Octets<32>,
    /// The firmware that the signing key stands for.
    pub reported_tcb: Octets<8>,
    /// Family, model and stepping of the processor; zero in version 2.
    pub cpuid_fms: Octets<3>,
    /// The chip; zero where it is masked.
    pub chip_id: Octets<64>,
    /// The firmware below which the platform cannot go back.
    pub committed_tcb: Octets<8>,
    /// Version of the firmware that runs now.
    pub current_fw: Firmware,
    /// Version of the firmware below which the platform cannot go back.
    pub committed_fw: Firmware,
    /// The firmware that ran when the guest was launched.
    pub launch_tcb: Octets<8>,
    /// Mitigations at launch and now, 8 bytes each; zero before version 5.
    pub mit: Octets<16>,
}

/// What a report says of its signer (SEV-SNP ABI, "SIGNER_INFO").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Signer {
    /// The word as it stands in the report.
    pub info: u32,
    /// Which key signed.
    pub key: EndorsementKind,
}

impl Signer {
    const RESERVED: u32 = !0b1_1111;

    /// Whether an author key signed the key of the identity block.
    pub const fn author_key(self) -> bool {
        self.info & 1 != 0
    }

    /// Whether the host asked that the chip's own key sign nothing.
    pub const fn mask_chip_key(self) -> bool {
        self.info & 2 != 0
    }

    const fn parse(info: u32) -> Result<Self, SnpError> {
        if info & Self::RESERVED != 0 {
            return Err(SnpError::SignerInformation(info));
        }
        let key = match info >> 2 {
            0 => EndorsementKind::Vcek,
            1 => EndorsementKind::Vlek,
            7 => return Err(SnpError::Unsigned),
            _ => return Err(SnpError::SignerInformation(info)),
        };
        Ok(Self { info, key })
    }
}

impl Report {
    /// Reads exactly one report, and its signature as `r || s` big-endian.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, [u8; 96]), SnpError> {
        let mut cursor = Cursor::new(bytes)?;
        let version = version(&mut cursor)?;
        // Field by field in the order of the bytes: evaluation order is the order of writing.
        let report = Self {
            version,
            guest_svn: cursor.u32()?,
            policy: GuestPolicy(cursor.u64()?),
            family_id: cursor.octets()?,
            image_id: cursor.octets()?,
            vmpl: vmpl(&mut cursor)?,
            sig_algo: algorithm(&mut cursor)?,
            current_tcb: cursor.octets()?,
            platform_info: PlatformInformation(cursor.u64()?),
            signer: signer(&mut cursor)?,
            report_data: cursor.octets()?,
            measurement: cursor.octets()?,
            host_data: cursor.octets()?,
            id_key_digest: cursor.octets()?,
            author_key_digest: cursor.octets()?,
            report_id: cursor.octets()?,
            report_id_ma: cursor.octets()?,
            reported_tcb: cursor.octets()?,
            cpuid_fms: processor(&mut cursor, version)?,
            chip_id: cursor.octets()?,
            committed_tcb: cursor.octets()?,
            current_fw: firmware(&mut cursor)?,
            committed_fw: firmware(&mut cursor)?,
            launch_tcb: cursor.octets()?,
            mit: mitigations(&mut cursor, version)?,
        };
        cursor.reserved::<152>()?;
        let [r, s] = [cursor.signature_number()?, cursor.signature_number()?];
        cursor.reserved::<368>()?;
        let mut signature = [0; 96];
        for (place, byte) in signature.iter_mut().zip(r.into_iter().chain(s)) {
            *place = byte;
        }
        Ok((report, signature))
    }
}

fn version(cursor: &mut Cursor<'_>) -> Result<u32, SnpError> {
    let version = cursor.u32()?;
    if (OLDEST_VERSION..=NEWEST_VERSION).contains(&version) {
        Ok(version)
    } else {
        Err(SnpError::Version(version))
    }
}

fn vmpl(cursor: &mut Cursor<'_>) -> Result<u32, SnpError> {
    match cursor.u32()? {
        vmpl @ 0..=HIGHEST_VMPL => Ok(vmpl),
        other => Err(SnpError::PrivilegeLevel(other)),
    }
}

fn algorithm(cursor: &mut Cursor<'_>) -> Result<u32, SnpError> {
    match cursor.u32()? {
        ECDSA_P384_SHA384 => Ok(ECDSA_P384_SHA384),
        other => Err(SnpError::SignatureAlgorithm(other)),
    }
}

fn signer(cursor: &mut Cursor<'_>) -> Result<Signer, SnpError> {
    let signer = Signer::parse(cursor.u32()?)?;
    cursor.reserved::<4>()?;
    Ok(signer)
}

/// Version 3 put the processor where version 2 has reserved bytes.
fn processor(cursor: &mut Cursor<'_>, version: u32) -> Result<Octets<3>, SnpError> {
    if version < 3 {
        cursor.reserved::<24>()?;
        return Ok(Octets([0; 3]));
    }
    let processor = cursor.octets()?;
    cursor.reserved::<21>()?;
    Ok(processor)
}

/// Build, minor, major and a reserved byte.
fn firmware(cursor: &mut Cursor<'_>) -> Result<Firmware, SnpError> {
    let [build, minor, major] = cursor.bytes()?;
    cursor.reserved::<1>()?;
    Ok(Firmware { major, minor, build })
}

/// Version 5 put the mitigations where the others have reserved bytes.
fn mitigations(cursor: &mut Cursor<'_>, version: u32) -> Result<Octets<16>, SnpError> {
    if version < 5 {
        cursor.reserved::<16>()?;
        return Ok(Octets([0; 16]));
    }
    cursor.octets()
}
