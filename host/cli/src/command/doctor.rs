//! `orv doctor`.

use std::path::PathBuf;

use clap::Args;
use orv_runner::{CgroupMode, Examination, Finding, Need, Protection, Runner, Strength};
use serde_json::json;

use crate::{
    code::{Code, Exit},
    failure::Failure,
    output::Answer,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Makes one container, up to a command that does not exist, and leaves nothing. Exits with 5 when a run would be refused.\n\n\
    Examples:\n  sudo orv doctor\n  sudo orv doctor --scratch /var/lib/orv --json"
)]
pub struct DoctorArguments {
    /// Folder in which jobs are laid out [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
    /// Examine what is left where the container's limits cannot be set
    #[arg(long)]
    weaker_limits: bool,
}

pub async fn run(arguments: DoctorArguments) -> Result<Answer, Failure> {
    let task = tokio::task::spawn_blocking(move || {
        let mut runner = Runner::new(arguments.scratch.unwrap_or_else(std::env::temp_dir));
        if arguments.weaker_limits {
            runner.cgroups = CgroupMode::Weaker;
        }
        (runner.examine(), runner.cgroups)
    });
    let (examination, mode) = task
        .await
        .map_err(|error| Failure::new(Code::Machine, format!("the examination stopped: {error}")))?;
    Ok(answer(&examination, mode))
}

fn answer(examination: &Examination, mode: CgroupMode) -> Answer {
    let refuses = examination.refuses();
    let document = json!({
        "refuses": refuses,
        "weaker_limits": mode == CgroupMode::Weaker,
        "kernel": examination.kernel,
        "scratch": examination.scratch.display().to_string(),
        "findings": examination.findings,
        "protections": Protection::all().iter().map(|protection| protection.name()).collect::<Vec<_>>(),
    });
    let answer = Answer::new("orv.doctor/1", document, text(examination, mode));
    if refuses {
        answer.with_exit(Exit::Unavailable)
    } else {
        answer
    }
}

fn text(examination: &Examination, mode: CgroupMode) -> String {
    let mut lines: Vec<String> = examination.findings.iter().flat_map(lines).collect();
    lines.push(String::new());
    lines.push(match (examination.refuses(), mode) {
        (true, _) => "A run would be REFUSED on this machine.".to_owned(),
        (false, CgroupMode::Required) => "Containers run on this machine, within all their limits.".to_owned(),
        (false, CgroupMode::Weaker) => {
            "Containers run on this machine; limits that cannot be set are left out, and every receipt says so."
                .to_owned()
        }
    });
    lines.join("\n")
}

fn lines(finding: &Finding) -> Vec<String> {
    let mark = match finding.strength {
        Strength::Enforced => "ok     ",
        Strength::Weaker => "weaker ",
        Strength::Absent => "MISSING",
    };
    let mut lines = vec![format!("{mark}  {:<16} {}", finding.name, finding.found)];
    if let Some(remedy) = finding.remedy {
        lines.push(format!("         {:<16} for {}: {remedy}", "", purpose(finding.need)));
    }
    lines
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

    fn examination(finding: Finding) -> Examination {
        Examination {
            findings: vec![finding],
            kernel: "6.1.0".to_owned(),
            scratch: "/tmp".into(),
        }
    }

    #[test]
    fn what_is_missing_comes_with_its_purpose_and_its_remedy() {
        let weaker = examination(finding(Strength::Weaker, Need::Timing));
        insta::assert_snapshot!(text(&weaker, CgroupMode::Required), @r"
        weaker   clock-source     hpet
                                  for times to believe: set another

        Containers run on this machine, within all their limits.
        ");
    }

    #[test]
    fn only_what_every_run_needs_makes_it_refuse() {
        assert!(examination(finding(Strength::Absent, Need::Run)).refuses());
        for (strength, need) in [
            (Strength::Absent, Need::Depth),
            (Strength::Absent, Need::Split),
            (Strength::Absent, Need::Timing),
            (Strength::Weaker, Need::Run),
        ] {
            assert!(!examination(finding(strength, need)).refuses(), "{strength:?} {need:?}");
        }
    }
}
