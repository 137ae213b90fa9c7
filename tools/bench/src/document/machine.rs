//! The machine that the figures are of.

use serde::Serialize;
use std::fs;

/// What of it explains a figure; nothing that names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Machine {
    /// The processor's model as the kernel tells it.
    processor: String,
    /// Processors of this machine.
    processors: usize,
    /// Vector extensions that the hashing may use.
    extensions: Vec<&'static str>,
    /// The kernel's version, without what its builder put behind it.
    kernel: String,
    /// Memory, in MiB.
    memory_mebibytes: u64,
    /// The cargo profile's kind: `optimised` or `unoptimised`.
    build: &'static str,
    /// Average number of waiting processes over the last minute, at the end of the run.
    load: String,
}

/// Those that the dispatch of `orv-content` knows.
const EXTENSIONS: [&str; 4] = ["avx2", "avx512f", "avx512vl", "sha_ni"];

impl Machine {
    /// This one.
    pub(crate) fn this() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let flags = field(&processors, "flags").unwrap_or_default();
        let has = |name: &&str| flags.split(' ').any(|flag| flag == *name);
        Self {
            processor: field(&processors, "model name").unwrap_or("unknown").to_owned(),
            // Not those that this process may use: a benchmark binds itself.
            processors: processors.lines().filter(|line| line.starts_with("processor")).count(),
            extensions: EXTENSIONS.into_iter().filter(has).collect(),
            kernel: version(&read("/proc/sys/kernel/osrelease")),
            memory_mebibytes: field(&memory, "MemTotal").and_then(kibibytes).unwrap_or(0) / 1024,
            build: if cfg!(debug_assertions) {
                "unoptimised"
            } else {
                "optimised"
            },
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// In one line, for people.
    pub(crate) fn line(&self) -> String {
        let extensions = if self.extensions.is_empty() {
            "no vector extension".to_owned()
        } else {
            self.extensions.join(", ")
        };
        format!(
            "{} ({} processors; {extensions}), {} MiB, Linux {}, {} build, load {}",
            self.processor, self.processors, self.memory_mebibytes, self.kernel, self.build, self.load
        )
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            processor: "Example 1".to_owned(),
            processors: 2,
            extensions: vec!["avx2"],
            kernel: "6.1.0".to_owned(),
            memory_mebibytes: 1024,
            build: "optimised",
            load: "0.10".to_owned(),
        }
    }
}

/// The value behind a name and a colon, of its first line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse().ok()
}

/// The numbers at the front of a kernel's release.
fn version(release: &str) -> String {
    let end = release.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    release
        .get(..end.unwrap_or(release.len()))
        .unwrap_or_default()
        .to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}
