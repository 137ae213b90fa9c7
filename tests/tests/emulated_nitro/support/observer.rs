//! What a daemon tells, kept; and a word to the test when a job has come to its trials.

use orv_verifier::{Notice, Observer};
use orv_wire::Stage;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The time in which trials may come.
pub struct Open<'a>(&'a Recorder);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.trials.lock().unwrap().take();
    }
}

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

    /// As long as this lives, trials may come. Whoever waits for them hears its end, too.
    pub fn open(&self) -> Open<'_> {
        Open(self)
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
