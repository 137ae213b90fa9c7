//! The configuration of an image: one small JSON file inside it, measured with everything else.
//!
//! ```json
//! {"schema":"orv-configuration/1","machine":"nitro","listen_port":5000,"parents":[3,2],"report_port":5001,
//!  "heartbeat_port":9000,"scratch_percent":60}
//! ```
//!
//! Chain, registry, gateway and operator are not in it: one image serves every chain, and the first `Hello` binds the key
//! to them, which the evidence then names.

use super::{Configuration, Endorsement, Listen, Machine, MissingLimits, Patience, Peers};
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};

/// Where the file stands in the image.
pub(crate) const PLACE: &str = "/orv/configuration.json";

/// Where an image keeps its scratch: a file system of its own, in memory.
pub(crate) const SCRATCH: &str = "/scratch";

/// Longest file, in bytes.
const LONGEST: u64 = 4096;

/// Most context ids that the parent may be found under.
const MOST_PARENTS: usize = 4;

/// The one schema.
const SCHEMA: &str = "orv-configuration/1";

/// Context ids below this name the hypervisor and the machine itself (`linux/vm_sockets.h`).
const FIRST_PARENT: u32 = 2;

/// The first number that is no port or context id (`VMADDR_PORT_ANY`, `VMADDR_CID_ANY`).
const ANY: u32 = u32::MAX;

/// The settings of an image, as they are measured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    schema: String,
    /// The machine that the image is for.
    pub(crate) machine: Machine,
    /// The vsock port of the service.
    pub(crate) listen_port: u32,
    /// The context ids under which the parent is found, in the order in which they are tried: 3 on AWS; 2 where the
    /// machine's host itself is the parent.
    pub(crate) parents: Vec<u32>,
    /// The parent's port for the report of an end.
    pub(crate) report_port: u32,
    /// The parent's port for the sign of life that `nitro-cli` waits for; left out where nobody does.
    #[serde(default, deserialize_with = "present")]
    pub(crate) heartbeat_port: Option<u32>,
    /// The part of the memory that images and trees may fill, in percent.
    pub(crate) scratch_percent: u8,
}

/// Why a file is not the configuration of an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// It is too long.
    #[error("{0} bytes are more than the {LONGEST} of a configuration")]
    TooLong(u64),
    /// It is no JSON object of the known fields.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is something else than an object.
    #[error("the configuration is no JSON object")]
    NoObject,
    /// Another schema.
    #[error("unknown schema {0:?}")]
    Schema(String),
    /// A port that nobody can listen on or connect to.
    #[error("{field} {port} is no vsock port")]
    Port { field: &'static str, port: u32 },
    /// Not 1 to [`MOST_PARENTS`] different context ids of a parent.
    #[error("parents {0:?} are not 1 to {MOST_PARENTS} different context ids from {FIRST_PARENT} on")]
    Parents(Vec<u32>),
    /// No useful part of the memory.
    #[error("scratch_percent {0} is not within 10 and 90")]
    Scratch(u8),
}

impl Image {
    /// Reads the file of the image that runs.
    pub(crate) fn load() -> Result<Self, ImageError> {
        let read = |source| ImageError::Read {
            path: PLACE.into(),
            source,
        };
        let length = std::fs::metadata(Path::new(PLACE)).map_err(read)?.len();
        if length > LONGEST {
            return Err(ImageError::TooLong(length));
        }
        Self::parse(&std::fs::read(PLACE).map_err(read)?)
    }

