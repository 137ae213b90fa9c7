//! The same root by 0G's own SDK for TypeScript.

use super::ContentBenchError;
use crate::cost::Cost;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The package, at the version that 0G Storage reference 9 measures.
pub(super) const PACKAGE: &str = "@0gfoundation/0g-ts-sdk";

/// Runs `ZgFile.merkleTree` on a file and times that alone; opening the file and starting node are left out.
const PROGRAM: &str = r#"
const { createRequire } = require("node:module");
const [, folder, name, path] = process.argv;
console.log = console.info = (...words) => process.stderr.write(`${words.join(" ")}\n`);
const { ZgFile } = createRequire(`${folder}/package.json`)(name);
const version = createRequire(`${folder}/package.json`)(`${folder}/node_modules/${name}/package.json`).version;
(async () => {
  const file = await ZgFile.fromFilePath(path);
  const cpu = process.cpuUsage(), begun = process.hrtime.bigint();
  const [tree, failure] = await file.merkleTree();
  const wall = process.hrtime.bigint() - begun, used = process.cpuUsage(cpu);
  if (failure) throw failure;
  const answer = { root: tree.rootHash(), wall: Number(wall), cpu: (used.user + used.system) * 1000, version };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
})().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
"#;

/// The SDK, installed somewhere, and a file for it.
#[derive(Debug)]
pub(super) struct Sdk {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
}

/// What one run told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) root: String,
    pub(super) cost: Cost,
    pub(super) version: String,
}

impl Sdk {
    /// Whether it is installed in `folder`.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join("node_modules").join(PACKAGE).is_dir()
    }

    pub(super) fn root(&self) -> Result<Told, ContentBenchError> {
        let failed = |said: String| ContentBenchError::Program { program: "node", said };
        let folder = std::path::absolute(&self.folder).map_err(|error| failed(error.to_string()))?;
        let output = Command::new("node")
            .args(["-e", PROGRAM])
            .args([&folder])
            .arg(PACKAGE)
            .arg(&self.file)
            .output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        let said = || failed(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|_| said())?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = |name: &str| answer.get(name).and_then(Value::as_u64).map(Duration::from_nanos);
        match (text("root"), text("version"), time("wall"), time("cpu")) {
            (Some(root), Some(version), Some(wall), Some(cpu)) => Ok(Told {
                root,
                cost: Cost { wall, cpu },
                version,
            }),
            _ => Err(said()),
        }
    }
}
