//! What a daemon tells, kept; and a word to the test when a job has come to its trials.

use orv_verifier::{Notice, Observer};
use orv_wire::Stage;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Keeps every notice.
pub struct Recorder {
    notices: Mutex<Vec<Notice>>,
    trials: Mutex<Option<Sender<()>>>,
}

impl Recorder {
    pub fn new() -> Self {
        Self {
            notices: Mutex::default(),
            trials: Mutex::default(),
        }
    }

    /// With a receiver that hears once, when the first trials run.
    pub fn with_trials() -> (Self, Receiver<()>) {
        let (sender, receiver) = channel();
        let recorder = Self {
            notices: Mutex::default(),
            trials: Mutex::new(Some(sender)),
        };
        (recorder, receiver)
    }

    /// No trials will come any more: whoever waits for them hears that, too.
    pub fn close(&self) {
        self.trials.lock().unwrap().take();
    }

    /// Every failure as `code message`.
    pub fn failures(&self) -> Vec<String> {
        let notices = self.notices.lock().unwrap();
        let failures = notices.iter().filter_map(|notice| match notice {
            Notice::Failed { code, message, .. } => Some(format!("{code} {message}")),
            _ => None,
        });
        failures.collect()
    }
}

impl Observer for Recorder {
    fn notice(&self, notice: &Notice) {
        if let Notice::Progress { stage, .. } = notice {
            if *stage == Stage::Trials
                && let Some(sender) = self.trials.lock().unwrap().take()
            {
                // The test may have given up already.
                let _ = sender.send(());
            }
            return;
        }
        eprintln!("daemon: {notice:?}");
        self.notices.lock().unwrap().push(notice.clone());
    }
}
