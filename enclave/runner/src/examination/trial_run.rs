//! A run whose command does not exist: it gets as far as the command, so everything before that works.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Finding, Need};
use crate::container::{Channel, Container, Limits, WorkTree};
use crate::error::RunnerError;
use crate::report::Exit;
use crate::runner::Runner;

const MIB: u64 = 1 << 20;
/// What the kernel says of a file that is not there.
const NOT_THERE: i32 = libc::ENOENT;

pub(super) fn finding(runner: &Runner) -> Finding {
    let place = runner.scratch.join(format!("orv-examination-{}", std::process::id()));
    let outcome = attempt(runner, &place);
    let _ = fs::remove_dir_all(&place);
    let (there, found) = match outcome {
        Ok(Exit::NotStarted(NOT_THERE)) => (true, "a container was made, up to its command".to_owned()),
        Ok(other) => (false, format!("a command that does not exist ended with {other:?}")),
        Err(error) => (false, error.to_string()),
    };
    let remedy = "mend what is named above; an initramfs must be left with switch_root before containers can be made";
    super::finding("container", Need::Run, there, found, remedy)
}

fn attempt(runner: &Runner, place: &Path) -> Result<Exit, RunnerError> {
    let (image, tree) = (place.join("image"), place.join("tree"));
    for directory in [place, &image, &tree] {
        fs::create_dir(directory).map_err(RunnerError::system("making a directory in scratch"))?;
    }
    let container = Container {
        rootfs: image,
        work: WorkTree {
            lower: tree,
            layers: vec![],
            size_limit: MIB,
        },
        argv: vec!["/absent".to_owned()],
        env: vec![],
        cwd: "/work".to_owned(),
        extra_read_only: vec![],
        limits: Limits {
            wall: Duration::from_secs(30),
            cpu: None,
            memory_bytes: 64 * MIB,
            pids: 8,
            scratch_bytes: MIB,
            output_bytes: 4096,
            open_files: 64,
            cpus: None,
        },
        channel: Channel::None,
    };
    runner.run(&container).map(|report| report.exit)
}
