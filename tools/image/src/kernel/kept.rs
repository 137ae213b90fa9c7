//! A built kernel in the cache, beside its own record: a cache is a place that others write to, so its bytes are hashed
//! whenever they are taken.

use crate::error::ImageError;
use crate::pin::sha256;
use std::fs;
use std::path::Path;

/// The record: a line for each file, as `sha256sum` writes and checks them.
const RECORD: &str = "SHA256SUMS";
const IMAGE: &str = "bzImage";
const CONFIGURATION: &str = "config";
const RELEASE: &str = "release";

/// What is kept of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The bzImage.
    pub(super) image: Vec<u8>,
    /// The finished configuration.
    pub(super) configuration: Vec<u8>,
    /// What `uname -r` says, and the end of its line.
    pub(super) release_line: Vec<u8>,
}

impl Kept {
    /// Puts it into its place at once: another process sees all of it or nothing.
    pub(super) fn keep(&self, place: &Path) -> Result<(), ImageError> {
        let partial = place.with_extension("partial");
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir(&partial).map_err(ImageError::file(&partial))?;
        let files = [
            (IMAGE, &self.image),
            (CONFIGURATION, &self.configuration),
            (RELEASE, &self.release_line),
        ];
        let mut record = String::new();
        for (name, content) in files {
            write(&partial, name, content)?;
            record.push_str(&format!("{}  {name}\n", sha256(content)));
        }
        write(&partial, RECORD, record.as_bytes())?;
        fs::rename(&partial, place).map_err(ImageError::file(place))
    }

    /// Takes it, if it is still what was put there.
    pub(super) fn read(place: &Path) -> Result<Self, ImageError> {
        let path = place.join(RECORD);
        let record = fs::read_to_string(&path).map_err(ImageError::file(path))?;
        let read = |name: &str| {
            let path = place.join(name);
            let content = fs::read(&path).map_err(ImageError::file(&path))?;
            let found = sha256(&content);
            let recorded = record.lines().find_map(|line| line.strip_suffix(name)).map(str::trim);
            match recorded == Some(found.as_str()) {
                true => Ok(content),
                false => Err(ImageError::Hash {
                    file: path.display().to_string(),
                    found,
                    pinned: recorded.unwrap_or("nothing").to_owned(),
                }),
            }
        };
        Ok(Self {
            image: read(IMAGE)?,
            configuration: read(CONFIGURATION)?,
            release_line: read(RELEASE)?,
        })
    }

    /// What `uname -r` says.
    pub(super) fn release(&self) -> String {
        String::from_utf8_lossy(&self.release_line).trim().to_owned()
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), ImageError> {
    let path = folder.join(name);
    fs::write(&path, content).map_err(ImageError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept {
            image: b"kernel".to_vec(),
            configuration: b"CONFIG_A=y\n".to_vec(),
            release_line: b"6.12-orv\n".to_vec(),
        }
    }

    #[test]
    fn what_was_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("key");
        kept().keep(&place).unwrap();
        assert_eq!(Kept::read(&place).unwrap(), kept());
        assert_eq!(kept().release(), "6.12-orv");
    }

    #[test]
    fn a_kernel_that_somebody_changed_in_the_cache_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in [IMAGE, CONFIGURATION, RELEASE] {
            let place = folder.path().join(format!("of-{name}"));
            kept().keep(&place).unwrap();
            fs::write(place.join(name), "another").unwrap();
            assert!(matches!(Kept::read(&place), Err(ImageError::Hash { .. })), "{name}");
        }
    }

    #[test]
    fn a_kernel_without_a_record_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("key");
        kept().keep(&place).unwrap();
        fs::write(place.join(RECORD), "").unwrap();
        assert!(matches!(Kept::read(&place), Err(ImageError::Hash { .. })));
        fs::remove_file(place.join(RECORD)).unwrap();
        assert!(matches!(Kept::read(&place), Err(ImageError::File { .. })));
    }
}
