//! Everything that a page, a metric or an answer about health is made from, at one moment.

use super::PageSettings;
use crate::board::Live;
use crate::notice::{EnclaveSeen, EndpointSeen, Surroundings};
use crate::status::StatusRow;
use orv_chain::primitives::{Address, U256};
use std::time::Duration;

/// Which operation a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The chain.
    pub chain_id: u64,
    /// The gateway that verdicts go through.
    pub gateway: Address,
    /// The account that pays.
    pub operator: Address,
    /// Most seconds that one run may need.
    pub run_seconds: u64,
    /// Wei below which nothing is begun.
    pub least_balance: U256,
}

/// One moment.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The time since the Unix epoch.
    pub now: Duration,
    /// The `[page]` table.
    pub settings: &'a PageSettings,
    /// What it is about.
    pub operation: &'a Operation,
    /// What was told.
    pub live: &'a Live,
    /// What is written; nothing while the journal cannot be read.
    pub rows: Option<&'a [StatusRow]>,
}

impl<'a> Situation<'a> {
    /// What was seen in the last round.
    pub(super) fn surroundings(&self) -> Option<&'a Surroundings> {
        self.live.surroundings.as_ref().map(|(_, seen)| seen)
    }

    /// Every configured enclave, as far as it was seen.
    pub(super) fn enclaves(&self) -> &'a [EnclaveSeen] {
        self.surroundings().map_or(&[], |seen| seen.enclaves.as_slice())
    }

    /// Every configured endpoint of the chain, as it was seen last.
    pub(super) fn endpoints(&self) -> &'a [EndpointSeen] {
        self.surroundings().map_or(&[], |seen| seen.endpoints.as_slice())
    }

    /// How old the newest block is. A block from the future is new.
    pub(super) fn head_age(&self) -> Option<Duration> {
        let time = self.surroundings()?.head_time?;
        Some(self.now.saturating_sub(Duration::from_secs(time)))
    }

    /// Whether the newest block is too old for anything to be begun, by the daemon's own bound.
    pub(super) fn is_head_stale(&self) -> bool {
        let bound = self.surroundings().map_or(0, |seen| seen.stale_head_seconds);
        bound > 0 && self.head_age().is_some_and(|age| age > Duration::from_secs(bound))
    }

    /// What is left of a key's life.
    pub(super) fn life_left(&self, enclave: &EnclaveSeen) -> Option<Duration> {
        enclave.key?;
        let end = Duration::from_secs(enclave.expires_at?);
        Some(end.saturating_sub(self.now))
    }

    /// Whether an enclave has a key that can sign now.
    pub(super) fn is_live(&self, enclave: &EnclaveSeen) -> bool {
        let lives = self.life_left(enclave).is_some_and(|left| !left.is_zero());
        lives && !enclave.revoked && enclave.verdicts_left != Some(0)
    }

    /// Every row, none while the journal cannot be read.
    pub(super) fn known(&self) -> &'a [StatusRow] {
        self.rows.unwrap_or_default()
    }
}
