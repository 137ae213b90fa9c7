//! What no container can keep out: in a shared project harness and candidate are one process tree, so the candidate can
//! say whatever the harness can. These forgeries are run to their statements, which must say so.

use orv_protocol::{MetricChannel, Verdict};
use orv_receipt::Run;

use crate::stage::{Project, Stage, file};

/// One forgery that succeeds in a shared project, by its nature.
pub struct Forgery {
    pub name: &'static str,
    pub how: &'static str,
    project: fn() -> Project,
}

pub const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "print-and-leave",
        how: "prints the marker and ends the process with 0 before the harness prints its own",
        project: || within("print-and-leave METRIC=1"),
    },
    Forgery {
        name: "tell-a-wrong-number",
        how: "hands the harness a result that it has not computed",
        project: || configured("1000 stdout told", "leave-text /work/result 1"),
    },
    Forgery {
        name: "rewrite-the-harness-in-the-set-up",
        how: "replaces files of the harness from a set-up command that runs the candidate's code",
        project: || {
            let mut project = Project::shared("sleep 1").with("recipe", file("leave-text /work/json.module 1"));
            project.repository.push(("recipe", file("")));
            project.allowed.push("recipe");
            project.setup = true;
            project
        },
    },
    Forgery {
        name: "read-the-harness-and-its-data",
        how: "reads seed, data and expected answers, which lie in its own tree, and prints them as its result",
        project: || {
            let mut project = configured("1000 stdout told", "copy-text /work/expected /work/result");
            project.harness.push(("expected", file("1")));
            project
        },
    },
];

impl Forgery {
    /// The statement that it ends in.
    pub fn statement(&self, stage: &Stage) -> Result<Run, String> {
        stage.statement(&(self.project)())
    }
}

/// A forgery must be approved, or it is none and belongs among the attacks; and it must be marked as shared.
pub fn check(forgery: &Forgery) -> Result<String, String> {
    let run = forgery.statement(&Stage::new(None))?;
    let (approved, shared) = (u8::from(Verdict::Approve), u8::from(MetricChannel::Shared));
    if run.metric_channel != shared {
        return Err(format!(
            "{}: the statement's channel is {}",
            forgery.name, run.metric_channel
        ));
    }
    if run.verdict != approved {
        return Err(format!(
            "{}: verdict {}, so it is no forgery",
            forgery.name, run.verdict
        ));
    }
    Ok(format!(
        "verdict {}, metricChannel {} (shared)",
        run.verdict, run.metric_channel
    ))
}

/// The same attempts on a split project, judged to the end: none may be approved.
pub const SPLIT: &[(&str, &str)] = &[
    ("squares", "honest"),
    ("squares", "print METRIC=1"),
    ("squares", "print-error METRIC=1"),
    ("squares", "metric-on-channel"),
    ("squares", "metric-descriptor"),
    ("squares", "leave"),
    ("deaf", "two-lines"),
    ("deaf", "unasked"),
    ("work", "ahead thread"),
    ("work", "ahead child"),
    ("seeded", "find-seed"),
    ("squares", "then find-in /judge/answers answers"),
];

/// No verdict of a split project is an approval that its candidate has forged.
pub fn check_split(judge: &'static str, words: &'static str) -> Result<String, String> {
    let mut project = Project::split(judge, words);
    // The snapshot is honest: what is compared is the candidate's attempt.
    if let Some((_, solution)) = project.repository.first_mut() {
        *solution = file("honest");
    }
    let run = Stage::new(None).statement(&project)?;
    let (approved, split) = (u8::from(Verdict::Approve), u8::from(MetricChannel::Split));
    let reason: String = run
        .reason
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    let said = format!("{judge} / {words}: verdict {}, {reason}", run.verdict);
    if run.verdict == approved || run.metric_channel != split {
        Err(said)
    } else {
        Ok(said)
    }
}

/// A harness that calls the candidate's code in its own process.
fn within(words: &str) -> Project {
    configured("1000 stdout within", words)
}

fn configured(configuration: &str, words: &str) -> Project {
    let mut project = Project::shared(words);
    project.harness = vec![("bench.conf", file(configuration))];
    project
}
