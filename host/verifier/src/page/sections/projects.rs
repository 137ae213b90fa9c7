//! The score frontier of each project.

use crate::page::frontier::frontiers;
use crate::page::markup::{Markup, markup};
use crate::page::situation::Situation;

/// Most projects that are plotted: those with most to tell.
const MOST_PLOTS: usize = 12;

pub(super) fn draw(situation: &Situation<'_>, out: &mut Markup) {
    let mut frontiers = frontiers(situation.known());
    if frontiers.is_empty() {
        return;
    }
    let all = frontiers.len();
    frontiers.sort_by_key(|frontier| std::cmp::Reverse(frontier.approved.len() + frontier.open));
    frontiers.truncate(MOST_PLOTS);
    markup!(out; "<section aria-labelledby=\"projects\"><h2 id=\"projects\">Score frontier</h2>");
    if all > MOST_PLOTS {
        markup!(out; "<p class=\"note\">The " (MOST_PLOTS) " busiest of " (all) " projects.</p>");
    }
    markup!(out; "<div class=\"plots\">");
    for frontier in &frontiers {
        markup!(out; "<figure><figcaption><a href=\"/?project=" (frontier.project) "\">Project " (frontier.project) "</a> "
            "<small>" (frontier.approved.len()) " approved \u{b7} " (frontier.open) " open</small></figcaption>");
        frontier.draw(out);
        markup!(out; "<p class=\"note\">" (frontier.direction()) "</p></figure>");
    }
    markup!(out; "</div></section>");
}
