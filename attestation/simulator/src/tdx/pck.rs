//! Intel's extension of PCK certificates, 1.2.840.113741.1.13.1 (SGX PCK certificate and CRL profile 1.5).

use crate::x509::Extension;
use crate::x509::der::{ENUMERATED, FALSE, OCTET_STRING, SEQUENCE, TRUE, element, identifier, integer};

/// Content octets of 1.2.840.113741.1.13.1.
const SGX: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];

/// What a PCK certificate says about its platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PckExtension {
    /// The platform's provisioning identifier.
    pub ppid: [u8; 16],
    /// The processor's sixteen security versions.
    pub cpu_svn: [u8; 16],
    /// The provisioning certification enclave's security version.
    pub pce_svn: u16,
    /// The provisioning certification enclave.
    pub pce_id: [u8; 2],
    /// Family, model, stepping, platform, custom SKU.
    pub fmspc: [u8; 6],
    /// 0 standard, 1 scalable, 2 scalable with integrity.
    pub sgx_type: u8,
    /// What the platform authority adds, and the processor authority does not.
    pub platform: Option<(PlatformInstance, Configuration)>,
}

/// The identifier of a multi-package platform's instance.
pub type PlatformInstance = [u8; 16];

/// How a multi-package platform is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configuration {
    /// Packages can be added.
    pub dynamic: Switch,
    /// The registration service keeps the platform's root keys.
    pub cached_keys: Switch,
    /// Simultaneous multithreading.
    pub smt: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

impl Switch {
    const fn encode(self) -> [u8; 3] {
        match self {
            Self::On => TRUE,
            Self::Off => FALSE,
        }
    }
}

/// The simulated model: `00 5D 1A 7E 00 00`.
pub(super) const FMSPC: [u8; 6] = [0x00, 0x5d, 0x1a, 0x7e, 0x00, 0x00];

impl PckExtension {
    /// A recent platform's, under the platform authority.
    pub const fn genuine() -> Self {
        Self {
            ppid: [0x99; 16],
            cpu_svn: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
            pce_svn: 11,
            pce_id: [0, 0],
            fmspc: FMSPC,
            sgx_type: 1,
            platform: Some((
                [0x07; 16],
                Configuration {
                    dynamic: Switch::On,
                    cached_keys: Switch::On,
                    smt: Switch::On,
                },
            )),
        }
    }

    /// The extension.
    pub fn encode(&self) -> Extension {
        let mut entries = [
            entry(&[1], &element(OCTET_STRING, &[&self.ppid])),
            entry(&[2], &self.tcb()),
            entry(&[3], &element(OCTET_STRING, &[&self.pce_id])),
            entry(&[4], &element(OCTET_STRING, &[&self.fmspc])),
            entry(&[5], &element(ENUMERATED, &[&[self.sgx_type]])),
        ]
        .concat();
        if let Some((instance, configuration)) = &self.platform {
            entries.extend(entry(&[6], &element(OCTET_STRING, &[instance])));
            entries.extend(entry(&[7], &configuration.encode()));
        }
        Extension::optional(&SGX, element(SEQUENCE, &[&entries]))
    }

    fn tcb(&self) -> Vec<u8> {
        let mut components: Vec<u8> = (1..)
            .zip(self.cpu_svn)
            .flat_map(|(index, svn)| entry(&[2, index], &integer(u64::from(svn))))
            .collect();
        components.extend(entry(&[2, 17], &integer(u64::from(self.pce_svn))));
        components.extend(entry(&[2, 18], &element(OCTET_STRING, &[&self.cpu_svn])));
        element(SEQUENCE, &[&components])
    }
}

impl Configuration {
    fn encode(&self) -> Vec<u8> {
        let entries = [
            entry(&[7, 1], &self.dynamic.encode()),
            entry(&[7, 2], &self.cached_keys.encode()),
            entry(&[7, 3], &self.smt.encode()),
        ];
        element(SEQUENCE, &[&entries.concat()])
    }
}

/// Identifier below Intel's, and value.
fn entry(arcs: &[u8], value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&identifier(&[SGX.as_slice(), arcs].concat()), value])
}
