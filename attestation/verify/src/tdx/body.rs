//! What a trust domain's report says, field by field (Intel TDX DCAP Quoting Library API, A.3.2).

use serde::Serialize;

use super::QuoteError;
use super::reader::Reader;
use crate::hexadecimal::bare::serialize as bare;
use crate::{Authority, Register};

/// The three bodies of a trust domain. Each begins as the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyType {
    Td10,
    Td15,
    Td15Extended,
}

impl BodyType {
    pub(super) const fn from_number(number: u16) -> Option<Self> {
        match number {
            2 => Some(Self::Td10),
            3 => Some(Self::Td15),
            4 => Some(Self::Td15Extended),
            _ => None,
        }
    }

    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Td10 => 2,
            Self::Td15 => 3,
            Self::Td15Extended => 4,
        }
    }

    pub(super) const fn size(self) -> usize {
        match self {
            Self::Td10 => 584,
            Self::Td15 => 648,
            Self::Td15Extended => 885,
        }
    }
}

/// One field of a body: name, first byte, length, and whose word it is.
pub(super) struct BodyField {
    pub(super) name: &'static str,
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) authority: Authority,
}

const fn field(name: &'static str, at: usize, length: usize, authority: Authority) -> BodyField {
    BodyField {
        name,
        at,
        length,
        authority,
    }
}

/// Every field of the longest body in order; the shorter ones end at a field's end.
pub(super) const FIELDS: [BodyField; 27] = [
    field("tee_tcb_svn", 0, 16, Authority::Hardware),
    field("mr_seam", 16, 48, Authority::Hardware),
    field("mr_signer_seam", 64, 48, Authority::Hardware),
    field("seam_attributes", 112, 8, Authority::Hardware),
    field("td_attributes", 120, 8, Authority::Host),
    field("xfam", 128, 8, Authority::Host),
    field("mrtd", 136, 48, Authority::Hardware),
    field("mr_config_id", 184, 48, Authority::Host),
    field("mr_owner", 232, 48, Authority::Host),
    field("mr_owner_config", 280, 48, Authority::Host),
    field("rtmr0", 328, 48, Authority::Hardware),
    field("rtmr1", 376, 48, Authority::Hardware),
    field("rtmr2", 424, 48, Authority::Hardware),
    field("rtmr3", 472, 48, Authority::Guest),
    field("report_data", 520, 64, Authority::Guest),
    field("tee_tcb_svn2", 584, 16, Authority::Hardware),
    field("mr_service_td", 600, 48, Authority::Hardware),
    field("vm_id", 648, 1, Authority::Hardware),
    field("td_id", 649, 32, Authority::Hardware),
    field("device_information", 681, 48, Authority::Hardware),
    field("initial_service_td_hash", 729, 48, Authority::Hardware),
    field("initial_service_td_attributes", 777, 8, Authority::Hardware),
    field("initial_cpu_svn", 785, 16, Authority::Hardware),
    field("initial_tee_tcb_svn", 801, 16, Authority::Hardware),
    field("initial_fmspc", 817, 12, Authority::Hardware),
    field("current_service_td_hash", 829, 48, Authority::Hardware),
    field("current_service_td_attributes", 877, 8, Authority::Hardware),
];

/// What a trust domain's report says, under Intel's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdReport {
    /// Security versions of the TDX module (first two bytes) and its loader, at launch.
    #[serde(serialize_with = "bare")]
    pub tee_tcb_svn: [u8; 16],
    /// The TDX module's measurement.
    pub mr_seam: Register,
    /// Its signer; zero for Intel.
    pub mr_signer_seam: Register,
    /// Its attributes.
    #[serde(serialize_with = "bare")]
    pub seam_attributes: [u8; 8],
    /// The domain's attributes, little-endian; see [`super::TdAttributes`].
    #[serde(serialize_with = "bare")]
    pub td_attributes: [u8; 8],
    /// Extended processor features that the domain may use, little-endian.
    #[serde(serialize_with = "bare")]
    pub xfam: [u8; 8],
    /// The measurement of what the domain began with.
    pub mrtd: Register,
    /// Chosen by the host at launch: configuration.
    pub mr_config_id: Register,
    /// Chosen by the host at launch: owner.
    pub mr_owner: Register,
    /// Chosen by the host at launch: the owner's configuration.
    pub mr_owner_config: Register,
    /// Firmware's configuration, as measured at boot.
    pub rtmr0: Register,
    /// Kernel.
    pub rtmr1: Register,
    /// Command line and initial ramdisk.
    pub rtmr2: Register,
    /// The running program's own to extend.
    pub rtmr3: Register,
    /// Chosen by the program inside.
    #[serde(serialize_with = "bare")]
    pub report_data: [u8; 64],
    /// What TDX 1.5 adds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub td15: Option<Td15>,
    /// What TDX 1.5 with the service domains' extension adds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub extended: Option<Td15Extended>,
}

