//! Work with the files of a trial.

use crate::output::answer;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

/// Reads every file beneath the working directory, rewrites the first, and prints the time since `begun`, as the metric
/// of a shared project too.
pub(super) fn read_and_rewrite(begun: Instant) -> io::Result<()> {
    let mut files = Vec::new();
    let mut directories = vec![Path::new(".").to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let mut bytes = 0;
    for file in &files {
        bytes += fs::read(file)?.len();
    }
    if let Some(first) = files.first() {
        fs::write(first, b"rewritten\n")?;
    }
    answer(&format!("bytes: {bytes}"))?;
    answer(&format!("own-nanoseconds: {}", begun.elapsed().as_nanos()))
}
