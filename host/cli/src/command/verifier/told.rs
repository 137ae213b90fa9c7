//! What the daemon tells while it works, for a person at a terminal or for a system's log.

use orv_verifier::{Notice, Observer};

use crate::output::{Output, visible};

/// Tells a person what the daemon does; progress inside a job only when asked for.
pub(super) struct Told(Output);

impl Told {
    pub(super) fn new(output: Output) -> Self {
        Self(output)
    }
}

impl Observer for Told {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::KeyLive(key) => self.0.note(&format!("enclave key {key} is live")),
            Notice::Changed { proposal, state, cause } => {
                let state = state.words().state;
                self.0
                    .note(&visible(&format!("proposal {proposal}: {state} ({cause})")));
            }
            Notice::Progress {
                proposal,
                stage,
                done,
                total,
            } => {
                tracing::info!(%proposal, ?stage, done, total, "job");
            }
            Notice::Failed {
                proposal,
                code,
                message,
                advice,
            } => {
                let about = proposal.map_or_else(String::new, |proposal| format!("proposal {proposal}: "));
                self.0.note(&visible(&format!("{about}{code}: {message}; {advice}")));
            }
            _ => {}
        }
    }
}
