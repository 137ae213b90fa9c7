//! Upstream's artifact index: where the bytes of a SHA-256 are said to lie (openresearch.md 2.4).
//!
//! Versions 1 and 2 are read; upstream's loader takes version 1 only. Of the addresses only `http`, `https` and
//! `0g://<root>` are followed, and `http` and `https` only to public hosts: an index must not make this machine open its
//! own files or speak to its own network.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::PathBuf,
    str::FromStr,
};

use orv_chain::{Endpoint, HttpClient, HttpError};
use orv_content::{Root, Sha256};
use serde::Deserialize;

/// Largest index that is read, in bytes.
const MAX_INDEX_BYTES: u64 = 16 << 20;

/// Where the index itself lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexSource {
    /// A file on this machine, named by the operator.
    File(PathBuf),
    /// A document on the web.
    Web(Endpoint),
}

/// What starts with `http` is a document on the web, everything else a file.
impl FromStr for IndexSource {
    type Err = HttpError;

    fn from_str(text: &str) -> Result<Self, HttpError> {
        if text.starts_with("http://") || text.starts_with("https://") {
            Endpoint::parse(text).map(Self::Web)
        } else {
            Ok(Self::File(PathBuf::from(text)))
        }
    }
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file could not be read.
    #[error("cannot read the artifact index: {0}")]
    Unreadable(#[from] io::Error),
    /// The document could not be had.
    #[error("cannot get the artifact index: {0}")]
    Http(#[from] HttpError),
    /// The server answered something else.
    #[error("the artifact index's server answered status {0}")]
    Status(u16),
    /// It is longer than any index.
    #[error("the artifact index has more than {MAX_INDEX_BYTES} bytes")]
    TooLarge,
    /// It is not an index.
    #[error("not an artifact index: {0}")]
    Malformed(String),
    /// Its version is unknown.
    #[error("artifact index version {0:?} is neither \"1\" nor \"2\"")]
    Version(String),
    /// An entry names a host of a private network.
    #[error("the artifact index names {0}, which is no public host")]
    Private(String),
    /// An entry names an address that is not followed.
    #[error("the artifact index names {0:?}, which is neither http, https nor 0g")]
    Address(String),
}

/// Which hosts an index may name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IndexedHosts {
    /// Those on the public internet.
    #[default]
    Public,
    /// Any, this machine's own network included: for development.
    Any,
}

/// A parsed index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactIndex {
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: String,
    entries: BTreeMap<String, Entry>,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Entry {
    code_fetch_uri: String,
}

/// Where an artifact is said to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactAddress {
    /// On the web.
    Web(Endpoint),
    /// On 0G Storage.
    ZeroG(Root),
}

impl ArtifactIndex {
    /// Reads the index anew.
    ///
    /// # Errors
    /// Each way an index can be unusable has its [`IndexError`].
    pub async fn load(source: &IndexSource, client: &HttpClient) -> Result<Self, IndexError> {
        let bytes = match source {
            IndexSource::File(path) => {
                let mut bytes = Vec::new();
                File::open(path)?.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes)?;
                bytes
            }
            IndexSource::Web(endpoint) => {
                let answer = client.get(endpoint, MAX_INDEX_BYTES).await?;
                if answer.status != 200 {
                    return Err(IndexError::Status(answer.status));
                }
                answer.body
            }
        };
        Self::parse(&bytes)
    }

    /// Reads the JSON. Keys other than those needed are left alone.
    ///
    /// # Errors
    /// [`IndexError::TooLarge`], [`IndexError::Malformed`] or [`IndexError::Version`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        if bytes.len() as u64 > MAX_INDEX_BYTES {
            return Err(IndexError::TooLarge);
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| IndexError::Malformed(error.to_string()))?;
        match document.schema_version.as_str() {
            "1" | "2" => Ok(Self {
                entries: document.entries,
            }),
            other => Err(IndexError::Version(other.chars().take(20).collect())),
        }
    }

    /// Where the bytes of this SHA-256 are said to lie.
    ///
    /// # Errors
    /// [`IndexError::Address`] for an address that is not followed.
    pub fn find(&self, hash: &Sha256, hosts: IndexedHosts) -> Result<Option<ArtifactAddress>, IndexError> {
        self.entries
            .get(&hash.to_string())
            .map(|entry| address(&entry.code_fetch_uri, hosts))
            .transpose()
    }
}

fn address(uri: &str, hosts: IndexedHosts) -> Result<ArtifactAddress, IndexError> {
    let refuse = || IndexError::Address(uri.chars().take(100).collect());
    if let Some(root) = uri.strip_prefix("0g://") {
        return root.parse().map(ArtifactAddress::ZeroG).map_err(|_| refuse());
    }
    let endpoint = Endpoint::parse(uri).map_err(|_| refuse())?;
    match hosts {
        IndexedHosts::Public if !endpoint.may_be_public() => Err(IndexError::Private(endpoint.to_string())),
        IndexedHosts::Public | IndexedHosts::Any => Ok(ArtifactAddress::Web(endpoint)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(version: &str, uri: &str) -> Result<ArtifactIndex, IndexError> {
        let key = Sha256([0xab; 32]);
        let text = format!(
            r#"{{"schemaVersion":"{version}","entries":{{"{key}":{{"code_fetch_uri":"{uri}","benchmark_log_uri":"x",
               "sandbox_image_digest":"a@sha256:00"}}}}}}"#
        );
        ArtifactIndex::parse(text.as_bytes())
    }

    #[test]
    fn both_versions_are_read_and_no_other() {
        for version in ["1", "2"] {
            let found = index(version, "https://example.org/a.tar")
                .unwrap()
                .find(&Sha256([0xab; 32]), IndexedHosts::Public)
                .unwrap();
            assert!(matches!(found, Some(ArtifactAddress::Web(_))));
        }
        assert!(matches!(index("3", "https://example.org"), Err(IndexError::Version(_))));
    }

    #[test]
    fn an_index_cannot_name_this_machines_files() {
        for uri in ["file:///etc/shadow", "ftp://host/x", "0g://zz", "/etc/passwd"] {
            let found = index("1", uri).unwrap().find(&Sha256([0xab; 32]), IndexedHosts::Public);
            assert!(matches!(found, Err(IndexError::Address(_))), "{uri}");
        }
    }

    #[test]
    fn an_index_cannot_name_this_machines_network() {
        for host in [
            "127.0.0.1:8545",
            "10.0.0.1",
            "169.254.169.254",
            "localhost",
            "[::1]",
            "0x7f000001",
        ] {
            let index = index("2", &format!("http://{host}/a.tar")).unwrap();
            let found = index.find(&Sha256([0xab; 32]), IndexedHosts::Public);
            assert!(matches!(found, Err(IndexError::Private(_))), "{host}: {found:?}");
            let allowed = index.find(&Sha256([0xab; 32]), IndexedHosts::Any);
            assert!(matches!(allowed, Ok(Some(ArtifactAddress::Web(_)))), "{host}");
        }
    }

    #[test]
    fn a_root_on_0g_is_an_address() {
        let root = Root([7; 32]);
        let found = index("1", &format!("0g://{root}"))
            .unwrap()
            .find(&Sha256([0xab; 32]), IndexedHosts::Public)
            .unwrap();
        assert_eq!(found, Some(ArtifactAddress::ZeroG(root)));
    }

    #[test]
    fn a_hash_without_an_entry_is_not_found() {
        assert_eq!(
            index("1", "https://example.org")
                .unwrap()
                .find(&Sha256([0; 32]), IndexedHosts::Public)
                .unwrap(),
            None
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ArtifactIndex::parse(&bytes);
        }
    }
}
