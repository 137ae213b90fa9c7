//! Whole pages around the sections.

use super::door::NoNumber;
use super::markup::{Markup, markup};
use super::sections::{self, Choice};
use super::situation::Situation;
use crate::journal::Change;
use crate::status::StatusRow;

/// The page that an operator leaves open.
pub(super) fn page(situation: &Situation<'_>, choice: &Choice) -> String {
    around(situation, "Verifier", |out| {
        markup!(out; "<div id=\"live\">");
        sections::draw(situation, choice, out);
        markup!(out; "</div>");
    })
}

/// The page of one proposal.
pub(super) fn proposal(situation: &Situation<'_>, row: &StatusRow, changes: &[Change]) -> String {
    around(situation, "Proposal", |out| {
        sections::history(situation, row, changes, out)
    })
}

/// What a visitor gets whose address makes no sense.
pub(super) fn refusal(situation: &Situation<'_>, wrong: &NoNumber) -> String {
    around(situation, "Not understood", |out| {
        markup!(out; "<section><h1>Not understood</h1><p>The address asks for " (wrong.name) " \u{201c}" (wrong.given)
            "\u{201d}, which is no number that one could have.</p><p><a href=\"/\">All proposals</a></p></section>");
    })
}

/// Head and foot around something.
pub(super) fn around(situation: &Situation<'_>, title: &'static str, inside: impl FnOnce(&mut Markup)) -> String {
    let mut page = Markup::default();
    let out = &mut page;
    let operation = situation.operation;
    let short: String = operation.gateway.to_string().chars().take(10).collect();
    markup!(out; "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" (title) " \u{b7} orv</title>"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
        "<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"/style.css\">"
        "<script src=\"/script.js\" defer></script></head><body><header><a class=\"home\" href=\"/\">"
        "<img src=\"/icon.svg\" alt=\"\" width=\"28\" height=\"28\"> orv verifier</a><p>chain " (operation.chain_id)
        " \u{b7} gateway <span title=\"" (operation.gateway) "\">" (short) "\u{2026}</span></p></header><main>"
        "<p id=\"lost\" class=\"state warn\" role=\"alert\" hidden><strong>No answer.</strong> "
        "The daemon does not answer; what is shown is old.</p>");
    inside(out);
    markup!(out; "</main><footer><p>orv " (env!("CARGO_PKG_VERSION")) " \u{b7} operator <span class=\"hash\">" (operation.operator)
        "</span></p><nav><a href=\"/runbook\">runbook</a> <a href=\"/metrics\">metrics</a> <a href=\"/readyz\">readiness</a> "
        "<a href=\"/api/status\">JSON</a></nav></footer></body></html>\n");
    page.finish()
}
