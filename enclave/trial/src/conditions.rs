//! What the machine did to a trial: the time it was taken away for, and the load that ran beside it on purpose.
//!
//! Two readings of the candidate's processor, before and after. Its accounts in `/proc/stat` (proc(5)) hold `steal`, what
//! the hypervisor admits to have taken. And all of them together, idle time included, should make the wall time: what is
//! missing is time in which the processor did not even count its own ticks. A hypervisor that lies can hide both; the
//! order of the trials, which it does not know, is what makes that useless (docs/verdict-under-noise.md).

use nix::sched::{CpuSet, sched_setaffinity};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};
use orv_protocol::judgement::Speed;
use orv_receipt::Conditions;
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const ACCOUNTS: &str = "/proc/stat";

/// Accounts of a processor that do not overlap: user, nice, system, idle, iowait, irq, softirq, steal.
const COLUMNS: usize = 8;

/// The machine is being watched.
#[derive(Debug)]
pub(crate) struct Watch {
    processors: Option<Vec<u32>>,
    begun: Instant,
    before: Ticks,
    load: Option<Load>,
}

impl Watch {
    /// From now on; beside a hindered trial a load begins on the same processors.
    pub(crate) fn begin(processors: Option<Vec<u32>>, speed: Speed) -> io::Result<Self> {
        let load = match speed {
            Speed::Full => None,
            Speed::Hindered => Some(Load::begin(processors.clone())?),
        };
        Ok(Self {
            before: Ticks::read(processors.as_deref())?,
            begun: Instant::now(),
            processors,
            load,
        })
    }

    /// Until now.
    pub(crate) fn end(self) -> io::Result<Conditions> {
        let after = Ticks::read(self.processors.as_deref())?;
        let wall = self.begun.elapsed();
        let load = self.load.map_or(Ok(Duration::ZERO), Load::end)?;
        let tick = tick()?;
        let steal = after.steal.saturating_sub(self.before.steal);
        let accounted = after.all.saturating_sub(self.before.all);
        let processors = u32::try_from(after.processors).unwrap_or(u32::MAX);
        Ok(Conditions {
            stolen_nanoseconds: nanoseconds(tick).saturating_mul(steal),
            unaccounted_nanoseconds: nanoseconds(wall.saturating_mul(processors))
                .saturating_sub(nanoseconds(tick).saturating_mul(accounted)),
            load_nanoseconds: nanoseconds(load),
        })
    }
}

/// Accounts of some processors, added up, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ticks {
    processors: usize,
    all: u64,
    steal: u64,
}

impl Ticks {
    fn read(processors: Option<&[u32]>) -> io::Result<Self> {
        let ticks = Self::parse(&fs::read_to_string(ACCOUNTS)?, processors);
        if ticks.processors == 0 || processors.is_some_and(|wanted| wanted.len() != ticks.processors) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the accounts of a processor are missing",
            ));
        }
        Ok(ticks)
    }

    /// Of these processors, or of all.
    fn parse(text: &str, processors: Option<&[u32]>) -> Self {
        let mut sum = Self::default();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let number = words.next().and_then(|name| name.strip_prefix("cpu"));
            // The line without a number adds all processors up.
            let Some(number) = number.and_then(|number| number.parse::<u32>().ok()) else {
                continue;
            };
            if processors.is_some_and(|wanted| !wanted.contains(&number)) {
                continue;
            }
            let columns: Vec<u64> = words.take(COLUMNS).filter_map(|word| word.parse().ok()).collect();
            if let [.., steal] = columns.as_slice()
                && columns.len() == COLUMNS
            {
                sum.processors += 1;
                sum.all = sum.all.saturating_add(columns.iter().sum());
                sum.steal = sum.steal.saturating_add(*steal);
            }
        }
        sum
    }
}

fn tick() -> io::Result<Duration> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?.and_then(|ticks| u32::try_from(ticks).ok());
    match per_second {
        Some(ticks) if ticks > 0 => Ok(Duration::from_secs(1) / ticks),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the length of a tick is not known",
        )),
    }
}

/// A thread that does nothing, as fast as it can.
#[derive(Debug)]
struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Duration>>,
}

impl Load {
    fn begin(processors: Option<Vec<u32>>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::Builder::new().name("load".to_owned()).spawn(move || {
            if let Some(processors) = processors {
                pin(&processors)?;
            }
            while !told.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
            Ok(Duration::from(used))
        })?;
        Ok(Self { stop, thread })
    }

    /// The processor time that it took.
    fn end(self) -> io::Result<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the competing load panicked")))
    }
}

fn pin(processors: &[u32]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(usize::try_from(*processor).unwrap_or(usize::MAX))?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "cpu  30 0 6 300 1 0 0 12 5 0\ncpu0 10 0 2 100 1 0 0 4 5 0\ncpu1 20 0 4 200 0 0 0 8 0 0\nintr 5 6 7 8 9 1 2 3\n";

    #[test]
    fn the_accounts_of_the_processors_are_added_up_and_the_guests_time_is_not_counted_twice() {
        let all = Ticks {
            processors: 2,
            all: 117 + 232,
            steal: 12,
        };
        assert_eq!(Ticks::parse(TEXT, None), all);
        let second = Ticks {
            processors: 1,
            all: 232,
            steal: 8,
        };
        assert_eq!(Ticks::parse(TEXT, Some(&[1])), second);
        assert_eq!(Ticks::parse(TEXT, Some(&[7])).processors, 0);
    }

    #[test]
    fn a_hindered_trial_has_a_load_on_record_and_another_has_none() {
        let watched = |speed| {
            let watch = Watch::begin(None, speed).unwrap();
            thread::sleep(Duration::from_millis(30));
            watch.end().unwrap()
        };
        assert_eq!(watched(Speed::Full).load_nanoseconds, 0);
        assert!(watched(Speed::Hindered).load_nanoseconds > 0);
    }
}
