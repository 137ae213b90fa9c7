//! The kernel's own interfaces.

use orv_runner::{Exit, Protection as P};

use super::row;
use crate::attack::{Attack, Class, judge};
use crate::stage::Project;

const REFUSED: &str = "operation not permitted";

pub const ROWS: &[Attack] = &[
    row("trace-a-process", Class::Processes, P::CallList, REFUSED, |stage| {
        stage.words("trace child")
    }),
    row(
        "read-another-processs-memory",
        Class::Processes,
        P::CallList,
        REFUSED,
        |stage| stage.words("trace memory"),
    ),
    row(
        "take-another-processs-descriptor",
        Class::Processes,
        P::CallList,
        REFUSED,
        |stage| stage.words("trace descriptor"),
    ),
    row(
        "unshare-a-user-namespace",
        Class::Kernel,
        P::CallList,
        REFUSED,
        |stage| stage.words("namespace unshare"),
    ),
    row(
        "compare-objects-of-the-kernel",
        Class::Kernel,
        P::CallList,
        REFUSED,
        |stage| stage.words("trace compare"),
    ),
    row("open-io-uring", Class::Kernel, P::CallList, REFUSED, |stage| {
        stage.words("kernel io_uring")
    }),
    row("open-userfaultfd", Class::Kernel, P::CallList, REFUSED, |stage| {
        stage.words("kernel userfaultfd")
    }),
    row(
        "put-a-key-into-the-kernel",
        Class::Kernel,
        P::CallList,
        REFUSED,
        |stage| stage.words("key add"),
    ),
    row(
        "clone-into-a-user-namespace",
        Class::Kernel,
        P::CallArguments,
        REFUSED,
        |stage| stage.words("namespace clone"),
    ),
    row(
        "clone3-into-a-user-namespace",
        Class::Kernel,
        P::CallArguments,
        "no such call",
        |stage| stage.words("namespace clone3"),
    ),
    row(
        "inject-into-a-terminal",
        Class::Kernel,
        P::CallArguments,
        REFUSED,
        |stage| stage.words("terminal inject"),
    ),
    row(
        "make-the-heap-executable",
        Class::Kernel,
        P::CallArguments,
        REFUSED,
        |stage| stage.words("personality"),
    ),
    row(
        "make-a-device",
        Class::Devices,
        P::Landlock,
        "permission denied",
        |stage| stage.words("make-device /tmp/device"),
    ),
    row(
        "run-the-helpers-own-executable",
        Class::Escape,
        P::Landlock,
        "permission denied",
        |stage| {
            stage.prepared(&Project::shared("sleep 1"), |scene| {
                let mut container = scene.container("");
                container.argv = vec!["/proc/self/exe".to_owned()];
                let report = scene.runner.run(&container).map_err(|error| error.to_string())?;
                // Past the check, this suite's program lacks its loader in the image; an enclave's is static.
                let denied = report.exit == Exit::NotStarted(nix::errno::Errno::EACCES as i32);
                judge(!denied, format!("{:?}", report.exit))
            })
        },
    ),
    row(
        "write-to-proc",
        Class::Kernel,
        P::Landlock,
        "permission denied",
        |stage| stage.words("write /proc/self/comm"),
    ),
    row(
        "write-to-a-processs-memory-by-file",
        Class::Processes,
        P::Landlock,
        "permission denied",
        |stage| stage.words("trace file"),
    ),
];