/// What TDX 1.5 adds to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Td15 {
    /// Security versions as of now: newer than at launch when the module was updated under the running domain.
    #[serde(serialize_with = "bare")]
    pub tee_tcb_svn2: [u8; 16],
    /// The bound service domains, such as one that may migrate this one; zero for none.
    pub mr_service_td: Register,
}

/// What TDX 1.5 with the service domains' extension adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Td15Extended {
    /// Which virtual machine of a partitioned domain spoke; zero for the only one.
    pub vm_id: u8,
    /// New at each launch, kept over migration.
    #[serde(serialize_with = "bare")]
    pub td_id: [u8; 32],
    /// Hash of the bound devices.
    pub device_information: Register,
    /// The service domains bound at creation.
    pub initial_service_td_hash: Register,
    /// Their attributes.
    #[serde(serialize_with = "bare")]
    pub initial_service_td_attributes: [u8; 8],
    /// The processor's security versions at creation.
    #[serde(serialize_with = "bare")]
    pub initial_cpu_svn: [u8; 16],
    /// The TDX module's at creation.
    #[serde(serialize_with = "bare")]
    pub initial_tee_tcb_svn: [u8; 16],
    /// The platform at creation.
    #[serde(serialize_with = "bare")]
    pub initial_fmspc: [u8; 12],
    /// The service domains bound now.
    pub current_service_td_hash: Register,
    /// Their attributes.
    #[serde(serialize_with = "bare")]
    pub current_service_td_attributes: [u8; 8],
}

impl TdReport {
    /// Reads a body of this type, exactly.
    pub(super) fn parse(reader: &mut Reader<'_>, body_type: BodyType) -> Result<Self, QuoteError> {
        Ok(Self {
            tee_tcb_svn: *reader.array("tee_tcb_svn")?,
            mr_seam: register(reader)?,
            mr_signer_seam: register(reader)?,
            seam_attributes: *reader.array("seam_attributes")?,
            td_attributes: *reader.array("td_attributes")?,
            xfam: *reader.array("xfam")?,
            mrtd: register(reader)?,
            mr_config_id: register(reader)?,
            mr_owner: register(reader)?,
            mr_owner_config: register(reader)?,
            rtmr0: register(reader)?,
            rtmr1: register(reader)?,
            rtmr2: register(reader)?,
            rtmr3: register(reader)?,
            report_data: *reader.array("report_data")?,
            td15: match body_type {
                BodyType::Td10 => None,
                BodyType::Td15 | BodyType::Td15Extended => Some(Td15::parse(reader)?),
            },
            extended: match body_type {
                BodyType::Td10 | BodyType::Td15 => None,
                BodyType::Td15Extended => Some(Td15Extended::parse(reader)?),
            },
        })
    }
}

impl Td15 {
    fn parse(reader: &mut Reader<'_>) -> Result<Self, QuoteError> {
        Ok(Self {
            tee_tcb_svn2: *reader.array("tee_tcb_svn2")?,
            mr_service_td: register(reader)?,
        })
    }
}

impl Td15Extended {
    fn parse(reader: &mut Reader<'_>) -> Result<Self, QuoteError> {
        let [vm_id] = *reader.array("vm_id")?;
        Ok(Self {
            vm_id,
            td_id: *reader.array("td_id")?,
            device_information: register(reader)?,
            initial_service_td_hash: register(reader)?,
            initial_service_td_attributes: *reader.array("initial_service_td_attributes")?,
            initial_cpu_svn: *reader.array("initial_cpu_svn")?,
            initial_tee_tcb_svn: *reader.array("initial_tee_tcb_svn")?,
            initial_fmspc: *reader.array("initial_fmspc")?,
            current_service_td_hash: register(reader)?,
            current_service_td_attributes: *reader.array("current_service_td_attributes")?,
        })
    }
}

fn register(reader: &mut Reader<'_>) -> Result<Register, QuoteError> {
    reader.array("register").map(|bytes| Register(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_each_other_without_a_gap_and_end_where_bodies_end() {
        let mut end = 0;
        for field in &FIELDS {
            assert_eq!(field.at, end, "{}", field.name);
            end += field.length;
        }
        assert_eq!(end, BodyType::Td15Extended.size());
        for body_type in [BodyType::Td10, BodyType::Td15] {
            assert!(FIELDS.iter().any(|field| field.at == body_type.size()));
            assert_eq!(BodyType::from_number(body_type.number()), Some(body_type));
        }
    }

    #[test]
    fn a_report_is_read_to_its_bodys_last_byte() {
        for body_type in [BodyType::Td10, BodyType::Td15, BodyType::Td15Extended] {
            let bytes = vec![1; body_type.size()];
            let mut reader = Reader::new(&bytes);
            assert!(TdReport::parse(&mut reader, body_type).is_ok());
            assert_eq!(reader.position(), body_type.size());
            assert!(TdReport::parse(&mut Reader::new(&bytes[1..]), body_type).is_err());
        }
    }
}
