//! How a daemon is asked to end, in two phases, and to read its configuration again.

use std::sync::Arc;
use tokio::sync::watch;

/// What the daemon shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Work.
    Work,
    /// Begin nothing, end what is in flight.
    Finish,
    /// Hand back what is in flight, and end at once.
    HandBack,
}

/// A handle to a running daemon: clones speak to the same one. Phases only go forward.
#[derive(Debug, Clone)]
pub struct Controls {
    phase: Arc<watch::Sender<Phase>>,
    reload: Arc<watch::Sender<u64>>,
}

impl Default for Controls {
    fn default() -> Self {
        Self::new()
    }
}

impl Controls {
    /// Controls of a daemon that is yet to be started.
    pub fn new() -> Self {
        Self {
            phase: Arc::new(watch::Sender::new(Phase::Work)),
            reload: Arc::new(watch::Sender::new(0)),
        }
    }

    /// First call: intake ends, what is in flight is finished within `shutdown_seconds`. Second call: it is handed back
    /// at once. As signals are counted.
    pub fn stop(&self) {
        self.phase.send_modify(|phase| {
            *phase = match *phase {
                Phase::Work => Phase::Finish,
                Phase::Finish | Phase::HandBack => Phase::HandBack,
            };
        });
    }

    /// Hands back at once.
    pub fn hand_back(&self) {
        self.phase.send_replace(Phase::HandBack);
    }

    /// Has the configuration file read again.
    pub fn reload(&self) {
        self.reload.send_modify(|asked| *asked = asked.wrapping_add(1));
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Waits until it is asked to end.
    pub(crate) async fn stopped(&self) {
        // Its own end of the channel keeps it open.
        let _ = self.phases().wait_for(|phase| *phase != Phase::Work).await;
    }

    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(crate) fn reloads(&self) -> watch::Receiver<u64> {
        self.reload.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_call_hands_back_and_nothing_leads_back() {
        let controls = Controls::new();
        assert_eq!(controls.phase(), Phase::Work);
        let other = controls.clone();
        other.stop();
        assert_eq!(controls.phase(), Phase::Finish);
        controls.stop();
        controls.stop();
        assert_eq!(other.phase(), Phase::HandBack);
    }
}
