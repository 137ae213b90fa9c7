//! The re-exec helper as a program of its own: for tests, and for a caller whose own executable cannot serve as one.

use std::process::ExitCode;

fn main() -> ExitCode {
    orv_runner::helper_main()
}
