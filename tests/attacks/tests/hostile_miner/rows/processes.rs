//! Other processes, and those that are to stay.

use std::time::Duration;

use orv_runner::Protection as P;

use super::row;
use crate::attack::{Attack, Attempted, Class, judge};
use crate::host::{Victim, leftovers};
use crate::stage::{Project, Stage};

const UNSEEN: &str = "no such process";
const GONE: &str = "dead with the trial";

pub const ROWS: &[Attack] = &[
    row(
        "see-the-hosts-processes",
        Class::Processes,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "see", |_, said| said.starts_with("got ")),
    ),
    row(
        "kill-a-process-of-the-same-id",
        Class::Processes,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "kill", |victim, _| victim.is_dead()),
    ),
    row(
        "kill-by-a-process-handle",
        Class::Processes,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "handle", |victim, _| victim.is_dead()),
    ),
    row(
        "stop-a-process-of-the-same-id",
        Class::Processes,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "stop", |victim, _| victim.is_stopped()),
    ),
    row("slow-a-process-down", Class::Time, P::PidNamespace, UNSEEN, |stage| {
        on_a_victim(stage, "slow", |victim, _| victim.niceness() == "19")
    }),
    row(
        "move-a-process-to-another-processor",
        Class::Time,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "move", |victim, _| victim.processors() == "0"),
    ),
    row(
        "take-a-processs-open-files",
        Class::Processes,
        P::PidNamespace,
        UNSEEN,
        |stage| on_a_victim(stage, "starve", |victim, _| victim.open_files() == "3"),
    ),
    row("leave-a-daemon", Class::Leftovers, P::KillTree, GONE, |stage| {
        outlive(stage, Project::shared("daemon orv 5"))
    }),
    row(
        "leave-a-stopped-process",
        Class::Leftovers,
        P::KillTree,
        GONE,
        |stage| outlive(stage, Project::shared("stopped orv")),
    ),
    row("leave-a-zombies-parent", Class::Leftovers, P::KillTree, GONE, |stage| {
        outlive(stage, Project::shared("zombie orv 5"))
    }),
    row(
        "ignore-every-signal-at-the-limit",
        Class::Leftovers,
        P::KillTree,
        GONE,
        |stage| {
            let mut project = Project::shared("deaf orv 4");
            project.seconds = 1;
            outlive(stage, project)
        },
    ),
    row(
        "leave-a-daemon-of-the-set-up",
        Class::Leftovers,
        P::KillTree,
        GONE,
        |stage| {
            let mut project = Project::shared("sleep 1");
            project.setup = true;
            project.allowed.push("recipe");
            project.changes.push(("recipe", crate::stage::file("daemon orv 5\n")));
            outlive(stage, project)
        },
    ),
];

/// A process of the host's that only its invisibility protects.
fn on_a_victim(stage: &Stage, harm: &str, harmed: fn(&mut Victim, &str) -> bool) -> Attempted {
    let mut victim = Victim::start(stage)?;
    let trial = stage.trial(&Project::shared(format!("process {} {harm}", victim.marker)))?;
    let said = trial.describe_said();
    judge(harmed(&mut victim, &said), said)
}

/// Whether a process of the trial is still there when the trial is over.
fn outlive(stage: &Stage, project: Project) -> Attempted {
    let trial = stage.trial(&project)?;
    let left = leftovers();
    // One that was dying would be gone by now.
    std::thread::sleep(Duration::from_millis(20));
    let alive = left.into_iter().filter(|process| leftovers().contains(process)).count();
    judge(alive > 0, format!("{alive} processes are left; {}", trial.describe()))
}
