//! The enclave's program in a folder of its own.

use super::{OperatorBenchError, at, text};
use orv_chain::primitives::B256;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running enclave; it is killed with this value.
#[derive(Debug)]
pub(super) struct Enclave {
    process: Child,
}

/// The enclave's program: the one named, else the one beside this program.
pub(super) fn program(named: Option<&Path>) -> Result<PathBuf, OperatorBenchError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()
            .map_err(at("this program"))?
            .with_file_name("orv-enclave"),
    };
    if path.exists() {
        Ok(path)
    } else {
        Err(OperatorBenchError::NoEnclave(path))
    }
}

/// The measurement under which the enclave's evidence is listed, asked of the program itself.
pub(super) fn measurement(program: &Path) -> Result<B256, OperatorBenchError> {
    let output = Command::new(program)
        .args(["--measure", "--listen", "unix:/-", "--scratch", "/-"])
        .output()
        .map_err(at("orv-enclave"))?;
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(at("orv-enclave --measure"))?;
    let measurement = said
        .get("measurement")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    measurement.parse().map_err(at("orv-enclave --measure"))
}

impl Enclave {
    /// Starts it and waits until hosts can connect to `socket` in the folder.
    pub(super) fn start(program: &Path, folder: &Path) -> Result<Self, OperatorBenchError> {
        let mut process = Command::new(program)
            .args(["--listen", &format!("unix:{}", folder.join("socket").display())])
            .arg("--scratch")
            .arg(folder.join("scratch"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(at("orv-enclave"))?;
        let said = process.stdout.take();
        let enclave = Self { process };
        let mut ready = String::new();
        let said = said.ok_or_else(|| text("orv-enclave", "no output"))?;
        BufReader::new(said).read_line(&mut ready).map_err(at("orv-enclave"))?;
        if ready.starts_with("ready ") {
            Ok(enclave)
        } else {
            Err(text("orv-enclave", &ready))
        }
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
