//! A judge and a candidate, joined by the relay.

mod support;

use std::time::Duration;

use orv_runner::{CandidateEnd, Exit, RelayLimits, RunnerError, Side, Strength, Violation};
use support::Bench;

const LIMITS: RelayLimits = RelayLimits {
    line_bytes: RelayLimits::LINE_BYTES,
    window: Duration::from_secs(20),
    requests: 50,
    metric_bytes: 64,
};

#[test]
fn requests_are_answered_and_the_judge_writes_the_metric() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("echo", "echo", &LIMITS);
    assert_eq!(report.violation, None);
    assert_eq!(report.judge.exit, Exit::Code(0));
    assert_eq!(report.candidate.exit, Exit::Stopped);
    assert_eq!(report.metric, b"42\n");
    assert_eq!((report.windows, report.candidate_end), (5, CandidateEnd::Stayed));
    assert!(!report.window_time.is_zero());
    assert_eq!(report.candidate.wall, report.window_time);
}

#[test]
fn bytes_ahead_of_a_request_void_the_trial() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("echo", "early", &LIMITS);
    assert_eq!(report.violation, Some(Violation::EarlyAnswer));
}

#[test]
fn a_second_line_for_one_request_voids_the_trial() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("slow", "double", &LIMITS);
    assert_eq!(report.violation, Some(Violation::EarlyAnswer));
    assert_eq!(report.judge.exit, Exit::Stopped);
}

#[test]
fn an_oversized_line_of_either_side_voids_the_trial() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("echo", "long", &LIMITS);
    assert_eq!(report.violation, Some(Violation::LineTooLong(Side::Candidate)));
    let report = bench.split("long", "echo", &LIMITS);
    assert_eq!(report.violation, Some(Violation::LineTooLong(Side::Judge)));
    assert_eq!(report.windows, 0);
}

#[test]
fn a_candidate_that_crashes_is_an_end_of_file_to_the_judge() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("echo", "crash", &LIMITS);
    assert_eq!(report.violation, None);
    assert_eq!(
        (report.judge.exit, report.candidate.exit),
        (Exit::Code(0), Exit::Signal(6))
    );
    assert_eq!(report.metric, b"eof\n");
    assert_eq!((report.windows, report.candidate_end), (3, CandidateEnd::LeftEarly));
}

#[test]
fn a_candidate_that_never_answers_voids_the_trial_at_the_window_s_limit() {
    let Some(bench) = Bench::new() else { return };
    let limits = RelayLimits {
        window: Duration::from_millis(200),
        ..LIMITS
    };
    let report = bench.split("echo", "hang", &limits);
    assert_eq!(report.violation, Some(Violation::WindowLimit));
    assert!(report.window_time >= limits.window);
}

#[test]
fn a_candidate_s_wall_limit_is_the_sum_of_its_windows() {
    let Some(bench) = Bench::new() else { return };
    let (judge, mut candidate) = bench.sides("echo", "hang");
    candidate.limits.wall = Duration::from_millis(200);
    let report = bench.runner().run_split(&judge, &candidate, &LIMITS).expect("a report");
    assert_eq!((report.violation, report.candidate.exit), (None, Exit::WallLimit));
    assert_eq!(
        (report.metric.as_slice(), report.candidate_end),
        (b"eof\n".as_slice(), CandidateEnd::LeftEarly)
    );
}

#[test]
fn a_frozen_candidate_uses_no_cpu_while_the_judge_thinks() {
    let Some(bench) = Bench::new() else { return };
    // A child of the candidate spins for ever; the judge sleeps two seconds in all between its requests.
    let report = bench.split("slow", "spin", &LIMITS);
    assert_eq!(report.violation, None);
    assert_eq!(report.metric, b"42\n");
    // Its CPU time fits in the windows, on as many processors as it had processes, with something for the way from the
    // answer to the freezer on a busy machine; unfrozen it would have used the two seconds.
    let bound = report.window_time * 2 + Duration::from_secs(1);
    assert!(
        report.candidate_cpu < bound,
        "{:?} against {bound:?}",
        report.candidate_cpu
    );
}

