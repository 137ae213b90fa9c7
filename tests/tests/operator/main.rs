//! The operator's side survives anything: daemon, enclave and chain are killed with SIGKILL at every change of the
//! daemon's journal and at random, and whatever the chain has afterwards is right, once, and with its receipt.
//!
//! Everything is a real process but the daemon that is killed at its journal's changes: that is this program started
//! again, which runs production's daemon under an observer that kills it (`daemon`). `ORV_SEED` gives the seed that a run
//! printed, `ORV_KILLS` the number of kills, `ORV_SOAK` the proposals of the soak. Where a kill falls within a
//! process's work is the machine's; what is killed when is the seed's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod batch;
mod campaign;
mod comparison;
mod daemon;
mod elsewhere;
#[path = "../../../enclave/appliance/tests/host/mod.rs"]
mod host;
mod hunt;
mod network;
mod node;
mod operator;
#[path = "../../../host/verifier/tests/journal/postgres.rs"]
#[allow(dead_code)]
mod postgres;
mod process;
mod project;
mod random;
mod soak;
mod standing;
mod tally;
mod torment;
mod transition;
mod watch;

use campaign::{Campaign, Stage};
use tally::{Changes, Goal};

/// Not a test of its own: the daemon that others kill. Started without its settings it is nothing.
#[test]
fn the_daemon_that_is_killed() {
    daemon::run_if_asked();
}

#[test]
fn killed_at_every_change_and_at_random_everything_is_settled_once() {
    Campaign {
        name: "crash",
        goal: Goal {
            kills: number("ORV_KILLS").unwrap_or(500),
            changes: Changes::Every,
        },
        stage: Stage::Devnets,
    }
    .run();
}

#[test]
fn the_same_holds_on_anvil() {
    some("crash on anvil", Stage::Anvil);
}

#[test]
fn the_same_holds_with_the_journal_in_postgresql() {
    some("crash on PostgreSQL", Stage::Postgres);
}

#[test]
fn of_two_daemons_on_one_journal_one_takes_over_when_the_other_dies() {
    some("crash of two daemons", Stage::TwoDaemons);
}

#[test]
fn nothing_grows_over_many_proposals() {
    soak::run(usize::try_from(number("ORV_SOAK").unwrap_or(200)).unwrap());
}

fn some(name: &'static str, stage: Stage) {
    let goal = Goal {
        kills: 40,
        changes: Changes::Any,
    };
    Campaign { name, goal, stage }.run();
}

/// A number of the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
