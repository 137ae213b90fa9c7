//! What an honest machine does to the time of a trial.

use super::random::Random;
use std::f64::consts::TAU;

/// A kind of noise; each figure is a standard deviation of the logarithm, about the coefficient of variation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Noise {
    /// Log-normal.
    Normal(f64),
    /// Log-t with three degrees of freedom: now and then a trial that has nothing to do with the others.
    HeavyTailed(f64),
    /// Log-normal on a speed that wanders by a tenth and back every sixty trials.
    Drifting(f64),
    /// Log-normal on a processor that changes between two frequencies, 1.3 apart, every seven trials or so.
    TwoSpeeds(f64),
    /// Log-normal with stretches of one to five trials in which something else runs.
    Bursts(f64),
}

impl Noise {
    pub(crate) fn name(self) -> String {
        let percent = |cv: f64| format!("{} %", cv * 100.0);
        match self {
            Self::Normal(cv) => format!("log-normal {}", percent(cv)),
            Self::HeavyTailed(cv) => format!("heavy tails {}", percent(cv)),
            Self::Drifting(cv) => format!("drift, {}", percent(cv)),
            Self::TwoSpeeds(cv) => format!("two frequencies, {}", percent(cv)),
            Self::Bursts(cv) => format!("bursts, {}", percent(cv)),
        }
    }
}

/// A machine with a past.
#[derive(Debug)]
pub(crate) struct Machine {
    noise: Noise,
    trials: u32,
    phase: f64,
    slow: bool,
    burst: u32,
    burst_factor: f64,
}

impl Machine {
    pub(crate) fn new(noise: Noise, random: &mut Random) -> Self {
        Self {
            noise,
            trials: 0,
            phase: random.uniform(),
            slow: random.happens(0.5),
            burst: 0,
            burst_factor: 1.0,
        }
    }

    /// How many times its work the next trial takes.
    pub(crate) fn factor(&mut self, random: &mut Random) -> f64 {
        self.trials += 1;
        match self.noise {
            Noise::Normal(cv) => (cv * random.normal()).exp(),
            Noise::HeavyTailed(cv) => (cv * random.heavy()).exp(),
            Noise::Drifting(cv) => {
                let turn = f64::from(self.trials) / 60.0 + self.phase;
                (0.1 * (TAU * turn).sin() + cv * random.normal()).exp()
            }
            Noise::TwoSpeeds(cv) => {
                self.slow ^= random.happens(1.0 / 7.0);
                (cv * random.normal()).exp() * if self.slow { 1.3 } else { 1.0 }
            }
            Noise::Bursts(cv) => (cv * random.normal()).exp() * self.burst(random),
        }
    }

    fn burst(&mut self, random: &mut Random) -> f64 {
        if self.burst > 0 {
            self.burst -= 1;
        } else if random.happens(0.1) {
            self.burst = (random.uniform() * 5.0) as u32;
            self.burst_factor = 1.0 + random.exponential() / 2.0;
        } else {
            self.burst_factor = 1.0;
        }
        self.burst_factor
    }
}
