//! One proposal: everything that is known of it, and how it came where it is.

use super::proposals::{draw_cause, draw_finding, draw_proof};
use crate::journal::Change;
use crate::page::markup::{Markup, markup};
use crate::page::situation::Situation;
use crate::page::words::{ago, grouped, tone};
use crate::status::StatusRow;
use std::time::Duration;

/// Most changes that are shown; the newest.
const MOST_CHANGES: usize = 200;

pub(in crate::page) fn draw(situation: &Situation<'_>, row: &StatusRow, changes: &[Change], out: &mut Markup) {
    let words = row.state.words();
    markup!(out; "<section><h1>Proposal " (row.proposal) " <small><a href=\"/?project=" (row.project) "\">project "
        (row.project) "</a></small></h1><p><span class=\"pill " (tone(row.state)) "\">" (words.label) "</span></p>");
    draw_finding(row, &row.next(), out);
    markup!(out; "<dl>");
    let mut fact = |name: &'static str, value: Option<String>| {
        if let Some(value) = value {
            markup!(out; "<dt>" (name) "</dt><dd>" (value) "</dd>");
        }
    };
    fact("Claimed score", Some(grouped(&row.claimed_score)));
    fact("Score to beat", row.incumbent_score.as_deref().map(grouped));
    fact("Measured score", row.score.as_deref().map(grouped));
    let interval = row.interval.as_ref();
    fact(
        "Interval",
        interval.map(|[low, high]| format!("{} to {}", grouped(low), grouped(high))),
    );
    fact("Attempt", row.attempt.map(|attempt| attempt.to_string()));
    fact("Reason's code", row.reason.clone());
    fact("Bundle on 0G", row.bundle_root.clone());
    fact("Transaction", row.transaction.clone());
    fact("Gas used", row.gas_used.map(|gas| grouped(&gas.to_string())));
    markup!(out; "</dl><p>");
    draw_proof(situation, row, out);
    markup!(out; "</p></section><section aria-labelledby=\"history\"><h2 id=\"history\">History</h2><ol class=\"history\">");
    for change in changes.iter().rev().take(MOST_CHANGES) {
        let at = Duration::from_secs(change.at);
        markup!(out; "<li><span class=\"pill " (tone(change.to)) "\">" (change.to.words().label) "</span> <span class=\"when\">"
            (ago(situation.now, at)) "</span><p>");
        draw_cause(&change.cause, out);
        markup!(out; "</p></li>");
    }
    markup!(out; "</ol></section>");
}
