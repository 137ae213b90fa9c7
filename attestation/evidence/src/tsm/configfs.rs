//! The real folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Attribute, REPORT_FOLDER, ReportFolder};

/// The report folder of a mounted configfs.
#[derive(Debug, Clone)]
pub struct Configfs {
    root: PathBuf,
}

impl Configfs {
    /// The folder at its usual place, [`REPORT_FOLDER`].
    pub fn mounted() -> Self {
        Self::at(REPORT_FOLDER)
    }

    /// The folder at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn file(&self, name: &str, attribute: Attribute) -> PathBuf {
        self.root.join(name).join(attribute.as_str())
    }
}

impl ReportFolder for Configfs {
    fn path(&self) -> &Path {
        &self.root
    }

    fn make(&self, name: &str) -> io::Result<()> {
        // Not `create_dir_all`: a folder that the kernel did not make answers nothing.
        fs::create_dir(self.root.join(name))
    }

    fn write(&self, name: &str, attribute: Attribute, bytes: &[u8]) -> io::Result<()> {
        // Neither made nor truncated: the kernel's attributes are there, and truncating is another operation to them.
        // A binary attribute takes effect when the file is closed, and an error there is lost; then `generation` shows
        // one write too few.
        let mut file = OpenOptions::new().write(true).open(self.file(name, attribute))?;
        if file.write(bytes)? == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        }
    }

    fn read(&self, name: &str, attribute: Attribute, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        File::open(self.file(name, attribute))?
            .take(limit)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_dir(self.root.join(name))
    }
}
