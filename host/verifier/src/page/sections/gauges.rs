//! At the top: may it work, and what does it work with.

use crate::notice::EnclaveSeen;
use crate::page::health;
use crate::page::markup::{Markup, markup};
use crate::page::runbook::anchor;
use crate::page::situation::Situation;
use crate::page::words::{ago, bytes, coins, grouped, span};
use orv_attester::{LONGEST_LIFE, MOST_VERDICTS};
use orv_chain::primitives::U256;
use std::time::Duration;

/// A key with less life than this is about to end.
const SHORT_LIFE: Duration = Duration::from_secs(3600);

/// A key with fewer verdicts is about to be used up.
const FEW_VERDICTS: u32 = 32;

/// Least balances that make a full gauge.
const FULL: u64 = 20;

/// Most endpoints whose faults are written out.
const MOST_FAULTS: usize = 3;

/// A data directory with fewer bytes is about to be full.
const LITTLE_ROOM: u64 = 2_000_000_000;

/// Ready, or why not and what to do.
pub(super) fn draw_state(situation: &Situation<'_>, out: &mut Markup) {
    let obstacles = health::obstacles(situation);
    if obstacles.is_empty() {
        let rounds = situation.live.rounds;
        markup!(out; "<p class=\"state good\" role=\"status\"><strong>Working.</strong> "
            "New proposals are taken. Round " (grouped(&rounds.to_string())));
        if let Some((at, _)) = &situation.live.surroundings {
            markup!(out; " ended " (ago(situation.now, *at)));
        }
        markup!(out; ".");
        if let Some(at) = situation.live.reloaded {
            markup!(out; " Settings taken up anew " (ago(situation.now, at)) ".");
        }
        markup!(out; "</p>");
        return;
    }
    for obstacle in obstacles {
        let title = match obstacle.reason {
            "paused" => "Paused.",
            "starting" => "Starting.",
            "stalled" => "Stalled.",
            _ => "Not ready.",
        };
        let tone = if obstacle.reason == "starting" { "plain" } else { "warn" };
        markup!(out; "<p class=\"state " (tone) "\" role=\"status\"><strong>" (title) "</strong> " (obstacle.detail)
            "<span class=\"advice\">" (obstacle.advice) " <a href=\"/runbook#" (anchor(obstacle.runbook)) "\">Runbook</a></span></p>");
    }
}

/// Chain, account, disk, and each enclave's key.
pub(super) fn draw(situation: &Situation<'_>, out: &mut Markup) {
    markup!(out; "<section class=\"gauges\" aria-label=\"Gauges\">");
    for enclave in situation.enclaves() {
        draw_key(situation, enclave, out);
    }
    draw_queue(situation, out);
    draw_balance(situation, out);
    draw_chain(situation, out);
    draw_endpoints(situation, out);
    draw_disk(situation, out);
    markup!(out; "</section>");
}

/// One gauge: a name, a value, a bar where there is a share, a note.
struct Gauge<'a> {
    name: &'static str,
    value: String,
    /// Of a thousand.
    share: Option<u64>,
    is_low: bool,
    note: &'a str,
}

impl Gauge<'_> {
    fn draw(&self, out: &mut Markup) {
        let tone = if self.is_low { "gauge low" } else { "gauge" };
        markup!(out; "<div class=\"" (tone) "\"><h3>" (self.name) "</h3><p class=\"value\">" (self.value) "</p>");
        if let Some(share) = self.share {
            let share = share.min(1000);
            markup!(out; "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                "<rect class=\"empty\" width=\"1000\" height=\"10\"/><rect class=\"full\" width=\"" (share) "\" height=\"10\"/></svg>");
        }
        markup!(out; "<p class=\"note\">" (self.note) "</p></div>");
    }
}

fn draw_key(situation: &Situation<'_>, enclave: &EnclaveSeen, out: &mut Markup) {
    let left = situation.life_left(enclave);
    let verdicts = enclave.verdicts_left;
    let value = match (enclave.key, left) {
        (None, _) => "no key".to_owned(),
        _ if enclave.revoked => "revoked".to_owned(),
        (Some(_), None) => "not admitted".to_owned(),
        (Some(_), Some(Duration::ZERO)) => "expired".to_owned(),
        (Some(_), Some(left)) => span(left),
    };
    let key = enclave.key.map(|key| key.to_string());
    let short: String = key.iter().flat_map(|key| key.chars().take(10)).collect();
    let mut note = enclave.address.clone();
    if let Some(verdicts) = verdicts {
        note = format!("{verdicts} of {MOST_VERDICTS} verdicts \u{b7} {short}\u{2026} \u{b7} {note}");
    }
    if let Some(proposal) = enclave.judging {
        note = format!("{note} \u{b7} judging {proposal}");
    }
    let gauge = Gauge {
        name: "Key's life left",
        value,
        share: left.map(|left| left.as_secs() * 1000 / LONGEST_LIFE),
        is_low: !situation.is_live(enclave)
            || left.is_some_and(|left| left < SHORT_LIFE)
            || verdicts.is_some_and(|verdicts| verdicts < FEW_VERDICTS),
        note: &note,
    };
    gauge.draw(out);
}

