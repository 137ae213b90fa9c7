//! What the daemon tells while it works, for a person at a terminal or for a system's log.

use std::net::SocketAddr;

use orv_verifier::{Notice, Observer};
use serde_json::json;

use crate::output::{Answer, Format, Output, visible};

/// Tells a person what the daemon does; progress inside a job only when asked for.
pub(super) struct Told(Output);

impl Told {
    pub(super) fn new(output: Output) -> Self {
        Self(output)
    }
}

impl Told {
    /// Where the page is: a line of its own for programs, since they may have asked for any free port.
    fn page(&self, address: SocketAddr) {
        let url = format!("http://{address}/");
        let said = format!("the page is at {url}");
        match self.0.format() {
            Format::Text => self.0.note(&said),
            // A daemon does not end because nobody reads where its page is.
            Format::Json => drop(self.0.answer(&Answer::new(
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
