//! The calls that reach a real folder, over files that a stand-in for the kernel puts where configfs would.

#![allow(clippy::expect_used)]

use std::fs;
use std::io;
use std::path::Path;

use orv_evidence::tsm::{Attribute, Configfs, Monotonic, Patience, ReportFolder, TsmCollector, TsmError};
use tempfile::TempDir;

/// Plain files are no attributes: a directory made here gets them filled in, and is emptied before it is removed.
struct OverFiles {
    folder: Configfs,
    root: TempDir,
    generation: &'static str,
}

impl OverFiles {
    fn new(generation: &'static str) -> Self {
        let root = TempDir::new().expect("a folder");
        Self {
            folder: Configfs::at(root.path()),
            root,
            generation,
        }
    }

    fn left_over(&self) -> usize {
        fs::read_dir(self.root.path()).expect("a folder").count()
    }
}

impl ReportFolder for &OverFiles {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn make(&self, name: &str) -> io::Result<()> {
        self.folder.make(name)?;
        let directory = self.root.path().join(name);
        fs::write(directory.join("provider"), "sev_guest\n")?;
        fs::write(directory.join("privlevel_floor"), "0\n")?;
        fs::write(directory.join("privlevel"), "")?;
        fs::write(directory.join("inblob"), "")?;
        fs::write(directory.join("outblob"), [7; 1184])?;
        fs::write(directory.join("auxblob"), "")?;
        fs::write(directory.join("generation"), self.generation)
    }

    fn write(&self, name: &str, attribute: Attribute, bytes: &[u8]) -> io::Result<()> {
        self.folder.write(name, attribute, bytes)?;
        let file = self.root.path().join(name).join(attribute.as_str());
        assert_eq!(fs::read(file)?, bytes, "all of it in one call");
        Ok(())
    }

    fn read(&self, name: &str, attribute: Attribute, limit: usize) -> io::Result<Vec<u8>> {
        self.folder.read(name, attribute, limit)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        for file in fs::read_dir(self.root.path().join(name))? {
            fs::remove_file(file?.path())?;
        }
        self.folder.remove(name)
    }
}

#[test]
fn a_report_comes_out_of_files() {
    let files = OverFiles::new("2\n");
    let collector = TsmCollector::open(&files, Monotonic::start(), Patience::USUAL, [1; 8]).expect("a provider");
    assert_eq!(collector.report(&[9; 64]).expect("a report").outblob, [7; 1184]);
    assert_eq!(files.left_over(), 0);
}

#[test]
fn another_generation_than_two_writes_is_no_report() {
    let files = OverFiles::new("3\n");
    let hasty = Patience {
        total: std::time::Duration::ZERO,
        ..Patience::USUAL
    };
    let collector = TsmCollector::open(&files, Monotonic::start(), hasty, [1; 8]).expect("a provider");
    match collector.report(&[9; 64]) {
        Err(TsmError::TimedOut { attempts: 1, last, .. }) => {
            assert_eq!(last.to_string(), "the report saw 3 writes, 2 were made");
        }
        other => assert!(other.is_err(), "a raced report was taken"),
    }
    assert_eq!(files.left_over(), 0);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let missing = Configfs::at("/nowhere/tsm/report");
    let refused = TsmCollector::open(missing, Monotonic::start(), Patience::USUAL, [1; 8]).expect_err("no folder");
    assert_eq!(
        refused.to_string(),
        "no report folder here: /nowhere/tsm/report does not exist"
    );
}

#[test]
fn nothing_is_made_by_a_write_and_no_more_is_read_than_was_asked() {
    let root = TempDir::new().expect("a folder");
    let folder = Configfs::at(root.path());
    folder.make("r").expect("a directory");
    let refused = folder.write("r", Attribute::InBlob, &[1]).expect_err("no attribute");
    assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    fs::write(root.path().join("r/outblob"), [5; 100]).expect("a file");
    assert_eq!(folder.read("r", Attribute::OutBlob, 10).expect("bytes"), [5; 10]);
    let refused = folder.make("r").expect_err("it is there");
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
}
