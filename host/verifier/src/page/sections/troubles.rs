//! What failed last, and what to do about it.

use crate::page::markup::{Markup, markup};
use crate::page::runbook::anchor;
use crate::page::situation::Situation;
use crate::page::words::ago;

/// Failures that are shown without asking for more.
const SHOWN: usize = 5;

pub(super) fn draw(situation: &Situation<'_>, out: &mut Markup) {
    let failures = &situation.live.failures.last;
    if failures.is_empty() {
        return;
    }
    markup!(out; "<section aria-labelledby=\"failures\"><h2 id=\"failures\">Last failures</h2><ul class=\"failures\">");
    for seen in failures.iter().take(SHOWN) {
        markup!(out; "<li><p class=\"head\"><a class=\"code\" href=\"/runbook#" (anchor(seen.code)) "\">" (seen.code) "</a> ");
        if let Some(proposal) = seen.proposal {
            markup!(out; "<a href=\"/proposals/" (proposal) "\">proposal " (proposal) "</a> ");
        }
        markup!(out; "<span class=\"when\">" (ago(situation.now, seen.at)));
        if seen.times > 1 {
            markup!(out; " \u{b7} " (seen.times) " times");
        }
        markup!(out; "</span></p><p class=\"message\">" (seen.message) "</p><p class=\"advice\">" (seen.advice) "</p></li>");
    }
    markup!(out; "</ul></section>");
}