#[test]
fn a_candidate_that_stays_is_asked_for_its_room_before_it_is_dismissed() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("echo", "fill", &LIMITS);
    assert_eq!((report.violation, report.candidate.exit), (None, Exit::Stopped));
    assert_eq!(report.metric, b"42\n");
    assert!(report.candidate.room.is_exhausted(), "{:?}", report.candidate.room);

    let report = bench.split("echo", "echo", &LIMITS);
    assert_eq!(report.candidate.exit, Exit::Stopped);
    let room = report.candidate.room;
    assert!(!room.is_exhausted() && room.work.bytes.is_some() && room.temporary.bytes.is_some());
}

#[test]
fn a_candidate_that_is_killed_for_a_limit_is_told_by_it_and_has_left() {
    let Some(bench) = Bench::new() else { return };
    for (kind, exit) in [("hog", Exit::MemoryLimit), ("flood", Exit::OutputLimit)] {
        let report = bench.split("echo", kind, &LIMITS);
        assert_eq!((report.violation, report.candidate.exit), (None, exit), "{kind}");
        assert_eq!(
            (report.metric.as_slice(), report.candidate_end),
            (b"eof\n".as_slice(), CandidateEnd::LeftEarly)
        );
    }
}

#[test]
fn a_metric_beyond_the_cap_and_requests_beyond_the_count_void_the_trial() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(
        bench.split("loud", "echo", &LIMITS).violation,
        Some(Violation::MetricTooLong)
    );
    let report = bench.split("many", "echo", &LIMITS);
    assert_eq!(
        (report.violation, report.windows),
        (Some(Violation::TooManyRequests), 50)
    );
}

#[test]
fn a_judge_that_fails_is_reported_with_what_it_wrote() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.split("fail", "echo", &LIMITS);
    assert_eq!((report.violation, report.judge.exit), (None, Exit::Code(6)));
    assert_eq!(report.metric, b"42\n");
}

#[test]
fn a_judge_at_its_wall_limit_takes_a_frozen_candidate_with_it() {
    let Some(bench) = Bench::new() else { return };
    let (mut judge, candidate) = bench.sides("echo", "hang");
    judge.limits.wall = Duration::from_millis(200);
    let report = bench.runner().run_split(&judge, &candidate, &LIMITS).expect("a report");
    assert_eq!(
        (report.judge.exit, report.candidate.exit),
        (Exit::WallLimit, Exit::Stopped)
    );
    assert!(report.metric.is_empty());
}

#[test]
fn sides_on_one_processor_are_refused() {
    let Some(bench) = Bench::new() else { return };
    let (mut judge, mut candidate) = bench.sides("echo", "echo");
    judge.limits.cpus = Some(vec![0, 1]);
    candidate.limits.cpus = Some(vec![1]);
    let refused = bench.runner().run_split(&judge, &candidate, &LIMITS);
    assert!(matches!(refused, Err(RunnerError::SharedProcessor(1))), "{refused:?}");
}

#[test]
fn sides_on_processors_of_their_own_run_and_the_report_says_how_far_apart() {
    let Some(bench) = Bench::new() else { return };
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        eprintln!("SKIPPED, NOT TESTED: one processor only");
        return;
    }
    let (mut judge, mut candidate) = bench.sides("echo", "echo");
    judge.limits.cpus = Some(vec![0]);
    candidate.limits.cpus = Some(vec![1]);
    let report = bench.runner().run_split(&judge, &candidate, &LIMITS).expect("a report");
    assert_eq!(report.metric, b"42\n");
    assert_ne!(report.candidate.protections.cpu_pinning, Strength::Absent);
    assert_eq!(report.candidate.protections, report.judge.protections);
}
