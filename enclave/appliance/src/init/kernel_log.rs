//! The kernel's own log, where it says whom it killed for want of memory. Only root reads or writes it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

const LOG: &str = "/dev/kmsg";

/// Longest record (`PRINTKRB_RECORD_MAX` and its prefix), in bytes.
const RECORD: usize = 8192;

/// Most records that are looked at: the whole ring, however large it was made.
const MOST_RECORDS: usize = 1 << 16;

/// What the kernel says of having killed this process for want of memory, if it did.
pub(super) fn killed_for_memory(process: u32) -> Option<String> {
    let mut log = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(LOG)
        .ok()?;
    let mut record = [0; RECORD];
    let mut found = None;
    for _ in 0..MOST_RECORDS {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let text = String::from_utf8_lossy(record.get(..length).unwrap_or_default());
                found = says(&text, process).or(found);
            }
            // The ring overtook the reader, who goes on at its new beginning.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(_) => break,
        }
    }
    found
}

/// `priority,sequence,time,flag;text`: the text, where it tells of this process's death.
fn says(record: &str, process: u32) -> Option<String> {
    let (_, text) = record.split_once(';')?;
    let text = text.lines().next()?;
    let (_, killed) = text.split_once("ut of memory: Killed process ")?;
    let number = killed.split(|letter: char| !letter.is_ascii_digit()).next()?;
    (number.parse() == Ok(process)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kernel_s_word_about_this_process_counts() {
        let global = "3,551,8312,-;Out of memory: Killed process 71 (orv-enclave) total-vm:990kB, anon-rss:7kB\n";
        let group = "3,551,8312,-;Memory cgroup out of memory: Killed process 71 (init) total-vm:9kB\n";
        assert!(says(global, 71).unwrap().starts_with("Out of memory"));
        assert!(says(group, 71).is_some());
        assert_eq!(says(global, 7), None);
        assert_eq!(says(global, 711), None);
        assert_eq!(says("6,1,0,-;Run /init as init process\n", 1), None);
        assert_eq!(says("no record", 71), None);
    }
}
