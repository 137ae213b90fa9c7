//! The setup commands of an arm, and what must not be built upon.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orv_runner::{Exit, Report, Room, Wanted, WorkTree};

use super::{Pace, PrepareError, Source, Workshop};
use crate::caps::LEAST_SCRATCH;
use crate::container;

/// Least time that a command of a preparation is given.
const LEAST_TIME: Duration = Duration::from_millis(1);

impl Workshop<'_> {
    /// Runs the setup commands on an arm; each leaves a layer over what was laid out.
    pub(super) fn set_up(&mut self, source: Source, pace: &mut impl FnMut() -> Pace) -> Result<(), PrepareError> {
        let arm = source.name();
        let begun = Instant::now();
        let mut scratch_left = self.caps.scratch;
        for (index, command) in self.documents.protocol.environment.setup_commands.iter().enumerate() {
            let Some(laid_out) = self.arms.get(&source) else {
                return Ok(());
            };
            let job_left = time_left(pace, source, index)?;
            // Not zero, which is no limit: a command before it may have taken all, and have been slow to die.
            let arm_left = self.caps.setup_time.saturating_sub(begun.elapsed()).max(LEAST_TIME);
            let share = WorkTree {
                size_limit: scratch_left.max(LEAST_SCRATCH),
                ..laid_out.work.clone()
            };
            let container = container::setup(self, share, command.argv(), arm_left.min(job_left));
            let wanted = || match pace() {
                Pace::Within(_) => Wanted::Still,
                Pace::BreakOff => Wanted::NoMore,
            };
            let (report, layer) = self.runner.run_setup_while(&container, wanted)?;
            let Report {
                exit, room, pids_hit, ..
            } = report;
            match exit {
                Exit::WallLimit if job_left < arm_left => return Err(PrepareError::OutOfTime { arm, index }),
                exit => had_all_it_wanted(arm, index, exit, room, pids_hit)?,
            }
            scratch_left = scratch_left.saturating_sub(layer.bytes()?);
            if let Some(laid_out) = self.arms.get_mut(&source) {
                laid_out.work.layers.push(Arc::new(layer));
            }
        }
        Ok(())
    }
}

/// Refuses what a setup command has left behind, unless it had all that it wanted and ended well.
///
/// Every trial runs on it: what a script went on without would be missing in each of them, and look like a worse candidate.
fn had_all_it_wanted(
    arm: &'static str,
    index: usize,
    exit: Exit,
    room: Room,
    pids_hit: u64,
) -> Result<(), PrepareError> {
    match exit {
        Exit::Stopped => Err(PrepareError::BrokenOff),
        Exit::Code(0) if pids_hit > 0 => Err(PrepareError::SetupProcesses { arm, index }),
        Exit::Code(0) if room.is_exhausted() => Err(PrepareError::SetupRoom { arm, index }),
        Exit::Code(0) => Ok(()),
        exit => Err(PrepareError::Setup { arm, index, exit }),
    }
}

/// What the job has left for the next step of preparing an arm.
pub(super) fn time_left(
    pace: &mut impl FnMut() -> Pace,
    source: Source,
    index: usize,
) -> Result<Duration, PrepareError> {
    match pace() {
        Pace::Within(Duration::ZERO) => Err(PrepareError::OutOfTime {
            arm: source.name(),
            index,
        }),
        Pace::Within(left) => Ok(left),
        Pace::BreakOff => Err(PrepareError::BrokenOff),
    }
}

#[cfg(test)]
mod tests {
    use orv_runner::Left;

    use super::*;

    #[test]
    fn a_clean_exit_counts_where_nothing_was_refused() {
        let full = Room {
            work: Left {
                bytes: Some(0),
                files: None,
            },
            ..Room::default()
        };
        let said = |exit, room, pids_hit| had_all_it_wanted("candidate", 1, exit, room, pids_hit);
        assert!(said(Exit::Code(0), Room::default(), 0).is_ok());
        assert!(matches!(
            said(Exit::Code(0), Room::default(), 1),
            Err(PrepareError::SetupProcesses { index: 1, .. })
        ));
        assert!(matches!(
            said(Exit::Code(0), full, 0),
            Err(PrepareError::SetupRoom { index: 1, .. })
        ));
        assert!(matches!(
            said(Exit::Code(2), full, 1),
            Err(PrepareError::Setup {
                exit: Exit::Code(2),
                ..
            })
        ));
        assert!(matches!(
            said(Exit::Stopped, Room::default(), 0),
            Err(PrepareError::BrokenOff)
        ));
    }
}
