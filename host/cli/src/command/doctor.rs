//! `orv doctor`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use orv_runner::{CgroupMode, Examination, Finding, Need, Protection, Runner, Strength};
use orv_verifier::doctor::{self, Host, Line, Outcome};
use orv_verifier::settings::{Environment, load_to_examine};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    code::{Code, Exit},
    failure::Failure,
    output::{Answer, visible},
};

/// The code of every finding about containers; its name says which it is.
const CONTAINERS: &str = "ORV-H-050";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct DoctorArguments {
    /// Examine what this verifier's configuration names: enclaves, chain, account, storage, files
    #[arg(long, env = "ORV_VERIFIER_CONFIG", value_name = "FILE")]
    verifier: Option<PathBuf>,
    /// Examine what containers need, too: always so without --verifier
    #[arg(long)]
    containers: bool,
    /// Seconds that each look may take
    #[arg(long, value_name = "SECONDS", default_value_t = doctor::PATIENCE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
    /// Folder in which jobs are laid out [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
    /// Examine what is left where the container's limits cannot be set
    #[arg(long)]
    weaker_limits: bool,
}

const HELP: &str = "\
Each line is pass, warn, FAIL, or skip where nobody can tell while something else fails; each has a code of \
docs/errors.md and, where something is wrong, the fix.

Without --verifier it examines what containers need on this machine (miners, creators): it makes one container, up to a \
command that does not exist, and leaves nothing. With --verifier it examines an operator's machine and everything that \
the daemon talks to. Nothing is sent to the chain, and a running daemon is not disturbed.

Exits with 5 when a line fails.

Examples:
  sudo orv doctor
  sudo orv doctor --scratch /var/lib/orv --json
  orv doctor --verifier /etc/orv/verifier.toml
  orv doctor --verifier verifier.toml --json | jq '.checks[] | select(.outcome == \"fail\")'";

