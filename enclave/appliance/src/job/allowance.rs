//! How much of the machine's memory the contents of one job may take.
//!
//! Sizes are chosen by whoever publishes: without a bound a large candidate would have the kernel kill the service, and the
//! operator's key with it. Each content lies in memory as it came and, until the trials begin, once more as a tree in the
//! scratch, so together they may take half of what was free when the job began.

use orv_wire::Sink;
use std::io;

const MEMORY: &str = "/proc/meminfo";

/// Bytes that contents may still take.
#[derive(Debug)]
pub(super) struct Allowance {
    left: u64,
}

impl Allowance {
    /// Of the machine as it is now.
    pub(super) fn of_the_machine() -> io::Result<Self> {
        let table = std::fs::read_to_string(MEMORY)?;
        let available = available(&table).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { left: available / 2 })
    }

    /// A place for one content that takes its length out of the allowance.
    pub(super) fn place(&mut self) -> Place<'_> {
        Place {
            allowance: self,
            bytes: Vec::new(),
        }
    }
}

/// `MemAvailable` of the kernel's table, in bytes.
fn available(table: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Memory for one content.
#[derive(Debug)]
pub(super) struct Place<'a> {
    allowance: &'a mut Allowance,
    bytes: Vec<u8>,
}

impl Place<'_> {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Sink for Place<'_> {
    fn begin(&mut self, total: u64) -> io::Result<()> {
        let left = self.allowance.left.checked_sub(total).ok_or_else(|| {
            let words = format!(
                "{total} bytes, {} are left of the memory for contents",
                self.allowance.left
            );
            io::Error::new(io::ErrorKind::OutOfMemory, words)
        })?;
        self.allowance.left = left;
        self.bytes.begin(total)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.put(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_calls_available_is_read() {
        let table = "MemTotal:        8123456 kB\nMemFree:  1 kB\nMemAvailable:       2048 kB\n";
        assert_eq!(available(table), Some(2048 * 1024));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: many kB\n"), None);
        assert!(Allowance::of_the_machine().unwrap().left > 0);
    }

    #[test]
    fn contents_share_one_allowance_and_the_one_too_many_has_no_room() {
        let mut allowance = Allowance { left: 10 };
        let mut first = allowance.place();
        first.begin(6).unwrap();
        first.put(b"sixsix").unwrap();
        assert_eq!(first.into_bytes(), b"sixsix");
        let error = allowance.place().begin(5).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        allowance.place().begin(4).unwrap();
    }
}
