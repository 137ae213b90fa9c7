//! One round: what is new, what the surroundings are, and in which order to go on.

use super::Failure;
use super::circuit::Permission;
use super::errand::{taken_over, waits_for_turn};
use super::room;
use super::supervisor::Supervisor;
use crate::configuration::reloaded;
use crate::decide;
use crate::error::VerifierError;
use crate::intake::{Reached, Urgency};
use crate::journal::{Record, View, WaitCause};
use crate::notice::{EndpointSeen, Notice, Surroundings};
use crate::run;
use crate::settings::{self, Environment};
use crate::settle;
use orv_chain::bindings::VerifierRegistry;
use orv_chain::{BlockHeader, Chain, ChainError};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How long before its end a proposal is urgent, as a share of the ledger's window.
const URGENT_SHARE: u64 = 4;

/// Rows of which a round writes that they wait for their turn; those of a long queue follow in the next rounds.
const LINED_UP: u32 = 50;

/// How long a round looks for what is new: with a slow endpoint the rest is left to the next one, which follows at once,
/// and what is at hand is worked on in between.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// When the next round is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextRound {
    /// At once: this one did not see everything that the chain has.
    AtOnce,
    /// At this time.
    At(Instant),
}

impl Supervisor {
    /// Looks at chain and journal. Answers when the next round is due.
    ///
    /// # Errors
    /// What no waiting mends.
    pub(super) async fn round(&mut self) -> Result<NextRound, VerifierError> {
        let before = std::mem::take(&mut self.failures);
        let operator = std::sync::Arc::clone(&self.shared.operator);
        let begun = Instant::now();
        let until = begun + LONGEST_LOOK;
        let reached = match self.intake.look(&operator, until).await {
            Ok(reached) => Ok(reached),
            Err(error) => {
                let fault = error.to_string();
                self.tell(None, error)?;
                Err(fault)
            }
        };
        self.observe(reached.as_ref().err().cloned()).await;
        let now = operator.clock();
        let config = operator.config();
        let mut records = operator.journal.in_view(self.view).await?;
        // The first round of a life sees what another daemon may have confirmed before this one had written its review.
        self.view = View::Changing {
            attempts: config.attempts,
        };
        records.retain(|record| config.projects.admits(record.project));
        // What was paid for in vain is tried again after a pause: until then it is no failure of the past.
        let waits = |failure: &Failure| {
            let mut waiting = records.iter().filter(|record| settle::waits_after_failure(record, now));
            waiting.any(|record| failure.proposal == Some(record.proposal.to_string()))
        };
        self.failures.extend(before.into_iter().filter(waits));
        let urgency = Urgency {
            now,
            expiry_window: operator.constants.expiry_window,
            urgent_before: operator.constants.expiry_window / URGENT_SHARE,
        };
        self.queue.begin_round(records, &urgency);
        self.stand_in_line(until).await?;
        self.tend();
        self.dispatch_duty();
        Ok(match reached {
            Ok(Reached::Behind) => NextRound::AtOnce,
            Ok(Reached::Head) | Err(_) => NextRound::At(begun + config.poll()),
        })
    }

    /// Inside a project the gateway's turn decides: whoever is behind it waits, for one question each project.
    async fn stand_in_line(&mut self, until: Instant) -> Result<(), VerifierError> {
        let mut lined_up = 0;
        for project in self.queue.projects_to_begin() {
            // With a slow endpoint each proposal of the others finds out for itself.
            if Instant::now() >= until {
                return Ok(());
            }
            let turn = match decide::turn(&self.shared.operator, project).await {
                Ok(turn) => turn,
                // Each proposal finds out for itself.
                Err(ChainError::Reverted(_)) => continue,
                Err(error) => {
                    self.tell(None, error.into())?;
                    return Ok(());
                }
            };
            for record in self.queue.behind(project, turn) {
                if !waits_for_turn(&record) && lined_up < LINED_UP {
                    self.line_up(&record, &format!("proposal {turn} comes first")).await?;
                    lined_up += 1;
                }
                self.queue.rest(record.proposal);
            }
        }
        Ok(())
    }

    async fn line_up(&self, record: &Record, why: &str) -> Result<(), VerifierError> {
        let operator = self.shared.operator.as_ref();
        if operator.claim(record.proposal).await? {
            let now = operator.journal.get(record.proposal).await?;
            if now.state == record.state {
                let waits = run::wait(operator, &now, WaitCause::EarlierUndecided, why).await;
                taken_over(waits.map(|()| super::errand::Outcome::Rest))?;
            }
            operator.unclaim(record.proposal).await?;
        }
        Ok(())
    }

