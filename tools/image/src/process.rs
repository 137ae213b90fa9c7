//! Programs of the building machine: started with an environment that says nothing of it.

use crate::error::ImageError;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

/// How much of a failed program's output is shown.
const LAST_LINES: usize = 15;

/// All that a program is told of this machine: where things are, and the way to what is fetched. Compilers and `make` obey
/// dozens of variables (`CPATH`, `KCPPFLAGS`, `LLVM`, `RUSTFLAGS` …), so a list of forbidden ones would have holes.
const KEPT: [&str; 16] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "CARGO_HOME",
    "CARGO_NET_OFFLINE",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "APT_CONFIG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
];
/// What the addresses of registries begin with.
const REGISTRIES: &str = "CARGO_REGISTRIES_";

/// A program that is told nothing of whoever starts it but what [`KEPT`] names, in a fixed language and time zone.
pub(crate) fn plain(program: &str) -> Command {
    let mut command = Command::new(program);
    let kept = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept));
    command.env_clear().envs(kept).env("LC_ALL", "C").env("TZ", "UTC");
    command
}

/// An empty variable is one that is not set: some programs take it for the current folder.
fn is_kept(name: &str) -> bool {
    (KEPT.contains(&name) || name.starts_with(REGISTRIES))
        && std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Runs it and gives what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String, ImageError> {
    let output = start(command, |command| command.output())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(command, &output, &String::from_utf8_lossy(&output.stderr))),
    }
}

/// Runs it with everything that it writes in a log.
pub(crate) fn logged(command: &mut Command, log: &Path) -> Result<(), ImageError> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(ImageError::file(log))?;
    let twin = file.try_clone().map_err(ImageError::file(log))?;
    let output = start(command.stdout(file).stderr(twin), |command| command.output())?;
    if output.status.success() {
        return Ok(());
    }
    let written = std::fs::read(log).map_err(ImageError::file(log))?;
    let text = format!("{}\n(whole log: {})", String::from_utf8_lossy(&written), log.display());
    Err(failed(command, &output, &text))
}

fn start(
    command: &mut Command,
    run: impl FnOnce(&mut Command) -> std::io::Result<Output>,
) -> Result<Output, ImageError> {
    let program = command.get_program().to_string_lossy().into_owned();
    run(command).map_err(|cause| ImageError::Tool { program, cause })
}

fn failed(command: &Command, output: &Output, text: &str) -> ImageError {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let program = command.get_program().to_string_lossy().into_owned();
    let lines: Vec<&str> = text.trim().lines().collect();
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
    ImageError::Step {
        command: std::iter::once(program).chain(words).collect::<Vec<_>>().join(" "),
        status: output.status.to_string(),
        last: last.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_where_things_are_and_nothing_that_steers_a_compiler() {
        // Cargo itself sets CARGO_MANIFEST_DIR for a test, which is none of the names that are kept.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let told = output(&mut plain("env")).unwrap();
        let names: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .collect();
        assert!(
            names.contains(&"PATH") && told.contains("LC_ALL=C\n") && told.contains("TZ=UTC\n"),
            "{told}"
        );
        for name in names {
            assert!(is_kept(name) || ["LC_ALL", "TZ"].contains(&name), "{name}");
        }
    }

    #[test]
    fn what_steers_a_compiler_is_not_kept() {
        for name in [
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "CC",
            "CFLAGS",
            "CPATH",
            "KCPPFLAGS",
            "LLVM",
            "LOCALVERSION",
            "MAKEFLAGS",
        ] {
            assert!(!KEPT.contains(&name) && !name.starts_with(REGISTRIES), "{name}");
        }
    }
}
