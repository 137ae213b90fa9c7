//! Versions of the SNP firmware.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Version of the SNP firmware: major, minor, build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Firmware {
    /// Major version of the ABI.
    pub major: u8,
    /// Minor version of the ABI.
    pub minor: u8,
    /// Build.
    pub build: u8,
}

impl fmt::Display for Firmware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.build)
    }
}

impl Serialize for Firmware {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a firmware version such as 1.55.29")]
pub struct NotAFirmwareVersion(String);

impl FromStr for Firmware {
    type Err = NotAFirmwareVersion;

    fn from_str(text: &str) -> Result<Self, NotAFirmwareVersion> {
        let numbers: Result<Vec<u8>, _> = text.split('.').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([major, minor, build]) => Ok(Self {
                major: *major,
                minor: *minor,
                build: *build,
            }),
            _ => Err(NotAFirmwareVersion(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for Firmware {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
