//! What a piece of work cost: wall time, and the processor time of this process and all that it waited for.

use nix::errno::Errno;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::time::{Duration, Instant};

/// Two times of one piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// Runs `work` and tells what it cost.
pub(crate) fn cost_of<T>(work: impl FnOnce() -> T) -> Result<(T, Cost), Errno> {
    let cpu = processor_time()?;
    let begun = Instant::now();
    let answer = work();
    let wall = begun.elapsed();
    let cpu = processor_time()?.saturating_sub(cpu);
    Ok((answer, Cost { wall, cpu }))
}

fn processor_time() -> Result<Duration, Errno> {
    let own = getrusage(UsageWho::RUSAGE_SELF)?;
    let children = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(used(&own) + used(&children))
}

fn used(usage: &Usage) -> Duration {
    // Neither is ever negative.
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

/// In thousandths of a second.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// In millionths of a second.
pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_child_that_was_waited_for_counts() {
        let busy = || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(20) {}
        };
        let (status, cost) = cost_of(|| {
            busy();
            std::process::Command::new("true").status()
        })
        .unwrap();
        assert!(status.unwrap().success());
        assert!(
            !cost.cpu.is_zero() && cost.wall >= Duration::from_millis(20),
            "{cost:?}"
        );
    }
}
