//! Judge and candidate apart.

use std::time::Duration;

use orv_runner::{Protection as P, RelayLimits};

use super::row;
use crate::attack::{Attack, Attempted, Class, judge};
use crate::stage::{Project, Said, Stage};

const VOID: &str = "the trial is void";
const FROZEN: &str = "nothing happens between windows";

pub const ROWS: &[Attack] = &[
    row(
        "compute-between-the-questions-in-a-thread",
        Class::Split,
        P::Freezing,
        FROZEN,
        |stage| stage.forged(&Project::split("work", "ahead thread")),
    ),
    row(
        "compute-between-the-questions-in-a-process",
        Class::Split,
        P::Freezing,
        FROZEN,
        |stage| stage.forged(&Project::split("work", "ahead child")),
    ),
    row(
        "wake-up-between-the-questions",
        Class::Split,
        P::Freezing,
        FROZEN,
        |stage| stage.forged(&Project::split("work", "ahead clock")),
    ),
    row("answer-twice", Class::Split, P::EarlyAnswer, VOID, |stage| {
        stage.counted(&Project::split("deaf", "two-lines"))
    }),
    row(
        "answer-before-the-question",
        Class::Split,
        P::EarlyAnswer,
        VOID,
        |stage| stage.counted(&Project::split("deaf", "unasked")),
    ),
    row("answer-all-at-once", Class::Split, P::EarlyAnswer, VOID, |stage| {
        stage.counted(&Project::split("deaf", "unasked-later"))
    }),
    row("flood-the-judge", Class::Split, P::LineLength, VOID, |stage| {
        stage.counted(&Project::split("squares", "long-line"))
    }),
    row("stall-in-a-window", Class::Split, P::WindowLimit, VOID, |stage| {
        in_short_windows(stage, "stall 700")
    }),
    row(
        "stall-in-the-middle-of-a-line",
        Class::Split,
        P::WindowLimit,
        VOID,
        |stage| in_short_windows(stage, "half-line 700"),
    ),
    row(
        "read-the-expected-answers",
        Class::Split,
        P::JudgeFiles,
        "no such file",
        |stage| {
            let trial = stage.trial(&Project::split("squares", "then find-in /judge/answers answers"))?;
            judge(matches!(trial.said(), Said::Got(_)), trial.describe_said())
        },
    ),
    row(
        "write-the-metric",
        Class::Split,
        P::MetricDescriptor,
        "no such descriptor",
        |stage| {
            let trial = stage.trial(&Project::split("squares", "metric-descriptor"))?;
            let written = trial
                .observation
                .metric
                .split(|byte| *byte == b'\n')
                .any(|line| line == b"1");
            judge(written, trial.describe_said())
        },
    ),
    row(
        "share-the-judges-processor",
        Class::Time,
        P::DisjointProcessors,
        "the run is refused",
        |stage| {
            stage.prepared(&Project::split("squares", "honest"), |scene| {
                let mut judge_side = scene.container("judge squares");
                let mut candidate = scene.container("candidate");
                judge_side.limits.cpus = Some(vec![0]);
                candidate.limits.cpus = Some(vec![0]);
                match scene
                    .runner
                    .run_split(&judge_side, &candidate, &relay(Duration::from_secs(5)))
                {
                    Ok(report) => judge(report.violation.is_none(), "judge and candidate ran on one processor"),
                    Err(error) => judge(false, error.to_string()),
                }
            })
        },
    ),
];

fn relay(window: Duration) -> RelayLimits {
    RelayLimits {
        line_bytes: RelayLimits::LINE_BYTES,
        window,
        requests: 100,
        metric_bytes: 256,
    }
}

/// Windows shorter than the trial: of a project's own, both have one limit.
fn in_short_windows(stage: &Stage, words: &str) -> Attempted {
    stage.prepared(&Project::split("squares", words), |scene| {
        let report = scene.runner.run_split(
            &scene.container("judge squares"),
            &scene.container("candidate"),
            &relay(Duration::from_millis(250)),
        );
        let report = report.map_err(|error| error.to_string())?;
        judge(
            report.violation.is_none() && !report.metric.is_empty(),
            format!(
                "{:?}, metric {:?}",
                report.violation,
                String::from_utf8_lossy(&report.metric)
            ),
        )
    })
}
