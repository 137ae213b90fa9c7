//! What a policy asks of a TDX quote beyond what every platform has.

use orv_evidence::UnixTime;
use serde::{Deserialize, Serialize};

use super::status::TcbStatus;

/// The extended features that an unbroken module may grant (Intel TDX Module ABI, XFAM), where a policy names none.
pub const XFAM_KNOWN: u64 = 0x0006_dbe7;

/// What authentic TDX claims must meet.
///
/// The default is the built-in policy: only an up-to-date TCB, no service domain, no performance counters, every known
/// feature of the processor; and whatever the host chose as configuration and owner, told and not judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TdxPolicy {
    /// States of the TCB that are taken beside `UpToDate`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<AcceptedStatus>,
    /// The lowest evaluation data number that counts: keeps collateral out that is valid still and hides later advisories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_evaluation_data_number: Option<u32>,
    /// Whether the domain may use performance counters.
    pub performance_counters: PerformanceCounters,
    /// Hashes of service domains that may be bound (MR_SERVICETD).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_domains: Vec<Digest>,
    /// The extended features that may be granted, as the report has them: eight bytes, little-endian, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Mask>,
    /// What the host must have given as configuration; without a value any, told and not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mr_config_id: Option<Digest>,
    /// As owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mr_owner: Option<Digest>,
    /// As the owner's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mr_owner_config: Option<Digest>,
    /// Platforms by PPID; without a list any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<PlatformId>>,
}

/// Whether the domain may use performance counters, which tell the host of what runs inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PerformanceCounters {
    /// Not acceptable.
    #[default]
    Refused,
    /// Taken.
    Accepted,
}

/// A state of the TCB that is taken beside `UpToDate`, on conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Entry", into = "Entry")]
pub struct AcceptedStatus {
    status: TcbStatus,
    until: Option<UnixTime>,
    advisories: Option<Vec<String>>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    status: TcbStatus,
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    until: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advisories: Option<Vec<String>>,
}

/// A state that is taken on no condition where it needs one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnconditionalStatus {
    /// Grace without an end.
    #[error("{0} is taken for a time only: until = \"2027-01-31T00:00:00Z\"")]
    WithoutEnd(TcbStatus),
    /// Hardening that nobody looked at.
    #[error("{0} is taken for known advisories only: advisories = [\"INTEL-SA-00000\"]")]
    WithoutAdvisories(TcbStatus),
}

impl AcceptedStatus {
    /// A state to take, with its conditions: the last second, and the advisories of which nothing else may apply.
    ///
    /// # Errors
    /// [`UnconditionalStatus`] for a state out of date without an end, or one that leaves hardening to the software inside
    /// without the advisories that this software answers.
    pub fn new(
        status: TcbStatus,
        until: Option<UnixTime>,
        advisories: Option<Vec<String>>,
    ) -> Result<Self, UnconditionalStatus> {
        if status.is_outdated() && until.is_none() {
            return Err(UnconditionalStatus::WithoutEnd(status));
        }
        if status.needs_hardening() && advisories.is_none() {
            return Err(UnconditionalStatus::WithoutAdvisories(status));
        }
        Ok(Self {
            status,
            until,
            advisories,
        })
    }

    /// The last second at which it takes anything.
    pub(super) const fn until(&self) -> Option<UnixTime> {
        self.until
    }

    /// Whether this entry takes `status` with these advisories at `now`; if not, why.
    pub(super) fn takes(&self, status: TcbStatus, advisories: &[String], now: UnixTime) -> Result<(), String> {
        if self.status != status {
            return Err(String::new());
        }
        if let Some(until) = self.until.filter(|until| now > *until) {
            return Err(format!("the policy took it until {until}"));
        }
        let Some(allowed) = &self.advisories else {
            return Ok(());
        };
        let unknown: Vec<&str> = advisories
            .iter()
            .filter(|advisory| !allowed.contains(advisory))
            .map(String::as_str)
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(format!("the policy does not know {}", unknown.join(", ")))
        }
    }
}

impl TryFrom<Entry> for AcceptedStatus {
    type Error = UnconditionalStatus;

    fn try_from(entry: Entry) -> Result<Self, UnconditionalStatus> {
        Self::new(entry.status, entry.until, entry.advisories)
    }
}

impl From<AcceptedStatus> for Entry {
    fn from(accepted: AcceptedStatus) -> Self {
        Self {
            status: accepted.status,
            until: accepted.until,
            advisories: accepted.advisories,
        }
    }
}

/// Bytes of a fixed number, hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exactly<const N: usize>(pub [u8; N]);

/// A register's or a hash's 48 bytes.
pub type Digest = Exactly<48>;
/// Eight bytes, little-endian.
pub type Mask = Exactly<8>;
/// A platform's name.
pub type PlatformId = Exactly<16>;

impl<const N: usize> Serialize for Exactly<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Exactly<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(&digits, &mut bytes)
            .map_err(|error| serde::de::Error::custom(format!("{digits:?} is not {N} bytes: {error}")))?;
        Ok(Self(bytes))
    }
}
