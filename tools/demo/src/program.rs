//! The programs that a user would start, started: each with its own log, all ended with the demo.

use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where the programs are: beside this one.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    logs: PathBuf,
}

/// A program that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    process: Child,
}

/// Why a program did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    #[error("{program} is not beside this program: build it with ./dev build")]
    Missing { program: String },
    #[error("{program}: {source}")]
    Io { program: String, source: io::Error },
    #[error("{program} ended before it was ready; its log is {log}")]
    NotReady { program: String, log: PathBuf },
    #[error("{command} failed with exit code {code:?}: {message}")]
    Failed {
        command: String,
        code: Option<i32>,
        message: String,
    },
    #[error("{command} printed no JSON on its last line: {output:?}")]
    NoJson { command: String, output: String },
}

impl Programs {
    /// The programs beside the running one; logs go to a folder.
    pub(crate) fn beside_this_one(logs: PathBuf) -> Result<Self, ProgramError> {
        let io = |source| ProgramError::Io {
            program: "orv-demo".to_owned(),
            source,
        };
        let this = std::env::current_exe().map_err(io)?;
        std::fs::create_dir_all(&logs).map_err(io)?;
        let folder = this.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { folder, logs })
    }

    /// The path of a program.
    pub(crate) fn path(&self, program: &str) -> Result<PathBuf, ProgramError> {
        let path = self.folder.join(program);
        if path.is_file() {
            Ok(path)
        } else {
            Err(ProgramError::Missing {
                program: program.to_owned(),
            })
        }
    }

    /// Starts a program and waits for its first line.
    pub(crate) fn start(&self, program: &str, name: &str, arguments: &[String]) -> Result<Running, ProgramError> {
        let mut running = self.spawn(program, name, arguments)?;
        let mut ready = String::new();
        if let Some(output) = running.process.stdout.take() {
            let mut output = BufReader::new(output);
            output.read_line(&mut ready).map_err(|source| ProgramError::Io {
                program: program.to_owned(),
                source,
            })?;
            // The rest is read and dropped, so that the program never waits for a reader.
            std::thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        }
        if ready.is_empty() {
            return Err(ProgramError::NotReady {
                program: program.to_owned(),
                log: self.log(name),
            });
        }
        Ok(running)
    }

    /// Starts a program; what it says goes to its log, what it answers is read by whoever waits for it.
    pub(crate) fn spawn(&self, program: &str, name: &str, arguments: &[String]) -> Result<Running, ProgramError> {
        let io = |source| ProgramError::Io {
            program: program.to_owned(),
            source,
        };
        let process = Command::new(self.path(program)?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(self.log(name)).map_err(io)?)
            .spawn()
            .map_err(io)?;
        Ok(Running { process })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// Runs a program to its end and returns the document on its last line; any of the exit codes is accepted.
    pub(crate) fn json(&self, program: &str, arguments: &[String], accepted: &[i32]) -> Result<Value, ProgramError> {
        let command = format!("{program} {}", arguments.join(" "));
        let output = Command::new(self.path(program)?)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|source| ProgramError::Io {
                program: program.to_owned(),
                source,
            })?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.code().is_some_and(|code| accepted.contains(&code)) {
            let message = format!("{} {}", text.trim(), String::from_utf8_lossy(&output.stderr).trim());
            return Err(ProgramError::Failed {
                command,
                code: output.status.code(),
                message,
            });
        }
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).map_err(|_| ProgramError::NoJson {
            command,
            output: text.trim().to_owned(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
