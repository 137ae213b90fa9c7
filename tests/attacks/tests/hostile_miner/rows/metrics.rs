//! Metrics that nobody has measured.

use orv_content::Sha256;
use orv_protocol::judgement::Arm;
use orv_protocol::seed::trial_seed;
use orv_protocol::weakened::Rule as Protocol;
use orv_receipt::weakened::Rule as Receipt;

use super::rule;
use crate::attack::{Attack, Attempted, Class};
use crate::protection::Protection;
use crate::stage::{Project, Stage, file};

const TWICE: &str = "void: more than one place matches";
const MALFORMED: &str = "void: no plain decimal";
const FAILED: &str = "void: the command failed";

pub const ROWS: &[Attack] = &[
    read("print-the-marker-early", Protocol::OneMatch, TWICE, |stage| {
        stage.forged(&Project::shared("print METRIC=1"))
    }),
    read(
        "print-the-marker-on-the-other-stream",
        Protocol::OneMatch,
        TWICE,
        |stage| stage.forged(&harness("1000 stderr checked", "print METRIC=1")),
    ),
    read(
        "print-the-marker-late-by-another-process",
        Protocol::OneMatch,
        TWICE,
        |stage| stage.forged(&harness("1000 stderr lingering", "print-later METRIC=1")),
    ),
    read("print-the-marker-many-times", Protocol::OneMatch, TWICE, |stage| {
        stage.forged(&Project::shared("print METRIC=1 METRIC=2 METRIC=3"))
    }),
    read("print-the-marker-behind-noise", Protocol::OneMatch, TWICE, |stage| {
        stage.forged(&Project::shared("print-noise 60000 METRIC=1"))
    }),
    read("metric-with-an-exponent", Protocol::PlainDecimal, MALFORMED, |stage| {
        told(stage, "1e-9")
    }),
    read("metric-that-is-no-number", Protocol::PlainDecimal, MALFORMED, |stage| {
        told(stage, "NaN")
    }),
    read("metric-without-bound", Protocol::PlainDecimal, MALFORMED, |stage| {
        told(stage, "-inf")
    }),
    read(
        "metric-of-a-hundred-digits",
        Protocol::PlainDecimal,
        MALFORMED,
        |stage| told(stage, &format!("-{}", "9".repeat(100))),
    ),
    read("metric-with-a-plus-sign", Protocol::PlainDecimal, MALFORMED, |stage| {
        told(stage, "+1")
    }),
    read(
        "memorise-the-answers-to-a-known-seed",
        Protocol::DrawnSeed,
        "void or no better: another seed",
        |stage| {
            // What the seed would be if nothing that is drawn were in it.
            let known = Sha256::of(&[&b"orv/seed/v1"[..], &[0; 96]].concat()).to_string();
            let digits = known.trim_start_matches("0x").get(..8).unwrap_or_default().to_owned();
            stage.prepared(&Project::split("seeded", format!("seed {digits}")), |scene| {
                let tree = scene.workshop.tree_hash(Arm::Candidate).ok_or("no tree")?;
                let seed = trial_seed(&tree, &[0x71; 32], &[0x5e; 32]);
                scene.seeded_trial(&seed)?.forged()
            })
        },
    ),
    counted("print-the-marker-and-fail", Receipt::CleanExit, FAILED, |stage| {
        stage.forged(&Project::shared("print-and-fail METRIC=1"))
    }),
    counted(
        "print-the-marker-and-kill-the-harness",
        Receipt::CleanExit,
        FAILED,
        |stage| stage.forged(&Project::shared("print-and-end-harness 9 METRIC=1")),
    ),
    counted(
        "print-the-marker-and-end-the-harness-politely",
        Receipt::CleanExit,
        FAILED,
        |stage| stage.forged(&Project::shared("print-and-end-harness 15 METRIC=1")),
    ),
    counted(
        "go-on-without-refused-processes",
        Receipt::EveryProcessStarted,
        "void: the limit was met",
        |stage| stage.counted(&Project::shared("fork-bomb 64")),
    ),
    counted(
        "go-on-without-refused-threads",
        Receipt::EveryProcessStarted,
        "void: the limit was met",
        |stage| stage.counted(&Project::shared("thread-bomb 64")),
    ),
    counted(
        "go-on-without-refused-bytes",
        Receipt::EveryWriteFits,
        "void: no room was left",
        |stage| stage.counted(&narrow("fill /work/x 4194304")),
    ),
    counted(
        "go-on-without-refused-files",
        Receipt::EveryWriteFits,
        "void: no room was left",
        |stage| stage.counted(&narrow("inodes /tmp 3000")),
    ),
    counted(
        "go-on-without-refused-bytes-beside-the-judge",
        Receipt::EveryWriteFits,
        "void: no room was left",
        |stage| {
            let mut project = Project::split("squares", "then fill /tmp/x 4194304");
            project.scratch = Some(1 << 20);
            stage.counted(&project)
        },
    ),
    counted(
        "print-the-marker-beside-the-judge",
        Receipt::JudgesMetric,
        "the judge's metric counts",
        |stage| stage.forged(&Project::split("squares", "print METRIC=1")),
    ),
    counted(
        "print-the-marker-on-standard-error-beside-the-judge",
        Receipt::JudgesMetric,
        "the judge's metric counts",
        |stage| stage.forged(&Project::split("squares", "print-error METRIC=1")),
    ),
];

/// Held by the way a metric is read.
const fn read(name: &'static str, by: Protocol, expected: &'static str, run: fn(&Stage) -> Attempted) -> Attack {
    rule(name, Class::Metric, Protection::Protocol(by), expected, run)
}

/// Held by what a trial is worth.
const fn counted(name: &'static str, by: Receipt, expected: &'static str, run: fn(&Stage) -> Attempted) -> Attack {
    rule(name, Class::Metric, Protection::Receipt(by), expected, run)
}

/// A project with a mebibyte to write.
fn narrow(words: &str) -> Project {
    let mut project = Project::shared(words);
    project.scratch = Some(1 << 20);
    project
}

/// A harness that prints on this stream, in this mode.
fn harness(configuration: &str, words: &str) -> Project {
    let mut project = Project::shared(words);
    project.harness = vec![("bench.conf", file(configuration))];
    project
}

/// A harness that prints what the candidate has written for it.
fn told(stage: &Stage, number: &str) -> Attempted {
    stage.forged(&harness(
        "1000 stdout told",
        &format!("leave-text /work/result {number}"),
    ))
}
