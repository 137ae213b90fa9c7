//! What others say that an enclave image measures: the auditor's program, and the tool of Nitro's makers.

use super::images::Parts;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Registers 0, 1 and 2 in hexadecimal.
pub type Identity = [String; 3];

/// `orv-audit measure IMAGE --json`.
pub fn of_the_auditor(image: &Path) -> Identity {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("orv-audit");
    assert!(
        program.exists(),
        "{} is missing; build it: cargo build -p orv-audit",
        program.display()
    );
    let printed = document(Command::new(program).arg("measure").arg(image).arg("--json"));
    assert_eq!(printed["platform"], "nitro", "{printed}");
    registers(&printed, "pcr")
}

/// `eif_build`, given the parts of the image anew. It knows nothing of ours, so it must be there: without it nobody but
/// ourselves has measured what we ship.
pub fn of_the_makers(image: &[u8], folder: &Path) -> Identity {
    let tool = cache().join("orv/tools/bin/eif_build");
    assert!(
        tool.exists(),
        "{} is missing; ./dev test nitro installs it",
        tool.display()
    );
    let parts = Parts::of(image);
    let (kernel, ramdisk) = (folder.join("kernel"), folder.join("ramdisk"));
    std::fs::write(&kernel, &parts.kernel).unwrap();
    std::fs::write(&ramdisk, &parts.ramdisk).unwrap();
    let mut build = Command::new(tool);
    build.arg("--kernel").arg(kernel).arg("--ramdisk").arg(ramdisk);
    build.args(["--cmdline", &parts.command_line]);
    build.arg("--output").arg(folder.join("theirs.eif"));
    registers(&document(&mut build), "PCR")
}

/// The document that a program prints, behind whatever it says before.
fn document(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let start = said.find('{').filter(|_| output.status.success());
    let start = start.unwrap_or_else(|| panic!("{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(&said[start..]).unwrap()
}

fn registers(document: &Value, name: &str) -> Identity {
    [0, 1, 2].map(|number| {
        let register = document[format!("{name}{number}")].as_str();
        register
            .unwrap_or_else(|| panic!("no {name}{number} in {document}"))
            .to_owned()
    })
}

/// Where `./dev` keeps tools that are no part of this project.
fn cache() -> PathBuf {
    let own = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    own.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"))
}
