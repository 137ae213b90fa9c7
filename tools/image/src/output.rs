//! Answers: for people, or one JSON document on one line.

use orv_image::build::{Built, Request};
use orv_image::error::ImageError;
use orv_image::measurements::Measurements;
use orv_image::pin::{Moved, Pins};
use orv_image::reproduce::Reproduced;
use orv_image::toolchain::Mismatch;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// A line of the answer. A reader that has seen enough of it (`| head`) changes nothing.
macro_rules! say {
    ($($part:tt)*) => {{
        let _ = writeln!(std::io::stdout().lock(), $($part)*);
    }};
}

/// A line on stderr. Where that is closed nobody wants to be told.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    form: Form,
}

impl Output {
    pub(crate) fn new(form: Form) -> Self {
        Self { form }
    }

    pub(crate) fn built(&self, request: &Request, built: &Built) {
        warn(&built.mismatches);
        let measurements = &built.image.measurements;
        if self.form == Form::Json {
            let document = json!({
                "schema": "orv-image.build/1",
                "out": request.out,
                "other_tools_than_pinned": built.mismatches,
                "measurements": measurements,
            });
            say!("{document}");
            return;
        }
        print(&request.out, measurements);
    }

    pub(crate) fn packed(&self, out: &Path, measurements: &Measurements) {
        match self.form {
            Form::Text => print(out, measurements),
            Form::Json => {
                say!(
                    "{}",
                    json!({ "schema": "orv-image.pack/1", "out": out, "measurements": measurements })
                );
            }
        }
    }

    pub(crate) fn reproduced(&self, same: &Reproduced) {
        match self.form {
            Form::Json => say!("{}", json!({ "schema": "orv-image.reproduce/1", "files": same.files })),
            Form::Text => {
                say!("two builds are the same, byte for byte{}:", same.differences());
                same.files.iter().for_each(|(name, sha256)| say!("  {sha256} {name}"));
            }
        }
    }

    pub(crate) fn pins(&self, pins: &Pins) {
        match self.form {
            Form::Json => say!(
                "{}",
                json!({ "schema": "orv-image.pins/1", "inputs": pins.inputs, "tools": pins.tools, "kernels": pins.kernels })
            ),
            Form::Text => say!("{}", pins.text().trim_end()),
        }
    }

    pub(crate) fn moved(&self, moved: &[Moved]) {
        match self.form {
            Form::Json => say!("{}", json!({ "schema": "orv-image.pin-update/1", "moved": moved })),
            Form::Text if moved.is_empty() => say!("every pin is what the archive serves and this machine has"),
            Form::Text => {
                for one in moved {
                    say!("{}: {} -> {}", one.package, one.from, one.to);
                }
                say!("images/pins.toml was written: read the difference, build, and commit it");
            }
        }
    }

    pub(crate) fn failed(&self, error: &ImageError) -> ExitCode {
        tell(&format!("{} {error}\nnext: {}", error.code(), error.next()));
        if self.form == Form::Json {
            let document = json!({
                "schema": "orv.error/1",
                "code": error.code(),
                "error": error.to_string(),
                "next": error.next(),
            });
            say!("{document}");
        }
        ExitCode::from(error.exit_code())
    }
}

fn print(out: &Path, measurements: &Measurements) {
    for measurement in &measurements.measurements {
        say!("{}", measurement.measurement_id);
        for (register, expected) in &measurement.measurements {
            say!(
                "  {} {}",
                register_name(measurement.attestation_type, register),
                expected.expected
            );
        }
    }
    for file in &measurements.files {
        say!("{} {} bytes", out.join(file.file).display(), file.size);
        say!("  sha256 {}", file.sha256);
    }
}

fn register_name(kind: &str, register: &str) -> String {
    match kind {
        "nitro" => format!("PCR{register}"),
        _ => register.to_owned(),
    }
}

/// Loud, because an auditor who overlooks it takes an honest image for a forged one.
fn warn(mismatches: &[Mismatch]) {
    if mismatches.is_empty() {
        return;
    }
    tell("WARNING: this machine's tools are not the pinned ones. The image is whole, but its measurements are");
    tell("WARNING: others than the published ones, and can only be reproduced with these very tools:");
    for one in mismatches {
        let installed = if one.installed.is_empty() {
            "not installed"
        } else {
            &one.installed
        };
        tell(&format!(
            "WARNING:   {}: {} is pinned, {installed} is here",
            one.name, one.pinned
        ));
    }
}
