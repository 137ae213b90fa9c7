//! What the enclave is started with, and the part of it that is measured.

use std::path::PathBuf;

/// The usage text.
pub(crate) const USAGE: &str = "\
orv-enclave: judges proposals and signs the verdicts

usage: orv-enclave --listen unix:PATH|vsock:PORT --scratch DIR [--weaker-limits] [--measure]

  --listen unix:PATH    listen on a unix socket (development and tests)
  --listen vsock:PORT   listen on a vsock port
  --scratch DIR         where images and trees are laid out; emptied after each job
  --weaker-limits       run even where a container limit cannot be set; every receipt says so
  --measure             print what the simulator will attest under this configuration, as JSON, and end

It starts its key keeper, prints `ready` with the key's address, and serves until it is killed. Exit codes: 0 ended, 1 failed, 2 usage,
4 ended after an anomaly of its own: the key is gone, start it anew.";

/// Where the enclave listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A unix socket.
    Unix(PathBuf),
    /// A vsock port, from any peer.
    Vsock(u32),
}

/// What to do where a container limit cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingLimits {
    /// Refuse to run.
    Refuse,
    /// Run, and record it.
    Record,
}

/// The enclave's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) listen: Listen,
    pub(crate) scratch: PathBuf,
    pub(crate) missing_limits: MissingLimits,
    pub(crate) task: Task,
}

/// What the program is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// To serve.
    Serve,
    /// To print what it would attest.
    Measure,
}

/// What is wrong with the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigurationError {
    #[error("unknown argument {0:?}")]
    Unknown(String),
    #[error("{0} needs a value")]
    NoValue(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("--listen takes unix:PATH or vsock:PORT, not {0:?}")]
    Listen(String),
}

impl Configuration {
    /// Reads the command line after the program's name.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, ConfigurationError> {
        let (mut listen, mut scratch) = (None, None);
        let (mut missing_limits, mut task) = (MissingLimits::Refuse, Task::Serve);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--listen" => {
                    listen = Some(parse_listen(
                        &arguments.next().ok_or(ConfigurationError::NoValue("--listen"))?,
                    )?);
                }
                "--scratch" => {
                    let value = arguments.next().ok_or(ConfigurationError::NoValue("--scratch"))?;
                    scratch = Some(PathBuf::from(value));
                }
                "--weaker-limits" => missing_limits = MissingLimits::Record,
                "--measure" => task = Task::Measure,
                _ => return Err(ConfigurationError::Unknown(argument)),
            }
        }
        Ok(Self {
            listen: listen.ok_or(ConfigurationError::Missing("--listen"))?,
            scratch: scratch.ok_or(ConfigurationError::Missing("--scratch"))?,
            missing_limits,
            task,
        })
    }

    /// The settings that a verdict depends on, one a line: these are measured and bound to the key. Where the enclave
    /// listens and where it keeps its scratch decide nothing.
    pub(crate) fn measured(&self) -> String {
        let missing = match self.missing_limits {
            MissingLimits::Refuse => "refuse",
            MissingLimits::Record => "record",
        };
        format!(
            "orv/configuration/v1\nmissing-limits={missing}\n{}",
            crate::job::limits::measured()
        )
    }
}

fn parse_listen(value: &str) -> Result<Listen, ConfigurationError> {
    let refused = || ConfigurationError::Listen(value.to_owned());
    match value.split_once(':') {
        Some(("unix", path)) if !path.is_empty() => Ok(Listen::Unix(PathBuf::from(path))),
        Some(("vsock", port)) => port.parse().map(Listen::Vsock).map_err(|_| refused()),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Configuration, ConfigurationError> {
        Configuration::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn both_transports_are_understood() {
        let unix = parse("--listen unix:/run/orv.sock --scratch /scratch").unwrap();
        assert_eq!(unix.listen, Listen::Unix("/run/orv.sock".into()));
        assert_eq!(
            parse("--scratch /s --listen vsock:5000").unwrap().listen,
            Listen::Vsock(5000)
        );
    }

    #[test]
    fn a_wrong_command_line_says_what_is_wrong() {
        assert_eq!(
            parse("--listen tcp:1 --scratch /s"),
            Err(ConfigurationError::Listen("tcp:1".into()))
        );
        assert_eq!(parse("--listen unix:/a"), Err(ConfigurationError::Missing("--scratch")));
        assert_eq!(parse("--listen"), Err(ConfigurationError::NoValue("--listen")));
        assert_eq!(parse("--fast"), Err(ConfigurationError::Unknown("--fast".into())));
    }

    #[test]
    fn paths_are_not_measured_and_weaker_limits_are() {
        let here = parse("--listen unix:/a --scratch /a").unwrap();
        let there = parse("--listen vsock:1 --scratch /b").unwrap();
        let weaker = parse("--listen vsock:1 --scratch /b --weaker-limits").unwrap();
        assert_eq!(here.measured(), there.measured());
        assert_ne!(here.measured(), weaker.measured());
    }
}
