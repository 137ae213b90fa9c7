//! Programs of the building machine: started with an environment that says nothing of it.

use crate::error::ImageError;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

/// How much of a failed program's output is shown.
const LAST_LINES: usize = 15;

/// A program whose language and time zone are fixed, whoever starts it.
pub(crate) fn plain(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").env("TZ", "UTC").env_remove("LANGUAGE");
    command
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
