//! A runner that a busy machine, or a hostile host, keeps from looking: what a command may use is what it may use.

mod support;

use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orv_runner::{CandidateEnd, Exit, RelayLimits, Violation, Wanted};
use support::Bench;

const LIMIT: Duration = Duration::from_millis(300);
const LIMITS: RelayLimits = RelayLimits {
    line_bytes: RelayLimits::LINE_BYTES,
    window: Duration::from_secs(60),
    requests: 50,
    metric_bytes: 64,
};

/// One at a time: a stall is of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Stops this process soon, for longer than any limit here.
#[allow(clippy::expect_used)]
fn stall() -> Child {
    let script = "sleep 0.15; kill -STOP $0; sleep 0.8; kill -CONT $0";
    let process = std::process::id().to_string();
    Command::new("sh")
        .args(["-c", script, &process])
        .spawn()
        .expect("a shell")
}

#[test]
fn a_command_that_overstays_unseen_is_at_its_wall_limit() {
    let Some(bench) = Bench::new() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut container = bench.container(&["sleep", "500"]);
    container.limits.wall = LIMIT;
    let mut first = true;
    let unseen = || {
        if std::mem::take(&mut first) {
            std::thread::sleep(Duration::from_secs(1));
        }
        Wanted::Still
    };
    let (report, _layer) = bench.runner().run_setup_while(&container, unseen).expect("a report");
    assert_eq!(report.exit, Exit::WallLimit);
}

#[test]
fn a_command_that_burns_unseen_is_at_its_cpu_limit() {
    let Some(bench) = Bench::new() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut container = bench.container(&["burn", "500"]);
    container.limits.cpu = Some(LIMIT);
    let mut stalled = stall();
    let report = bench.runner().run(&container).expect("a report");
    stalled.wait().expect("a stall");
    assert_eq!(report.exit, Exit::CpuLimit);
}

#[test]
fn an_answer_beyond_its_window_is_too_late_though_it_was_whole_when_it_was_read() {
    let Some(bench) = Bench::new() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = RelayLimits {
        window: LIMIT,
        ..LIMITS
    };
    let mut stalled = stall();
    let report = bench.split("echo", "late", &limits);
    stalled.wait().expect("a stall");
    assert_eq!(report.violation, Some(Violation::WindowLimit));
    assert!(report.metric.is_empty());
}

#[test]
fn an_answer_beyond_the_sum_of_the_windows_is_not_delivered() {
    let Some(bench) = Bench::new() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (judge, mut candidate) = bench.sides("echo", "late");
    candidate.limits.wall = LIMIT;
    let mut stalled = stall();
    let report = bench.runner().run_split(&judge, &candidate, &LIMITS).expect("a report");
    stalled.wait().expect("a stall");
    assert_eq!((report.violation, report.candidate.exit), (None, Exit::WallLimit));
    assert_eq!(
        (report.metric.as_slice(), report.candidate_end),
        (b"eof\n".as_slice(), CandidateEnd::LeftEarly)
    );
}