    /// Whether this run of the daemon has opened as many tickets as it may.
    fn no_ticket(&self) -> Option<String> {
        let most = self.shared.operator.config().limits.proposals?;
        let opened = self.tickets.opened();
        (opened >= most).then(|| {
            format!("{opened} tickets were opened, and limits.proposals = {most}: raise it, or start the daemon again")
        })
    }

    /// Why no enclave is given anything new, where that is so for every one.
    fn no_enclave(&self, now: u64) -> Option<String> {
        let mut lanes = self.lanes.iter();
        let none = lanes.all(|lane| matches!(lane.circuit.permission(now), Permission::Refused(_)));
        none.then(|| "every enclave failed several times in a row".to_owned())
    }

    /// Looks at what the daemon works with, and tells it once.
    async fn observe(&mut self, fault: Option<String>) {
        let operator = std::sync::Arc::clone(&self.shared.operator);
        let head: Option<BlockHeader> = operator.chain.head().await.ok();
        let listed = VerifierRegistry::isVerifierCall {
            v: operator.enclave.verifier_gateway,
        };
        let mut seen = Surroundings {
            head: head.map(|head| head.reference),
            head_time: head.map(|head| head.timestamp),
            stale_head_seconds: operator.config().pause.stale_head_seconds,
            cursor: self.intake.next_block(),
            balance: operator.balance().await.ok(),
            listed: operator
                .chain
                .call(operator.contracts.verifier_registry, &listed)
                .await
                .ok(),
            disk_free: room::free(&operator).await,
            endpoints: endpoints(&operator.chain, head),
            enclaves: self.lanes.iter().map(super::lane::Lane::seen).collect(),
            paused: None,
        };
        let (settings, now) = (operator.config().pause.clone(), operator.clock());
        self.pause.observe(&settings, &seen, fault, now);
        let reasons = self
            .pause
            .reason(&settings, now)
            .into_iter()
            .chain(self.no_enclave(now))
            .chain(self.no_ticket());
        let reasons: Vec<_> = reasons.collect();
        seen.paused = (!reasons.is_empty()).then(|| reasons.join("; "));
        if let Some(reason) = seen.paused.clone().filter(|_| self.told_pause.is_none()) {
            let error = VerifierError::Paused(reason);
            operator.observer.notice(&Notice::failed(None, &error));
        }
        self.told_pause.clone_from(&seen.paused);
        operator.observer.notice(&Notice::Observed(Box::new(seen)));
    }
}

/// How each endpoint of the chain stands.
fn endpoints(chain: &Chain, head: Option<BlockHeader>) -> Vec<EndpointSeen> {
    let agreed = head.map(|head| head.reference.number);
    let nodes = chain.nodes();
    nodes.iter().map(|node| EndpointSeen::of(node, agreed)).collect()
}

/// The configuration file, and when it was changed last.
pub(super) struct WatchedFile {
    path: Option<PathBuf>,
    changed_at: Option<SystemTime>,
}

impl WatchedFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        let changed_at = path
            .as_ref()
            .and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
        Self { path, changed_at }
    }

    /// Whether it was changed since it was read.
    pub(super) fn changed(&self) -> bool {
        let now = self
            .path
            .as_ref()
            .and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
        now.is_some() && now != self.changed_at
    }

    /// Reads it and works by it from now on; a file that makes no sense changes nothing.
    pub(super) fn reload(&mut self, supervisor: &mut Supervisor) {
        let Some(path) = self.path.clone() else { return };
        *self = Self::new(Some(path.clone()));
        let operator = std::sync::Arc::clone(&supervisor.shared.operator);
        let told = match settings::load(&path, &Environment::of_process()) {
            Ok(read) => {
                let (taken, refused) = reloaded(&operator.config(), read);
                operator.reconfigure(taken);
                supervisor.queue.reopen();
                tracing::info!(path = %path.display(), "the configuration was read again");
                let left_out = refused.clone();
                operator.observer.notice(&Notice::Reloaded { left_out });
                (!refused.is_empty()).then(|| VerifierError::ReloadRefused(refused.join(", ")))
            }
            Err(error) => Some(error),
        };
        if let Some(error) = told {
            operator.observer.notice(&Notice::failed(None, &error));
        }
    }
}
