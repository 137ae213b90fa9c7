//! What a Nitro document claims.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Register;

/// What only a Nitro document claims, under the document's own names (attestation reference, a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NitroClaims {
    /// The enclave's name, `<instance>-enc<enclave>`.
    #[serde(rename = "module_id")]
    pub module: String,
    /// When the document was made, in milliseconds since 1970, by the hypervisor's clock.
    #[serde(rename = "timestamp_ms")]
    pub timestamp: u64,
    /// The platform configuration registers.
    #[serde(rename = "pcrs")]
    pub registers: NitroRegisters,
    /// What the enclave chose itself.
    #[serde(flatten)]
    pub reported: Reported,
}

/// Nitro's registers. The first three identify the image and are always there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NitroRegisters {
    /// Kernel, command line and all ramdisks.
    pub pcr0: Register,
    /// Kernel, command line and first ramdisk.
    pub pcr1: Register,
    /// The other ramdisks.
    pub pcr2: Register,
    /// The others by index, 3 to 31. Those from 16 on are the enclave's own to write.
    pub others: BTreeMap<u8, Register>,
}

impl NitroRegisters {
    /// The register of that name, `pcr0` to `pcr31`.
    pub fn named(&self, name: &str) -> Option<&Register> {
        let index: u8 = name.strip_prefix("pcr")?.parse().ok()?;
        self.iterate()
            .find(|(found, _)| *found == index)
            .map(|(_, register)| register)
    }

    fn iterate(&self) -> impl Iterator<Item = (u8, &Register)> {
        [(0, &self.pcr0), (1, &self.pcr1), (2, &self.pcr2)]
            .into_iter()
            .chain(self.others.iter().map(|(index, register)| (*index, register)))
    }
}

impl Serialize for NitroRegisters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (index, register) in self.iterate() {
            map.serialize_entry(&index.to_string(), register)?;
        }
        map.end()
    }
}

/// The three fields that a Nitro enclave chooses itself. Opaque; only ever compared with what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// Meant for the verifier's challenge.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub nonce: Option<Vec<u8>>,
    /// Meant for the key that is endorsed.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub public_key: Option<Vec<u8>>,
    /// Meant for the binding digest.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub user_data: Option<Vec<u8>>,
}
