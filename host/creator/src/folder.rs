//! A project as its creator keeps it: `repository/`, `protocol.json`, `benchmark/`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use orv_content::archive::Quota;
use orv_content::materialize::{ReadError, read_directory};
use orv_content::tree::Tree;

/// Longest protocol.json that is read, in bytes; the parser's own limit is lower.
const LONGEST_PROTOCOL: u64 = 4 << 20;

/// The files of a project folder.
#[derive(Debug, Clone)]
pub struct ProjectFolder {
    /// `protocol.json`, byte for byte.
    pub protocol_json: Vec<u8>,
    /// `repository/`: what miners start from.
    pub repository: Tree,
    /// `benchmark/`: openresearch.json, `harness/`, `judge/`, perhaps `image/`.
    pub benchmark: Tree,
}

/// Why a folder cannot be read as a project.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A part is missing or unreadable.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which part.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// protocol.json is longer than any.
    #[error("{} has more than {LONGEST_PROTOCOL} bytes", .0.display())]
    ProtocolTooLong(PathBuf),
    /// A folder cannot be read as a tree.
    #[error(transparent)]
    Tree(#[from] ReadError),
}

impl ProjectFolder {
    /// Reads the folder. Everything named `.git` is left out.
    ///
    /// # Errors
    /// [`FolderError`], with the path.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join("protocol.json");
        let unreadable = |source| FolderError::Io {
            path: path.clone(),
            source,
        };
        let mut protocol_json = Vec::new();
        let file = File::open(&path).map_err(unreadable)?;
        file.take(LONGEST_PROTOCOL + 1)
            .read_to_end(&mut protocol_json)
            .map_err(unreadable)?;
        if protocol_json.len() as u64 > LONGEST_PROTOCOL {
            return Err(FolderError::ProtocolTooLong(path));
        }
        Ok(Self {
            protocol_json,
            repository: read_directory(&folder.join("repository"), &Quota::project())?,
            benchmark: read_directory(&folder.join("benchmark"), &Quota::project())?,
        })
    }
}
