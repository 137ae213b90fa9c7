//! How a run ended, from everything that is known of its end.

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

/// Memory first, whatever the exit status; then what the runner did; then what the command did. `None` when nobody knows.
///
/// A flood is one whether the order to stop came in time or not: how soon the runner reads is no doing of the command's.
pub(super) fn exit(oom_kills: u64, stop: Option<Stop>, ended: Option<Ended>) -> Option<Exit> {
    if oom_kills > 0 {
        return Some(Exit::MemoryLimit);
    }
    match (stop, ended) {
        (Some(Stop::Output), _) => Some(Exit::OutputLimit),
        // It had ended by itself before the order to stop reached it.
        (
            _,
            Some(Ended::With {
                status: Status::Code(code),
                ..
            }),
        ) => Some(Exit::Code(code)),
        (Some(Stop::Wall), _) => Some(Exit::WallLimit),
        (Some(Stop::Cpu), _) => Some(Exit::CpuLimit),
        (Some(Stop::Memory), _) => Some(Exit::MemoryLimit),
        (Some(Stop::Partner | Stop::Unwanted), _) => Some(Exit::Stopped),
        (None, Some(Ended::NotStarted(errno))) => Some(Exit::NotStarted(errno)),
        (
            None,
            Some(Ended::With {
                status: Status::Signal(signal),
                ..
            }),
        ) => Some(Exit::Signal(signal)),
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
        assert_eq!(exit(1, None, ended(Status::Code(0))), Some(Exit::MemoryLimit));
        assert_eq!(exit(1, Some(Stop::Wall), None), Some(Exit::MemoryLimit));
    }

    #[test]
    fn a_kill_by_the_runner_is_told_by_its_cause() {
        assert_eq!(
            exit(0, Some(Stop::Wall), ended(Status::Signal(9))),
            Some(Exit::WallLimit)
        );
        assert_eq!(exit(0, Some(Stop::Cpu), None), Some(Exit::CpuLimit));
        assert_eq!(exit(0, Some(Stop::Output), None), Some(Exit::OutputLimit));
    }

    #[test]
    fn a_flood_is_one_though_the_command_was_quicker_than_the_order_to_stop() {
        assert_eq!(
            exit(0, Some(Stop::Output), ended(Status::Code(0))),
            Some(Exit::OutputLimit)
        );
        assert_eq!(
            exit(0, Some(Stop::Output), ended(Status::Signal(13))),
            Some(Exit::OutputLimit)
        );
    }

    #[test]
    fn other_orders_to_stop_do_not_reach_a_command_that_has_ended() {
        for late in [Stop::Wall, Stop::Cpu, Stop::Partner, Stop::Unwanted] {
            assert_eq!(
                exit(0, Some(late), ended(Status::Code(3))),
                Some(Exit::Code(3)),
                "{late:?}"
            );
        }
    }

    #[test]
    fn a_command_that_kills_itself_is_told_from_one_the_runner_killed() {
        assert_eq!(exit(0, None, ended(Status::Signal(9))), Some(Exit::Signal(9)));
    }

    #[test]
    fn an_end_nobody_saw_is_no_exit() {
        assert_eq!(exit(0, None, None), None);
    }
}
