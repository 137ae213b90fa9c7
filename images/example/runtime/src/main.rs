//! The example project's interpreter: one program, `lua FILE [ARGUMENT]...`, that can be the only file of an image.
//!
//! It is Lua 5.4 from vendored source with three small libraries, so that a judge and a candidate can be written as
//! short scripts (DESIGN 5.6):
//!
//! - `json.encode(value)`, `json.decode(text)`: see [`json`];
//! - `channel.receive()`, `channel.send(text)`: lines on descriptor 3, see [`channel`];
//! - `metric.write(text)`: the metric, once, on descriptor 4, see [`metric`].
//!
//! A script's modules are looked for beside the script alone. `math.random` starts from a fixed state: the same script
//! with the same input does the same. An error goes to stderr and exits 1; a wrong command line exits 2.

mod channel;
mod descriptor;
mod interpreter;
mod json;
mod metric;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::channel::Channel;
use crate::interpreter::Descriptors;
use crate::metric::Metric;

/// Descriptor of the line channel between judge and candidate (DESIGN 5.6).
const CHANNEL_DESCRIPTOR: i32 = 3;
/// Descriptor on which the judge, and nobody else, writes the metric (DESIGN 5.6).
const METRIC_DESCRIPTOR: i32 = 4;

fn main() -> ExitCode {
    // Looked at before anything else is opened: later a file of the script could carry these numbers.
    let descriptors = Descriptors {
        channel: descriptor::duplicate(CHANNEL_DESCRIPTOR).map(Channel::over),
        metric: descriptor::duplicate(METRIC_DESCRIPTOR).map(Metric::over),
    };
    let mut arguments = env::args_os().skip(1);
    let Some(script) = arguments.next() else {
        eprintln!("usage: lua FILE [ARGUMENT]...");
        return ExitCode::from(2);
    };
    let arguments: Vec<OsString> = arguments.collect();
    match interpreter::run(script.as_ref(), &arguments, descriptors) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lua: {error}");
            ExitCode::FAILURE
        }
    }
}
