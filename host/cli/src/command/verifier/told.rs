//! What the daemon tells while it works, for a person at a terminal or for a system's log.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use orv_verifier::{Notice, Observer};
use serde_json::json;

use super::repeats::Repeats;
use crate::output::{Answer, Format, Output, visible};

/// Tells a person what the daemon does; progress inside a job only when asked for.
pub(super) struct Told {
    output: Output,
    failures: Mutex<Repeats>,
}

impl Told {
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            failures: Mutex::default(),
        }
    }

    fn failures(&self) -> MutexGuard<'_, Repeats> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Where the page is: a line of its own for programs, since they may have asked for any free port.
    fn page(&self, address: SocketAddr) {
        let url = format!("http://{address}/");
        let said = format!("the page is at {url}");
        match self.output.format() {
            Format::Text => self.output.note(&said),
            // A daemon does not end because nobody reads where its page is.
            Format::Json => drop(self.output.answer(&Answer::new(
                "orv.verifier.page_served/1",
                json!({ "page": url }),
                said,
            ))),
        }
    }
}

impl Observer for Told {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::PageServed(address) => self.page(*address),
            // What of it waits for the next start is told as a failure of its own.
            Notice::Reloaded { .. } => self.output.note("the configuration was read again and is taken up"),
            Notice::KeyLive(key) => self.output.note(&format!("enclave key {key} is live")),
            Notice::Changed { proposal, state, cause } => {
                self.failures().forget(*proposal);
                let state = state.words().state;
                self.output
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
                let said = visible(&format!("{about}{code}: {message}; {advice}"));
                if self.failures().is_news(*proposal, &said, Instant::now()) {
                    self.output.note(&said);
                }
            }
            _ => {}
        }
    }
}