/// A line as it is shown: of the operator's examination, or about containers.
#[derive(Debug, Clone, Serialize)]
struct Shown {
    check: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    outcome: Outcome,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

pub async fn run(arguments: DoctorArguments) -> Result<Answer, Failure> {
    let mut shown = Vec::new();
    let mut machine = Value::Null;
    if let Some(file) = &arguments.verifier {
        shown.extend(operator(file, arguments.patience).await?.into_iter().map(Shown::from));
    }
    if arguments.containers || arguments.verifier.is_none() {
        let (examination, mode) = examined(arguments).await?;
        shown.extend(examination.findings.iter().map(Shown::from));
        machine = json!({
            "refuses": examination.refuses(),
            "weaker_limits": mode == CgroupMode::Weaker,
            "kernel": examination.kernel,
            "scratch": examination.scratch.display().to_string(),
            "protections": Protection::all().iter().map(|protection| protection.name()).collect::<Vec<_>>(),
        });
    }
    Ok(answer(&shown, machine))
}

async fn operator(file: &Path, patience: u64) -> Result<Vec<Line>, Failure> {
    let config = load_to_examine(file, &Environment::of_process())?;
    let examination = doctor::Examination::of(config, Host::this())
        .with_file(file)
        .patient(Duration::from_secs(patience));
    Ok(examination.run().await)
}

async fn examined(arguments: DoctorArguments) -> Result<(Examination, CgroupMode), Failure> {
    let task = tokio::task::spawn_blocking(move || {
        let mut runner = Runner::new(arguments.scratch.unwrap_or_else(std::env::temp_dir));
        if arguments.weaker_limits {
            runner.cgroups = CgroupMode::Weaker;
        }
        (runner.examine(), runner.cgroups)
    });
    task.await
        .map_err(|error| Failure::new(Code::Machine, format!("the examination stopped: {error}")))
}

fn answer(shown: &[Shown], machine: Value) -> Answer {
    let failed = shown.iter().any(|line| line.outcome == Outcome::Fail);
    let document = json!({ "healthy": !failed, "checks": shown, "containers": machine });
    let answer = Answer::new("orv.doctor/2", document, text(shown));
    if failed {
        answer.with_exit(Exit::Unavailable)
    } else {
        answer
    }
}

fn text(shown: &[Shown]) -> String {
    let mut lines: Vec<String> = shown.iter().flat_map(Shown::lines).collect();
    let count = |outcome| shown.iter().filter(|line| line.outcome == outcome).count();
    lines.push(String::new());
    lines.push(format!(
        "{} pass, {} warn, {} FAIL, {} not looked at",
        count(Outcome::Pass),
        count(Outcome::Warn),
        count(Outcome::Fail),
        count(Outcome::Skipped)
    ));
    lines.join("\n")
}

impl Shown {
    fn lines(&self) -> Vec<String> {
        let mark = match self.outcome {
            Outcome::Pass => "pass",
            Outcome::Warn => "warn",
            Outcome::Fail => "FAIL",
            Outcome::Skipped => "skip",
        };
        let about = self
            .subject
            .as_ref()
            .map_or_else(String::new, |subject| format!("{subject}: "));
        let found = visible(&format!("{about}{}", self.found)).replace('\n', " ");
        let mut lines = vec![format!("{mark}  {}  {:<16} {found}", self.code, self.check)];
        if let Some(fix) = &self.fix {
            lines.push(format!("{:34}fix: {}", "", visible(fix)));
        }
        lines
    }
}

impl From<Line> for Shown {
    fn from(line: Line) -> Self {
        Self {
            check: line.check.name().to_owned(),
            code: line.code,
            subject: line.subject,
            outcome: line.outcome,
            found: line.found,
            fix: line.fix,
        }
    }
}

/// What every run needs fails where it is missing; anything else is told as a warning with its purpose.
impl From<&Finding> for Shown {
    fn from(finding: &Finding) -> Self {
        let outcome = match (finding.strength, finding.need) {
            (Strength::Enforced, _) => Outcome::Pass,
            (Strength::Absent, Need::Run) => Outcome::Fail,
            _ => Outcome::Warn,
        };
        Self {
            check: finding.name.to_owned(),
            code: CONTAINERS,
            subject: None,
            outcome,
            found: finding.found.clone(),
            fix: finding
                .remedy
                .map(|remedy| format!("for {}: {remedy}", purpose(finding.need))),
        }
    }
}

fn purpose(need: Need) -> &'static str {
    match need {
        Need::Run => "any run",
        Need::Limits => "limits of a container as a whole",
        Need::Split => "split judging",
        Need::Timing => "times to believe",
        Need::Depth => "a second line",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(strength: Strength, need: Need) -> Finding {
        Finding {
            name: "clock-source",
            strength,
            need,
            found: "hpet".to_owned(),
            remedy: (strength != Strength::Enforced).then_some("set another"),
        }
    }

    #[test]
    fn what_is_missing_comes_with_its_purpose_and_its_remedy() {
        let weaker = Shown::from(&finding(Strength::Weaker, Need::Timing));
        let failed = Line::fail(doctor::Check::Rpc, "no answer", "name another").about("http://a");
        insta::assert_snapshot!(text(&[weaker, Shown::from(failed)]), @r"
        warn  ORV-H-050  clock-source     hpet
                                          fix: for times to believe: set another
        FAIL  ORV-H-020  rpc              http://a: no answer
                                          fix: name another

        0 pass, 1 warn, 1 FAIL, 0 not looked at
        ");
    }

    #[test]
    fn only_what_every_run_needs_fails() {
        assert_eq!(
            Shown::from(&finding(Strength::Absent, Need::Run)).outcome,
            Outcome::Fail
        );
        for (strength, need) in [
            (Strength::Absent, Need::Depth),
            (Strength::Absent, Need::Split),
            (Strength::Absent, Need::Timing),
            (Strength::Weaker, Need::Run),
        ] {
            assert_eq!(
                Shown::from(&finding(strength, need)).outcome,
                Outcome::Warn,
                "{strength:?} {need:?}"
            );
        }
    }
}
