//! A writer of cpio archives in the "newc" format, which the Linux kernel unpacks as its first root file system
//! (kernel documentation, `driver-api/early-userspace/buffer-format.rst`).
//!
//! Nothing of the building machine can show: entries come in the order of their paths, belong to user and group 0, are
//! numbered from 1, and have the modification time 0.
//!
//! ```
//! use orv_image::cpio::{Entry, Tree};
//!
//! let mut tree = Tree::new();
//! tree.insert("init", Entry::Program(b"\x7fELF".to_vec()))?;
//! tree.insert("dev", Entry::Directory)?;
//! tree.insert("dev/console", Entry::CharacterDevice { major: 5, minor: 1 })?;
//! assert_eq!(&tree.archive()?[..6], b"070701");
//! # Ok::<(), orv_image::cpio::CpioError>(())
//! ```

use std::collections::BTreeMap;

/// What stands at the head of every entry.
const MAGIC: &str = "070701";
/// The name that ends an archive.
const TRAILER: &str = "TRAILER!!!";
/// Archives are padded to a whole number of these, as `cpio` itself does.
const BLOCK: usize = 512;
/// The longest path that the kernel's unpacker takes, with its NUL.
const LONGEST_PATH: usize = 4096;

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const DATA: u32 = 0o100_644;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// One entry of a tree. Modes follow from the kind: 0755, 0644 for data, 0600 for devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Directory,
    /// A file that may be run.
    Program(Vec<u8>),
    /// A file that may only be read.
    Data(Vec<u8>),
    /// A character device.
    CharacterDevice {
        /// Its driver.
        major: u32,
        /// Which of the driver's devices.
        minor: u32,
    },
}

/// What becomes an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// Why a tree has no archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CpioError {
    /// A path that leads elsewhere, is empty, too long, or ends the archive.
    #[error("{0:?} is not a relative path of plain names")]
    Path(String),
    /// A path for the second time.
    #[error("{0:?} is already there")]
    Twice(String),
    /// An entry whose folder is not in the tree.
    #[error("the folder of {0:?} is not there")]
    NoFolder(String),
    /// A file whose length has more than 32 bits.
    #[error("{path:?} has {length} bytes, more than the format can say")]
    TooLong {
        /// Which file.
        path: String,
        /// How long it is.
        length: usize,
    },
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an entry at a path, whose parts are parted by `/`. Its folder must be there when the archive is written.
    ///
    /// # Errors
    /// [`CpioError::Path`] and [`CpioError::Twice`].
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), CpioError> {
        let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
        if path == TRAILER || path.len() >= LONGEST_PATH || !path.split('/').all(plain) {
            return Err(CpioError::Path(path.to_owned()));
        }
        match self.entries.contains_key(path) {
            true => Err(CpioError::Twice(path.to_owned())),
            false => {
                self.entries.insert(path.to_owned(), entry);
                Ok(())
            }
        }
    }

    /// The archive, uncompressed.
    ///
    /// # Errors
    /// [`CpioError::NoFolder`] and [`CpioError::TooLong`].
    pub fn archive(&self) -> Result<Vec<u8>, CpioError> {
        let mut out = Vec::new();
        for (number, (path, entry)) in (1..).zip(&self.entries) {
            let folder = path.rsplit_once('/').map(|(folder, _)| folder);
            if folder.is_some_and(|folder| self.entries.get(folder) != Some(&Entry::Directory)) {
                return Err(CpioError::NoFolder(path.clone()));
            }
            write(&mut out, number, path, entry)?;
        }
        write(&mut out, 0, TRAILER, &Entry::Data(Vec::new())).map(|()| finished(out))
    }
}

/// Pads to a block, and makes the trailer's mode what every unpacker writes there: zero.
fn finished(mut out: Vec<u8>) -> Vec<u8> {
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out
}

fn write(out: &mut Vec<u8>, number: u32, path: &str, entry: &Entry) -> Result<(), CpioError> {
    let none: &[u8] = &[];
    let (mode, links, content, (major, minor)) = match entry {
        Entry::Directory => (DIRECTORY, 2, none, (0, 0)),
        Entry::Program(content) => (PROGRAM, 1, content.as_slice(), (0, 0)),
        Entry::Data(_) if path == TRAILER => (0, 1, none, (0, 0)),
        Entry::Data(content) => (DATA, 1, content.as_slice(), (0, 0)),
        Entry::CharacterDevice { major, minor } => (CHARACTER_DEVICE, 1, none, (*major, *minor)),
    };
    let length = u32::try_from(content.len()).map_err(|_| CpioError::TooLong {
        path: path.to_owned(),
        length: content.len(),
    })?;
    let name_length = path.len() as u32 + 1;
    out.extend_from_slice(MAGIC.as_bytes());
    // Number, mode, user, group, links, time, length, device of the file, its own device, length of the name, checksum.
    let fields = [number, mode, 0, 0, links, 0, length, 0, 0, major, minor, name_length, 0];
    for field in fields {
        out.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.push(0);
    align(out);
    out.extend_from_slice(content);
    align(out);
    Ok(())
}

/// Headers and contents begin at multiples of four.
fn align(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_of_one_file_is_what_the_format_says_byte_for_byte() {
        let mut tree = Tree::new();
        tree.insert("init", Entry::Program(b"hello".to_vec())).unwrap();
        let expected = concat!(
            "070701",
            "00000001",
            "000081ed",
            "00000000",
            "00000000",
            "00000001",
            "00000000",
            "00000005",
            "00000000",
            "00000000",
            "00000000",
            "00000000",
            "00000005",
            "00000000",
            "init\0\0hello\0\0\0",
            "070701",
            "00000000",
            "00000000",
            "00000000",
            "00000000",
            "00000001",
            "00000000",
            "00000000",
            "00000000",
            "00000000",
            "00000000",
            "00000000",
            "0000000b",
            "00000000",
            "TRAILER!!!\0",
        );
        let archive = tree.archive().unwrap();
        assert_eq!(&archive[..expected.len()], expected.as_bytes());
        assert_eq!(archive.len(), BLOCK);
        assert!(archive[expected.len()..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_order_of_insertion_does_not_show() {
        let folders = ["a", "b", "a/c"];
        let tree = |paths: &[&str]| {
            let mut tree = Tree::new();
            paths
                .iter()
                .for_each(|path| tree.insert(path, Entry::Directory).unwrap());
            tree.archive().unwrap()
        };
        assert_eq!(tree(&folders), tree(&["a/c", "b", "a"]));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for path in ["", "/init", "a//b", "../a", "a/.", "a\0b", TRAILER, "a/"] {
            let refused = Tree::new().insert(path, Entry::Directory);
            assert_eq!(refused, Err(CpioError::Path(path.to_owned())));
        }
    }

    #[test]
    fn a_file_is_not_a_folder_and_nothing_is_there_twice() {
        let mut tree = Tree::new();
        tree.insert("a", Entry::Data(Vec::new())).unwrap();
        assert_eq!(tree.insert("a", Entry::Directory), Err(CpioError::Twice("a".into())));
        tree.insert("a/b", Entry::Directory).unwrap();
        assert_eq!(tree.archive(), Err(CpioError::NoFolder("a/b".into())));
    }
}
