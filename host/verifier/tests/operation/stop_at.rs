//! An observer that ends a daemon's work at a chosen state.

use orv_verifier::journal::State;
use orv_verifier::{Controls, Daemon, Notice, Observer, Orders, Summary, VerifierConfig};
use std::sync::{Arc, Mutex};

/// Asks the daemon to stop when a proposal comes into a state, and keeps what it was told.
pub struct StopAt {
    state: State,
    pub controls: Controls,
    stop: fn(&Controls),
    pub told: Mutex<Vec<&'static str>>,
}

impl StopAt {
    pub fn new(state: State, stop: fn(&Controls)) -> Arc<Self> {
        Arc::new(Self {
            state,
            controls: Controls::new(),
            stop,
            told: Mutex::default(),
        })
    }

    pub fn orders(self: &Arc<Self>, config: VerifierConfig) -> Orders {
        Orders {
            config,
            file: None,
            controls: self.controls.clone(),
            observer: Arc::clone(self) as Arc<dyn Observer>,
        }
    }
}

impl Observer for StopAt {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Changed { state, .. } if *state == self.state => (self.stop)(&self.controls),
            Notice::Failed { code, .. } => self.told.lock().unwrap().push(code),
            _ => {}
        }
    }
}

/// Has a daemon work until a proposal comes into a state, and then hand everything back.
pub async fn hand_back_at(state: State, config: VerifierConfig) -> Summary {
    let stop = StopAt::new(state, Controls::hand_back);
    Daemon::once_with(stop.orders(config)).await.unwrap()
}
