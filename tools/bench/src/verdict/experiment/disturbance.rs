//! A load on the last processor, where candidates run, for stretches of random length and kind.

use crate::verdict::simulate::Random;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long one turn of the part-time load is.
const TURN: Duration = Duration::from_millis(10);

/// What a stretch is filled with.
#[derive(Debug, Clone, Copy)]
enum Stretch {
    Nothing,
    /// Something else that wants the processor as much as the candidate does.
    Competing,
    /// This part of every turn is taken, as a lower frequency would take it.
    Slow(f64),
}

/// The load runs until this is dropped.
#[derive(Debug)]
pub(super) struct Disturbance {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Disturbance {
    pub(super) fn begin(random: Random) -> io::Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let last = (0..CpuSet::count()).rfind(|processor| allowed.is_set(*processor).unwrap_or(false));
        let mut only = CpuSet::new();
        only.set(last.unwrap_or(0))?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::Builder::new().spawn(move || {
            // Anywhere else it would disturb as well, only less.
            let _ = sched_setaffinity(Pid::from_raw(0), &only);
            disturb(&told, random);
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Disturbance {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only ever ends by being told.
            let _ = thread.join();
        }
    }
}

fn disturb(told: &AtomicBool, mut random: Random) {
    while !told.load(Ordering::Relaxed) {
        let stretch = match (random.uniform() * 3.0) as u32 {
            0 => Stretch::Nothing,
            1 => Stretch::Competing,
            _ => Stretch::Slow(0.2 + 0.4 * random.uniform()),
        };
        let until = Instant::now() + Duration::from_secs_f64(0.2 + 2.8 * random.uniform());
        while Instant::now() < until && !told.load(Ordering::Relaxed) {
            let busy = match stretch {
                Stretch::Nothing => Duration::ZERO,
                Stretch::Competing => TURN,
                Stretch::Slow(part) => TURN.mul_f64(part),
            };
            spin(busy);
            thread::sleep(TURN.saturating_sub(busy));
        }
    }
}

fn spin(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}
