//! The parts of the page, from what needs an answer to what is history.

mod flights;
mod gauges;
mod history;
mod projects;
mod proposals;
mod troubles;

pub(super) use self::history::draw as history;

use super::markup::Markup;
use super::situation::Situation;

/// Which of the proposals are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Of this project alone.
    pub(super) project: Option<String>,
    /// Pages of older ones that are skipped.
    pub(super) page: usize,
}

/// Everything that is fetched again while the page is open.
pub(super) fn draw(situation: &Situation<'_>, choice: &Choice, out: &mut Markup) {
    gauges::draw_state(situation, out);
    gauges::draw(situation, out);
    flights::draw(situation, out);
    troubles::draw(situation, out);
    projects::draw(situation, out);
    proposals::draw(situation, choice, out);
}
