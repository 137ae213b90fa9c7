//! The command line of a program that is started by hand.

use super::{Configuration, Endorsement, Listen, MissingLimits, Patience, Peers};
use std::path::PathBuf;
use std::time::Duration;

/// The usage text.
pub(crate) const USAGE: &str = "\
orv-enclave: judges proposals and signs the verdicts

usage: orv-enclave --listen unix:PATH|vsock:PORT --scratch DIR [--weaker-limits] [--measure]
                   [--search-seconds N] [--segment-seconds N]

  --listen unix:PATH    listen on a unix socket (development and tests)
  --listen vsock:PORT   listen on a vsock port
  --scratch DIR         where images and trees are laid out; emptied after each job
  --weaker-limits       run even where a container limit cannot be set; every receipt says so
  --search-seconds N    how long a host may look for a content, at most and by itself 600
  --segment-seconds N   how long one frame may take, at most and by itself 30
  --measure             print what the simulator will attest under this configuration, as JSON, and end

It starts its key keeper, prints `ready` with the key's address, and serves until it is killed. Exit codes: 0 ended, 1 failed, 2 usage,
4 ended after an anomaly of its own: the key is gone, start it anew.";

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
pub(crate) enum UsageError {
    #[error("unknown argument {0:?}")]
    Unknown(String),
    #[error("{0} needs a value")]
    NoValue(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{name} takes 1 to {most}, not {value:?}")]
    Seconds {
        name: &'static str,
        most: u64,
        value: String,
    },
    #[error("--listen takes unix:PATH or vsock:PORT, not {0:?}")]
    Listen(String),
}

/// Reads the command line after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<(Task, Configuration), UsageError> {
    let (mut listen, mut scratch) = (None, None);
    let (mut missing_limits, mut task) = (MissingLimits::Refuse, Task::Serve);
    let (mut patience, mut arguments) = (Patience::FULL, arguments);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--listen" => {
                let value = arguments.next().ok_or(UsageError::NoValue("--listen"))?;
                listen = Some(parse_listen(&value)?);
            }
            "--scratch" => {
                let value = arguments.next().ok_or(UsageError::NoValue("--scratch"))?;
                scratch = Some(PathBuf::from(value));
            }
            name @ ("--search-seconds" | "--segment-seconds") => {
                let (name, kept) = match name {
                    "--search-seconds" => ("--search-seconds", &mut patience.search),
                    _ => ("--segment-seconds", &mut patience.segment),
                };
                let value = arguments.next().ok_or(UsageError::NoValue(name))?;
                *kept = parse_shorter(name, value, *kept)?;
            }
            "--weaker-limits" => missing_limits = MissingLimits::Record,
            "--measure" => task = Task::Measure,
            _ => return Err(UsageError::Unknown(argument)),
        }
    }
    let configuration = Configuration {
        listen: listen.ok_or(UsageError::Missing("--listen"))?,
        scratch: scratch.ok_or(UsageError::Missing("--scratch"))?,
        missing_limits,
        endorsement: Endorsement::Simulated,
        patience,
    };
    Ok((task, configuration))
}

/// A time limit may be shortened, never made longer.
fn parse_shorter(name: &'static str, value: String, limit: Duration) -> Result<Duration, UsageError> {
    let most = limit.as_secs();
    match value.parse() {
        Ok(seconds) if (1..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(UsageError::Seconds { name, most, value }),
    }
}

fn parse_listen(value: &str) -> Result<Listen, UsageError> {
    let refused = || UsageError::Listen(value.to_owned());
    match value.split_once(':') {
        Some(("unix", path)) if !path.is_empty() => Ok(Listen::Unix(PathBuf::from(path))),
        Some(("vsock", port)) => {
            let port = port.parse().map_err(|_| refused())?;
            Ok(Listen::Vsock {
                port,
                peers: Peers::Any,
            })
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Configuration, UsageError> {
        super::parse(line.split_whitespace().map(str::to_owned)).map(|(_, configuration)| configuration)
    }

    #[test]
    fn both_transports_are_understood() {
        let unix = parse("--listen unix:/run/orv.sock --scratch /scratch").unwrap();
        assert_eq!(unix.listen, Listen::Unix("/run/orv.sock".into()));
        let vsock = Listen::Vsock {
            port: 5000,
            peers: Peers::Any,
        };
        assert_eq!(parse("--scratch /s --listen vsock:5000").unwrap().listen, vsock);
    }

    #[test]
    fn a_wrong_command_line_says_what_is_wrong() {
        assert_eq!(
            parse("--listen tcp:1 --scratch /s"),
            Err(UsageError::Listen("tcp:1".into()))
        );
        assert_eq!(parse("--listen unix:/a"), Err(UsageError::Missing("--scratch")));
        assert_eq!(parse("--listen"), Err(UsageError::NoValue("--listen")));
        assert_eq!(parse("--fast"), Err(UsageError::Unknown("--fast".into())));
    }

    #[test]
    fn patience_can_be_shortened_and_not_lengthened() {
        let given = |words: &str| parse(&format!("--listen unix:/a --scratch /s {words}"));
        assert_eq!(given("").unwrap().patience, Patience::FULL);
        let short = given("--search-seconds 3 --segment-seconds 2").unwrap().patience;
        assert_eq!((short.search.as_secs(), short.segment.as_secs()), (3, 2));
        for (words, name, most, value) in [
            ("--segment-seconds 31", "--segment-seconds", 30, "31"),
            ("--search-seconds 0", "--search-seconds", 600, "0"),
            ("--search-seconds soon", "--search-seconds", 600, "soon"),
        ] {
            let value = value.to_owned();
            assert_eq!(given(words), Err(UsageError::Seconds { name, most, value }));
        }
    }
}