    /// Reads the file's bytes. Unknown, missing and doubled keys are refused.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.len() as u64 > LONGEST {
            return Err(ImageError::TooLong(bytes.len() as u64));
        }
        // A derived reader would take a list for an object whose fields come in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(ImageError::NoObject);
        }
        serde_json::from_slice::<Self>(bytes)?.checked()
    }

    fn checked(self) -> Result<Self, ImageError> {
        if self.schema != SCHEMA {
            return Err(ImageError::Schema(self.schema));
        }
        let ports = [
            ("listen_port", Some(self.listen_port)),
            ("report_port", Some(self.report_port)),
            ("heartbeat_port", self.heartbeat_port),
        ];
        for (field, port) in ports {
            if let Some(port @ (0 | ANY)) = port {
                return Err(ImageError::Port { field, port });
            }
        }
        let doubled = |(index, parent)| self.parents.iter().take(index).any(|other| other == parent);
        let plausible = (1..=MOST_PARENTS).contains(&self.parents.len())
            && self.parents.iter().all(|parent| (FIRST_PARENT..ANY).contains(parent))
            && !self.parents.iter().enumerate().any(doubled);
        if !plausible {
            return Err(ImageError::Parents(self.parents));
        }
        if !(10..=90).contains(&self.scratch_percent) {
            return Err(ImageError::Scratch(self.scratch_percent));
        }
        Ok(self)
    }

    /// The service's part. An image never runs with weaker limits.
    pub(crate) fn service(&self) -> Configuration {
        Configuration {
            listen: Listen::Vsock {
                port: self.listen_port,
                peers: Peers::Only(self.parents.clone()),
            },
            scratch: SCRATCH.into(),
            missing_limits: MissingLimits::Refuse,
            endorsement: Endorsement::By(self.machine),
            patience: Patience::FULL,
        }
    }
}

/// A field that is left out where it has no value, never `null`.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<u32>, D::Error> {
    u32::deserialize(field).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NITRO: &str = r#"{"schema":"orv-configuration/1","machine":"nitro","listen_port":5000,"parents":[3,2],
        "report_port":5001,"heartbeat_port":9000,"scratch_percent":60}"#;

    fn parse(text: &str) -> Result<Image, ImageError> {
        Image::parse(text.as_bytes())
    }

    #[test]
    fn every_setting_of_an_image_is_read() {
        let image = parse(NITRO).unwrap();
        assert_eq!((image.machine, image.heartbeat_port), (Machine::Nitro, Some(9000)));
        let service = image.service();
        let peers = Peers::Only(vec![3, 2]);
        assert_eq!(service.listen, Listen::Vsock { port: 5000, peers });
        assert_eq!(service.missing_limits, MissingLimits::Refuse);
    }

    #[test]
    fn a_heartbeat_is_left_out_and_never_null() {
        let without = NITRO.replace(r#""heartbeat_port":9000,"#, "");
        assert_eq!(parse(&without).unwrap().heartbeat_port, None);
        assert!(matches!(
            parse(&NITRO.replace("9000", "null")),
            Err(ImageError::Json(_))
        ));
    }

    #[test]
    fn unknown_missing_and_doubled_keys_are_refused() {
        for wrong in [
            NITRO.replace("\"machine\"", "\"weaker_limits\":true,\"machine\""),
            NITRO.replace("\"report_port\":5001,", ""),
            NITRO.replace("\"report_port\":5001", "\"report_port\":5001,\"report_port\":5002"),
            NITRO.replace("nitro", "simulator"),
            format!("{NITRO}{NITRO}"),
        ] {
            assert!(matches!(parse(&wrong), Err(ImageError::Json(_))), "{wrong}");
        }
        let list = r#"["orv-configuration/1","nitro",5000,[3],5001,9000,60]"#;
        assert!(matches!(parse(list), Err(ImageError::NoObject)));
    }

    #[test]
    fn values_outside_their_range_are_refused_by_name() {
        assert!(matches!(
            parse(&NITRO.replace("tion/1", "tion/2")),
            Err(ImageError::Schema(_))
        ));
        assert!(matches!(
            parse(&NITRO.replace("5001", "0")),
            Err(ImageError::Port {
                field: "report_port",
                port: 0
            })
        ));
        for parents in ["[]", "[1]", "[3,3]", "[4294967295]", "[2,3,4,5,6]"] {
            let wrong = NITRO.replace("[3,2]", parents);
            assert!(matches!(parse(&wrong), Err(ImageError::Parents(_))), "{parents}");
        }
        assert!(matches!(
            parse(&NITRO.replace(":60", ":91")),
            Err(ImageError::Scratch(91))
        ));
        let long = format!("{NITRO}{}", " ".repeat(5000));
        assert!(matches!(parse(&long), Err(ImageError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_configuration_or_a_typed_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Image::parse(&bytes);
        }
    }
}
