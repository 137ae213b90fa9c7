//! The bounds that no project can exceed, and how a project narrows them (DESIGN 5.8).

use orv_protocol::document::Protocol;
use orv_protocol::project::ProjectManifest;
use std::time::Duration;

/// Upper bounds of one trial. A program fixes them; in an enclave they are part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Longest trial.
    pub trial_time: Duration,
    /// Longest preparation of one arm, all of its commands together.
    pub setup_time: Duration,
    /// Most memory of one container, in bytes.
    pub memory: u64,
    /// Most processes of one container.
    pub processes: u32,
    /// Most bytes that one container may write to its tree, and as many to `/tmp`; the commands of a preparation share
    /// what they may write to the tree.
    pub scratch: u64,
    /// Most bytes kept of each output.
    pub output: usize,
}

impl Caps {
    /// What the enclave allows today.
    pub const ENCLAVE: Self = Self {
        trial_time: Duration::from_secs(600),
        setup_time: Duration::from_secs(1800),
        memory: 4 << 30,
        processes: 256,
        scratch: 1 << 30,
        output: 64 * 1024,
    };

    /// These bounds, narrowed to what a project asks for.
    ///
    /// # Errors
    /// [`CapsError`] when the project asks for an amount of memory that is not written as upstream writes it, or for a
    /// preparation of more commands than can be layered.
    pub fn narrowed(self, protocol: &Protocol, project: &ProjectManifest) -> Result<Self, CapsError> {
        let commands = protocol.environment.setup_commands.len();
        if commands > MOST_SETUP_COMMANDS {
            return Err(CapsError::SetupCommands(commands));
        }
        let sandbox = protocol.environment.sandbox.as_ref();
        let memory = sandbox
            .and_then(|sandbox| sandbox.memory.as_deref())
            .map(parse_memory)
            .transpose()?;
        let processes = sandbox
            .and_then(|sandbox| sandbox.pids)
            .map(|pids| u32::try_from(pids.get()));
        let memory = memory.map_or(self.memory, |memory| memory.min(self.memory));
        let scratch = project
            .sizes
            .scratch_bytes
            .map_or(self.scratch, |scratch| scratch.min(self.scratch));
        Ok(Self {
            trial_time: self.trial_time.min(protocol.execution.hard_timeout_seconds.get()),
            memory,
            processes: processes
                .and_then(Result::ok)
                .map_or(self.processes, |pids| pids.min(self.processes)),
            // What is written counts as memory, in the tree and in /tmp alike: together they leave half for the program.
            scratch: scratch.min(memory / 4).max(LEAST_SCRATCH),
            ..self
        })
    }
}

/// Longest job, from its beginning to its last trial: fetching and preparation are part of it. It is measured with the
/// enclave, and creators are told when a verdict would not fit into it.
pub const JOB_TIME: Duration = Duration::from_secs(6 * 3600);

/// Why a project's bounds cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapsError {
    /// Not a number with `k`, `m`, `g` or nothing behind it.
    #[error("memory {0:?} is not a whole number with k, m or g behind it")]
    Memory(String),
    /// Less than a container can start with.
    #[error("memory of {0} bytes is less than a container can start with")]
    TooLittle(u64),
    /// More preparation than layers can be laid over each other.
    #[error("{0} setup commands, at most {MOST_SETUP_COMMANDS} are run")]
    SetupCommands(usize),
}

/// Most setup commands: each leaves a layer, and what the kernel takes of them is far above.
pub(crate) const MOST_SETUP_COMMANDS: usize = 32;

/// Least bytes of a scratch disk: to the kernel, a tmpfs of none is one without a limit.
pub(crate) const LEAST_SCRATCH: u64 = 4096;

/// Least memory that is accepted: a container's own bookkeeping needs some.
const LEAST_MEMORY: u64 = 8 << 20;

/// `512m`, `4g`, `65536k` or bytes, as container engines read it.
fn parse_memory(text: &str) -> Result<u64, CapsError> {
    let refused = || CapsError::Memory(text.to_owned());
    let lower = text.trim().to_ascii_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower);
    let digits = lower.trim_end_matches(['k', 'm', 'g']);
    let shift = match lower.strip_prefix(digits) {
        Some("") => 0,
        Some("k") => 10,
        Some("m") => 20,
        Some("g") => 30,
        _ => return Err(refused()),
    };
    let number: u64 = digits.parse().map_err(|_| refused())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(refused)?;
    if bytes < LEAST_MEMORY {
        Err(CapsError::TooLittle(bytes))
    } else {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str = include_str!("../../../images/example/project/protocol.json");

    fn narrowed(protocol: &str, sizes: &str) -> Result<Caps, CapsError> {
        let manifest = format!(
            r#"{{"schema":"openresearch/1","score":{{"scale":"1","sign":"negate-if-minimize"}},"sizes":{sizes}}}"#
        );
        let protocol = Protocol::parse(protocol.as_bytes()).unwrap();
        Caps::ENCLAVE.narrowed(&protocol, &ProjectManifest::parse(manifest.as_bytes()).unwrap())
    }

    #[test]
    fn a_scratch_disk_of_no_bytes_is_not_one_without_a_limit() {
        assert_eq!(
            narrowed(PROTOCOL, r#"{"scratch_bytes":0}"#).unwrap().scratch,
            LEAST_SCRATCH
        );
        assert_eq!(narrowed(PROTOCOL, r#"{"scratch_bytes":65536}"#).unwrap().scratch, 65536);
    }

    #[test]
    fn a_preparation_of_more_commands_than_can_be_layered_is_the_projects_fault() {
        let of = |count: usize| {
            let commands = vec![r#""true""#; count].join(",");
            PROTOCOL.replace(r#""setupCommands": []"#, &format!(r#""setupCommands": [{commands}]"#))
        };
        assert!(narrowed(&of(MOST_SETUP_COMMANDS), "{}").is_ok());
        assert_eq!(
            narrowed(&of(MOST_SETUP_COMMANDS + 1), "{}"),
            Err(CapsError::SetupCommands(MOST_SETUP_COMMANDS + 1))
        );
    }

    #[test]
    fn memory_is_read_as_container_engines_read_it() {
        for (text, bytes) in [
            ("4g", 4u64 << 30),
            ("512m", 512 << 20),
            ("65536k", 64 << 20),
            ("16777216", 16 << 20),
            ("1GB", 1 << 30),
        ] {
            assert_eq!(parse_memory(text), Ok(bytes), "{text}");
        }
        for text in ["", "g", "4t", "-1g", "1.5g", "99999999999999999999g", "4gg"] {
            assert_eq!(parse_memory(text), Err(CapsError::Memory(text.into())), "{text}");
        }
        assert_eq!(parse_memory("1m"), Err(CapsError::TooLittle(1 << 20)));
    }
}
