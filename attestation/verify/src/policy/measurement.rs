//! The measurements that a policy lists.

use std::collections::BTreeMap;

use orv_evidence::UnixTime;
use serde::{Deserialize, Serialize};

use crate::{Claims, measurement_id};

/// A measurement that counts, with the name of what it is and the time in which it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Entry", into = "Entry")]
pub struct AllowedMeasurement {
    /// For a person, such as a release's name.
    pub name: String,
    /// What was measured.
    pub identity: MeasuredIdentity,
    /// The first second in which it counts.
    pub valid_from: Option<UnixTime>,
    /// The last second in which it counts.
    pub valid_until: Option<UnixTime>,
    /// What is known of its cycle counter where evidence does not say it.
    pub counter: Counter,
}

/// What a listed program's cycle counter is, where the evidence does not say it (DESIGN 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counter {
    /// The platform's own, at whatever tier that is.
    #[default]
    Platform,
    /// SNP: the measured program refuses to run without SecureTSC, so that the host cannot bend the counter. Whoever
    /// lists the program has read it. Never believed on Milan, which has none.
    SecureTsc,
}

/// How a policy names a measured program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasuredIdentity {
    /// By what stands for it on chain, see [`crate::measurement_id`].
    Id([u8; 32]),
    /// By registers, as many as must agree and at least one, by the names of [`crate::Hardware::register`]; each with
    /// the values of which one must be there.
    Registers(BTreeMap<String, RegisterValues>),
}

/// The values of one register that count: one, or a list of which any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterValues(pub Vec<Vec<u8>>);

impl Serialize for RegisterValues {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [value] => serializer.serialize_str(&hex::encode(value)),
            values => serializer.collect_seq(values.iter().map(hex::encode)),
        }
    }
}

impl<'de> Deserialize<'de> for RegisterValues {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "hexadecimal digits, or a list of them")]
        enum Written {
            One(String),
            Any(Vec<String>),
        }
        let digits = match Written::deserialize(deserializer)? {
            Written::One(digits) => vec![digits],
            Written::Any(list) => list,
        };
        let values: Result<Vec<_>, _> = digits.iter().map(hex::decode).collect();
        values.map(Self).map_err(serde::de::Error::custom)
    }
}

/// An entry as a policy writes it: `id` or `registers`, not both.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(
        default,
        with = "crate::hexadecimal::word::optional",
        skip_serializing_if = "Option::is_none"
    )]
    id: Option<[u8; 32]>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    registers: BTreeMap<String, RegisterValues>,
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    valid_from: Option<UnixTime>,
    #[serde(default, with = "crate::instant::optional", skip_serializing_if = "Option::is_none")]
    valid_until: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    counter: Counter,
}

/// An entry that names no program, or two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("measurement {0:?} must have either an id or registers")]
pub struct AmbiguousMeasurement(pub String);

impl TryFrom<Entry> for AllowedMeasurement {
    type Error = AmbiguousMeasurement;

    fn try_from(entry: Entry) -> Result<Self, AmbiguousMeasurement> {
        let identity = match (entry.id, entry.registers.is_empty()) {
            (Some(id), true) => MeasuredIdentity::Id(id),
            (None, false) => MeasuredIdentity::Registers(entry.registers),
            (Some(_), false) | (None, true) => return Err(AmbiguousMeasurement(entry.name)),
        };
        Ok(Self {
            name: entry.name,
            identity,
            valid_from: entry.valid_from,
            valid_until: entry.valid_until,
            counter: entry.counter,
        })
    }
}

impl From<AllowedMeasurement> for Entry {
    fn from(allowed: AllowedMeasurement) -> Self {
        let (id, registers) = match allowed.identity {
            MeasuredIdentity::Id(id) => (Some(id), BTreeMap::new()),
            MeasuredIdentity::Registers(registers) => (None, registers),
        };
        Self {
            name: allowed.name,
            id,
            registers,
            valid_from: allowed.valid_from,
            valid_until: allowed.valid_until,
            counter: allowed.counter,
        }
    }
}

impl AllowedMeasurement {
    /// A measurement named as the chain names it, without end.
    pub fn by_id(id: [u8; 32], name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            identity: MeasuredIdentity::Id(id),
            valid_from: None,
            valid_until: None,
            counter: Counter::Platform,
        }
    }

    /// Whether this is what `claims` measured, at whatever time.
    pub(crate) fn is(&self, claims: &Claims) -> bool {
        match &self.identity {
            MeasuredIdentity::Id(id) => *id == measurement_id(claims),
            // An empty list would be every program there is.
            MeasuredIdentity::Registers(registers) => {
                !registers.is_empty()
                    && registers.iter().all(|(name, values)| {
                        let found = claims.hardware.register(name);
                        found.is_some_and(|found| values.0.iter().any(|value| value == found))
                    })
            }
        }
    }

    /// Whether it counts at `now`.
    pub(crate) fn counts_at(&self, now: UnixTime) -> bool {
        self.valid_from.is_none_or(|first| first <= now) && self.valid_until.is_none_or(|last| now <= last)
    }
}
