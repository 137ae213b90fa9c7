//! How a run ended, from everything that is known of its end.

use nix::libc::SIGKILL as KILL;

use super::Ended;
use crate::message::Status;
use crate::report::Exit;

/// Why the runner killed a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Wall,
    Cpu,
    Memory,
    Output,
    /// Its partner in a split run is done, or the trial is void.
    Partner,
    /// Its caller wants it no more.
    Unwanted,
}

/// What a command has gone beyond by a count, which tells the same however late the runner looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overrun {
    Wall,
    Cpu,
    Output,
}

/// Memory first, whatever the exit status; then what the counts say; then how the command ended by itself, which no order
/// undoes that came later; then what the runner did. `None` when nobody knows.
pub(super) fn exit(oom_kills: u64, overrun: Option<Overrun>, stop: Option<Stop>, ended: Option<Ended>) -> Option<Exit> {
    if oom_kills > 0 {
        return Some(Exit::MemoryLimit);
    }
    match overrun {
        Some(Overrun::Output) => return Some(Exit::OutputLimit),
        Some(Overrun::Wall) => return Some(Exit::WallLimit),
        Some(Overrun::Cpu) => return Some(Exit::CpuLimit),
        None => {}
    }
    let status = match ended {
        Some(Ended::NotStarted(errno)) => return Some(Exit::NotStarted(errno)),
        Some(Ended::With { status, .. }) => Some(status),
        None => None,
    };
    match (status, stop) {
        (Some(Status::Code(code)), _) => Some(Exit::Code(code)),
        // The one signal that the runner sends may have been sent by it.
        (Some(Status::Signal(signal)), None) => Some(Exit::Signal(signal)),
        (Some(Status::Signal(signal)), Some(_)) if signal != KILL => Some(Exit::Signal(signal)),
        (_, Some(Stop::Wall)) => Some(Exit::WallLimit),
        (_, Some(Stop::Cpu)) => Some(Exit::CpuLimit),
        (_, Some(Stop::Memory)) => Some(Exit::MemoryLimit),
        (_, Some(Stop::Output)) => Some(Exit::OutputLimit),
        (_, Some(Stop::Partner | Stop::Unwanted)) => Some(Exit::Stopped),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(status: Status) -> Option<Ended> {
        Some(Ended::With {
            status,
            wall: Duration::ZERO,
            room: Default::default(),
        })
    }

    #[test]
    fn a_kill_for_memory_outweighs_a_clean_exit() {
        assert_eq!(exit(1, None, None, ended(Status::Code(0))), Some(Exit::MemoryLimit));
        assert_eq!(exit(1, None, Some(Stop::Wall), None), Some(Exit::MemoryLimit));
    }

    #[test]
    fn a_kill_by_the_runner_is_told_by_its_cause() {
        let killed = ended(Status::Signal(KILL));
        assert_eq!(exit(0, None, Some(Stop::Wall), killed), Some(Exit::WallLimit));
        assert_eq!(exit(0, None, Some(Stop::Partner), killed), Some(Exit::Stopped));
        assert_eq!(exit(0, None, Some(Stop::Cpu), None), Some(Exit::CpuLimit));
        assert_eq!(exit(0, None, Some(Stop::Output), None), Some(Exit::OutputLimit));
    }

    #[test]
    fn what_was_counted_holds_though_the_command_was_quicker_than_the_order_to_stop() {
        for (overrun, told) in [
            (Overrun::Output, Exit::OutputLimit),
            (Overrun::Wall, Exit::WallLimit),
            (Overrun::Cpu, Exit::CpuLimit),
        ] {
            for status in [Status::Code(0), Status::Signal(13)] {
                for stop in [None, Some(Stop::Partner), Some(Stop::Unwanted)] {
                    assert_eq!(exit(0, Some(overrun), stop, ended(status)), Some(told));
                }
            }
        }
    }

    #[test]
    fn no_order_undoes_an_end_of_the_commands_own() {
        for late in [Stop::Wall, Stop::Cpu, Stop::Output, Stop::Partner, Stop::Unwanted] {
            let told = |ended| exit(0, None, Some(late), ended);
            assert_eq!(told(ended(Status::Code(3))), Some(Exit::Code(3)), "{late:?}");
            assert_eq!(told(ended(Status::Signal(6))), Some(Exit::Signal(6)), "{late:?}");
            assert_eq!(told(Some(Ended::NotStarted(2))), Some(Exit::NotStarted(2)), "{late:?}");
        }
    }

    #[test]
    fn a_command_that_kills_itself_is_told_from_one_the_runner_killed() {
        assert_eq!(
            exit(0, None, None, ended(Status::Signal(KILL))),
            Some(Exit::Signal(KILL))
        );
    }

    #[test]
    fn an_end_nobody_saw_is_no_exit() {
        assert_eq!(exit(0, None, None, None), None);
    }
}