fn draw_balance(situation: &Situation<'_>, out: &mut Markup) {
    let balance = situation.surroundings().and_then(|seen| seen.balance);
    let least = situation.operation.least_balance;
    let share = balance.map(|balance| {
        let full = least.saturating_mul(U256::from(FULL)).max(U256::ONE);
        (balance.min(full).saturating_mul(U256::from(1000)) / full).saturating_to::<u64>()
    });
    let gauge = Gauge {
        name: "Balance",
        value: balance.map_or_else(unknown, |wei| format!("{} coins", coins(wei))),
        share,
        is_low: balance.is_some_and(|balance| balance < least.saturating_mul(U256::from(5))),
        note: &format!("nothing is begun below {}", coins(least)),
    };
    gauge.draw(out);
}

fn draw_chain(situation: &Situation<'_>, out: &mut Markup) {
    let seen = situation.surroundings();
    let head = seen.and_then(|seen| seen.head).map(|head| head.number);
    let age = situation.head_age();
    let cursor = seen.and_then(|seen| seen.cursor);
    let behind = head.zip(cursor).map(|(head, cursor)| (head + 1).saturating_sub(cursor));
    let mut note = age.map_or_else(unknown, |age| format!("block is {} old", span(age)));
    match behind {
        Some(0) => note.push_str(" \u{b7} everything searched"),
        Some(blocks) => note.push_str(&format!(" \u{b7} {} blocks to search", grouped(&blocks.to_string()))),
        None => {}
    }
    let gauge = Gauge {
        name: "Chain",
        value: head.map_or_else(unknown, |head| grouped(&head.to_string())),
        share: None,
        is_low: age.is_none() || situation.is_head_stale(),
        note: &note,
    };
    gauge.draw(out);
}

/// What is wrong with the chain's endpoints; nothing before they were seen.
fn draw_endpoints(situation: &Situation<'_>, out: &mut Markup) {
    let endpoints = situation.endpoints();
    if endpoints.is_empty() {
        return;
    }
    let faulty: Vec<_> = endpoints.iter().filter(|seen| seen.code.is_some()).collect();
    let words = faulty.iter().take(MOST_FAULTS);
    let words: Vec<String> = words.map(|seen| format!("{} {}", seen.endpoint, seen.state)).collect();
    let note = match words.as_slice() {
        [] => "nothing is known against them".to_owned(),
        words => words.join(" \u{b7} "),
    };
    let gauge = Gauge {
        name: "Endpoints",
        value: format!("{} of {} well", endpoints.len() - faulty.len(), endpoints.len()),
        share: None,
        is_low: !faulty.is_empty(),
        note: &note,
    };
    gauge.draw(out);
}

fn draw_queue(situation: &Situation<'_>, out: &mut Markup) {
    let open = situation.known().iter().filter(|row| !row.state.is_final()).count();
    let [approved, rejected, inconclusive, _] = situation.live.verdicts().map(|(_, count)| count);
    let gauge = Gauge {
        name: "Proposals",
        value: situation.rows.map_or_else(unknown, |_| format!("{open} open")),
        share: None,
        is_low: situation.rows.is_none(),
        note: &format!("{approved} approved, {rejected} rejected, {inconclusive} inconclusive since start"),
    };
    gauge.draw(out);
}

fn draw_disk(situation: &Situation<'_>, out: &mut Markup) {
    let free = situation.surroundings().and_then(|seen| seen.disk_free);
    let gauge = Gauge {
        name: "Disk",
        value: free.map_or_else(unknown, |free| format!("{} free", bytes(free))),
        share: None,
        is_low: free.is_some_and(|free| free < LITTLE_ROOM),
        note: "journal, cache and receipts",
    };
    gauge.draw(out);
}

fn unknown() -> String {
    "unknown".to_owned()
}
