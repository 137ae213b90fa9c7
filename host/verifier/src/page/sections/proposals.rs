//! Every proposal: where it is, what was found, why, and the proof.

use super::Choice;
use crate::page::markup::{Markup, markup};
use crate::page::runbook::{self, anchor};
use crate::page::situation::Situation;
use crate::page::words::{ago, grouped, reason as explained, tone};
use crate::status::StatusRow;
use std::cmp::Reverse;
use std::time::Duration;

/// Proposals on one page.
const OF_A_PAGE: usize = 50;

pub(super) fn draw(situation: &Situation<'_>, choice: &Choice, out: &mut Markup) {
    markup!(out; "<section aria-labelledby=\"proposals\"><h2 id=\"proposals\">Proposals");
    if let Some(project) = &choice.project {
        markup!(out; " of project " (project) " <a class=\"all\" href=\"/\">all</a>");
    }
    markup!(out; "</h2>");
    let rows = chosen(situation.known(), choice);
    let first = choice.page.saturating_mul(OF_A_PAGE);
    if rows.len() <= first {
        draw_nothing(choice, rows.len(), out);
        markup!(out; "</section>");
        return;
    }
    markup!(out; "<table class=\"proposals\"><thead><tr><th>Proposal</th><th>State</th><th>Finding</th><th>Score</th>"
        "<th>Changed</th><th>Proof</th></tr></thead><tbody>");
    for row in rows.iter().skip(first).take(OF_A_PAGE) {
        draw_row(situation, row, out);
    }
    markup!(out; "</tbody></table>");
    draw_pages(choice, rows.len(), out);
    markup!(out; "</section>");
}

/// Why there is no row to be seen.
fn draw_nothing(choice: &Choice, rows: usize, out: &mut Markup) {
    match &choice.project {
        _ if rows > 0 => {
            markup!(out; "<p class=\"nothing\">There is no page " (choice.page + 1) "; the last one is page " (rows.div_ceil(OF_A_PAGE)) ".</p>");
        }
        Some(project) => {
            markup!(out; "<p class=\"nothing\">The journal has no proposal of project " (project) ".</p>");
        }
        None => markup!(out; "<p class=\"nothing\">None yet.</p>"),
    }
}

/// Those that are not decided first, then the latest.
fn chosen<'a>(rows: &'a [StatusRow], choice: &Choice) -> Vec<&'a StatusRow> {
    let of_project = |row: &&StatusRow| choice.project.as_ref().is_none_or(|project| *project == row.project);
    let mut rows: Vec<_> = rows.iter().filter(of_project).collect();
    rows.sort_by_key(|row| (row.state.is_final(), Reverse(row.changed_at)));
    rows
}

fn draw_row(situation: &Situation<'_>, row: &StatusRow, out: &mut Markup) {
    let words = row.state.words();
    markup!(out; "<tr><td class=\"id\"><a href=\"/proposals/" (row.proposal) "\">" (row.proposal) "</a> <small>project "
        (row.project) "</small></td><td><span class=\"pill " (tone(row.state)) "\">" (words.label) "</span></td><td class=\"finding\">");
    draw_finding(row, &row.next(), out);
    markup!(out; "</td><td class=\"score\" data-name=\"Score\">");
    match &row.score {
        Some(score) => markup!(out; "<span title=\"" (score) "\">" (grouped(score)) "</span>"),
        None => {
            markup!(out; "<span class=\"claimed\" title=\"" (row.claimed_score) "\">" (grouped(&row.claimed_score)) " claimed</span>")
        }
    }
    if let Some(incumbent) = &row.incumbent_score {
        markup!(out; " <small>to beat " (grouped(incumbent)) "</small>");
    }
    let changed = Duration::from_secs(row.changed_at);
    markup!(out; "</td><td class=\"when\" data-name=\"Changed\">" (ago(situation.now, changed)) "</td><td class=\"proof\">");
    draw_proof(situation, row, out);
    markup!(out; "</td></tr>");
}

/// The rule's own sentence where there is a verdict; the daemon's cause, and what happens next.
pub(super) fn draw_finding(row: &StatusRow, next: &str, out: &mut Markup) {
    if let (Some(verdict), Some(reason)) = (row.verdict, &row.reason) {
        markup!(out; "<p><strong>" (verdict) "</strong>: " (explained(reason).unwrap_or(reason)) "</p>");
        if !row.state.is_final() {
            markup!(out; "<p class=\"next\">");
            draw_cause(&row.cause, out);
            markup!(out; " \u{b7} " (next) "</p>");
        }
    } else {
        markup!(out; "<p>");
        draw_cause(&row.cause, out);
        markup!(out; "</p>");
        if !row.state.is_final() {
            markup!(out; "<p class=\"next\">" (next) "</p>");
        }
    }
}

/// A cause in words; a code in front of it leads to its entry in the runbook.
pub(super) fn draw_cause(cause: &str, out: &mut Markup) {
    let code = cause
        .split_once(": ")
        .and_then(|(code, words)| Some((runbook::known(code)?, words)));
    match code {
        Some((code, words)) => {
            markup!(out; "<a class=\"code\" href=\"/runbook#" (anchor(code)) "\">" (code) "</a> " (words));
        }
        None => out.text(cause),
    }
}

/// Receipt and transaction.
pub(super) fn draw_proof(situation: &Situation<'_>, row: &StatusRow, out: &mut Markup) {
    if row.verdict.is_some() {
        markup!(out; "<a href=\"/proposals/" (row.proposal) "/receipt\" download>receipt</a> ");
    }
    let Some(transaction) = &row.transaction else { return };
    let short: String = transaction.chars().take(10).collect();
    match &situation.settings.explorer {
        Some(explorer) => {
            markup!(out; "<a rel=\"noreferrer\" href=\"" (explorer.trim_end_matches('/')) "/tx/" (transaction) "\">" (short) "\u{2026}</a>")
        }
        None => markup!(out; "<span class=\"hash\" title=\"" (transaction) "\">" (short) "\u{2026}</span>"),
    }
}

fn draw_pages(choice: &Choice, rows: usize, out: &mut Markup) {
    let pages = rows.div_ceil(OF_A_PAGE);
    if pages < 2 {
        return;
    }
    markup!(out; "<nav class=\"pages\" aria-label=\"Pages\">");
    let mut link = |page: usize, name: &'static str| {
        markup!(out; "<a href=\"/?page=" (page));
        if let Some(project) = &choice.project {
            markup!(out; "&amp;project=" (project));
        }
        markup!(out; "\">" (name) "</a> ");
    };
    if let Some(newer) = choice.page.checked_sub(1) {
        link(newer, "newer");
    }
    if choice.page + 1 < pages {
        link(choice.page + 1, "older");
    }
    markup!(out; "<span>page " (choice.page + 1) " of " (pages) "</span></nav>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Settlement, State};
    use crate::page::samples::row;

    #[test]
    fn what_is_not_decided_stands_before_what_is() {
        let at = |changed_at, row| StatusRow { changed_at, ..row };
        let rows = [
            at(30, row(1, State::Settled(Settlement::Approved))),
            at(10, row(2, State::Running)),
            at(40, row(3, State::Settled(Settlement::Rejected))),
            at(20, row(4, State::Seen)),
        ];
        let order: Vec<_> = chosen(&rows, &Choice::default())
            .iter()
            .map(|row| row.proposal.as_str())
            .collect();
        assert_eq!(order, ["4", "2", "3", "1"]);
    }
}
