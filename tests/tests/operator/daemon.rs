//! The daemon that kills itself: this test program started once more, with production's [`Daemon::run`] and an observer
//! that sends its own process SIGKILL at a chosen change of the journal.
//!
//! On standard output it says a line for each change before it is written, one after, and one when it is killed:
//!
//! ```text
//! before PROPOSAL FROM EVENT
//! after PROPOSAL FROM EVENT
//! state PROPOSAL STATE
//! killed before|after FROM EVENT
//! ```

use crate::transition::{Side, Transition};
use nix::sys::signal::{Signal, raise};
use orv_verifier::{Daemon, Notice, Observer, VerifierConfig};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// The configuration of the daemon that this process is to be.
const CONFIGURATION: &str = "ORV_OPERATOR_CONFIGURATION";
/// Changes at which it is not killed any more, one a line.
const SPARED: &str = "ORV_OPERATOR_SPARED";
/// How many of the other changes it survives.
const SURVIVES: &str = "ORV_OPERATOR_SURVIVES";

/// When a daemon kills itself.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Changes at which it does not.
    pub spared: Vec<(Side, Transition)>,
    /// How many of the others it survives.
    pub survives: u64,
}

/// The command that starts it.
pub fn command(configuration: &Path, order: &Order) -> Command {
    let spared = order
        .spared
        .iter()
        .map(|(side, transition)| format!("{side} {transition}"));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_daemon_that_is_killed", "--nocapture"])
        .env(CONFIGURATION, configuration)
        .env(SPARED, spared.collect::<Vec<_>>().join("\n"))
        .env(SURVIVES, order.survives.to_string());
    command
}

/// Is that daemon, where this process was started as one. Nothing otherwise.
pub fn run_if_asked() {
    let Some(path) = std::env::var_os(CONFIGURATION) else {
        return;
    };
    let spared = std::env::var(SPARED).unwrap().lines().map(str::to_owned).collect();
    let survives = std::env::var(SURVIVES).unwrap().parse().unwrap();
    let observer = Killer {
        spared,
        state: Mutex::new((survives, HashMap::new())),
    };
    let configuration = VerifierConfig::load(path.as_ref()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(Daemon::run(configuration, std::future::pending(), Arc::new(observer)));
    eprintln!("ended: {ended:?}");
    std::process::exit(1);
}

struct Killer {
    spared: BTreeSet<String>,
    /// Changes that are survived still, and the change that each proposal is at.
    state: Mutex<(u64, HashMap<String, Transition>)>,
}

impl Killer {
    fn at(&self, survives: &mut u64, side: Side, transition: &Transition) {
        if self.spared.contains(&format!("{side} {transition}")) {
            return;
        }
        if *survives > 0 {
            *survives -= 1;
            return;
        }
        say(&format!("killed {side} {transition}"));
        raise(Signal::SIGKILL).unwrap();
    }
}

impl Observer for Killer {
    fn notice(&self, notice: &Notice) {
        // One change at a time, as the journal has it; no other is told past a kill.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (survives, changing) = &mut *state;
        match notice {
            Notice::Changing { proposal, from, event } => {
                let transition = Transition::new(*from, *event);
                say(&format!("before {proposal} {transition}"));
                self.at(survives, Side::Before, &transition);
                changing.insert(proposal.to_string(), transition);
            }
            Notice::Changed { proposal, state, .. } => {
                say(&format!("state {proposal} {state}"));
                if let Some(transition) = changing.remove(&proposal.to_string()) {
                    say(&format!("after {proposal} {transition}"));
                    self.at(survives, Side::After, &transition);
                }
            }
            Notice::Failed { code, message, .. } => eprintln!("{code}: {message}"),
            _ => {}
        }
    }
}

fn say(line: &str) {
    // The suite reads until this process is gone.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
