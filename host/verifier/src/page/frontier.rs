//! The score frontier of a project as a plot: what was approved when, from the baseline to the current best.

use super::markup::{Markup, markup};
use super::words::grouped;
use crate::journal::{Settlement, State};
use crate::status::StatusRow;
use std::collections::BTreeMap;
use std::time::Duration;

/// Width and height of the plot, in its own units.
const SIZE: (f64, f64) = (360.0, 150.0);

/// Room for what stands beside the plot: left, right, top, bottom.
const ROOM: (f64, f64, f64, f64) = (6.0, 10.0, 16.0, 20.0);

/// Most points of one plot; the newest are kept.
const MOST_POINTS: usize = 400;

/// What a plot is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frontier {
    /// The project, in decimal.
    pub(super) project: String,
    /// The score to beat that the oldest known ticket named.
    pub(super) baseline: Option<Score>,
    /// Approved scores, oldest first.
    pub(super) approved: Vec<Point>,
    /// Measured scores that were not approved.
    pub(super) others: Vec<Point>,
    /// Proposals that are not decided.
    pub(super) open: usize,
}

/// A score of 256 bits, and about where it lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Score {
    pub(super) decimal: String,
    pub(super) about: f64,
}

/// A measured score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) proposal: String,
    pub(super) at: u64,
    pub(super) score: Score,
}

impl Score {
    /// Reads a decimal; nothing where it is none.
    fn read(decimal: &str) -> Option<Self> {
        let about = decimal.parse::<f64>().ok().filter(|about| about.is_finite())?;
        Some(Self {
            decimal: decimal.to_owned(),
            about,
        })
    }
}

/// The frontier of each project, by its number.
pub(super) fn frontiers(rows: &[StatusRow]) -> Vec<Frontier> {
    let mut projects: BTreeMap<(usize, &str), Vec<&StatusRow>> = BTreeMap::new();
    for row in rows {
        projects
            .entry((row.project.len(), row.project.as_str()))
            .or_default()
            .push(row);
    }
    projects
        .into_iter()
        .map(|((_, project), rows)| Frontier::of(project, rows))
        .collect()
}

impl Frontier {
    fn of(project: &str, mut rows: Vec<&StatusRow>) -> Self {
        rows.sort_by_key(|row| row.changed_at);
        let baseline = rows.iter().find_map(|row| Score::read(row.incumbent_score.as_deref()?));
        let points = |wanted: bool| {
            let of_kind = rows
                .iter()
                .filter(|row| (row.state == State::Settled(Settlement::Approved)) == wanted);
            let mut points: Vec<_> = of_kind.filter_map(|row| Point::of(row)).collect();
            points.split_off(points.len().saturating_sub(MOST_POINTS))
        };
        let open = rows.iter().filter(|row| !row.state.is_final()).count();
        Self {
            project: project.to_owned(),
            baseline,
            approved: points(true),
            others: points(false),
            open,
        }
    }

    /// The best score that this operator knows of.
    pub(super) fn best(&self) -> Option<&Score> {
        let approved = self.approved.iter().map(|point| &point.score);
        approved
            .chain(self.baseline.as_ref())
            .max_by(|one, other| one.about.total_cmp(&other.about))
    }

    /// Which way is better. The ledger knows only larger scores; what a project minimises is negated on it.
    pub(super) fn direction(&self) -> &'static str {
        match self.best() {
            Some(best) if best.about < 0.0 => "minimised: negated on the ledger, so higher is better",
            _ => "higher is better",
        }
    }

    /// The plot, or a sentence where there is nothing to draw.
    pub(super) fn draw(&self, out: &mut Markup) {
        let (Some(best), Some(scale)) = (self.best(), Scale::of(self)) else {
            markup!(out; "<p class=\"nothing\">Nothing measured yet.</p>");
            return;
        };
        let (width, height) = SIZE;
        markup!(out; "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 " (width) " " (height) "\" aria-label=\"approved scores of project "
            (self.project) " over time: " (self.approved.len()) " approved, best " (grouped(&best.decimal)) "\">");
        if let Some(baseline) = &self.baseline {
            let y = scale.y(baseline.about);
            markup!(out; "<line class=\"baseline\" x1=\"" (ROOM.0) "\" x2=\"" (width - ROOM.1) "\" y1=\"" (y) "\" y2=\"" (y) "\"/>"
                "<text class=\"axis\" x=\"" (ROOM.0) "\" y=\"" (y + 12.0) "\">baseline " (grouped(&baseline.decimal)) "</text>");
        }
        for point in &self.others {
            markup!(out; "<circle class=\"other\" r=\"2.5\" cx=\"" (scale.x(point.at)) "\" cy=\"" (scale.y(point.score.about)) "\"><title>proposal "
                (point.proposal) ": " (grouped(&point.score.decimal)) ", not approved</title></circle>");
        }
        self.draw_steps(&scale, out);
        for point in &self.approved {
            markup!(out; "<circle class=\"approved\" r=\"3.5\" cx=\"" (scale.x(point.at)) "\" cy=\"" (scale.y(point.score.about)) "\"><title>proposal "
                (point.proposal) ": " (grouped(&point.score.decimal)) "</title></circle>");
        }
        let y = scale.y(best.about);
        markup!(out; "<text class=\"best\" text-anchor=\"end\" x=\"" (width - ROOM.1) "\" y=\"" (y - 7.0) "\">best " (grouped(&best.decimal)) "</text></svg>");
    }

    /// The best at each time, as steps: it never falls.
    fn draw_steps(&self, scale: &Scale, out: &mut Markup) {
        let start = self
            .baseline
            .as_ref()
            .or(self.approved.first().map(|point| &point.score));
        let Some(start) = start else { return };
        let mut best = start.about;
        markup!(out; "<path class=\"frontier\" d=\"M" (ROOM.0) " " (scale.y(best)));
        for point in &self.approved {
            best = best.max(point.score.about);
            markup!(out; " H" (scale.x(point.at)) " V" (scale.y(best)));
        }
        markup!(out; " H" (SIZE.0 - ROOM.1) "\"/>");
    }
}

impl Point {
    fn of(row: &StatusRow) -> Option<Self> {
        Some(Self {
            proposal: row.proposal.clone(),
            at: row.changed_at,
            score: Score::read(row.score.as_deref().filter(|_| is_measured(row))?)?,
        })
    }
}

/// An attempt that ended before a measurement states a score of zero.
fn is_measured(row: &StatusRow) -> bool {
    row.verdict != Some("inconclusive") || row.score.as_deref() != Some("0")
}

/// From times and scores to places.
struct Scale {
    times: (f64, f64),
    scores: (f64, f64),
}

impl Scale {
    /// Spans the frontier itself; what was not approved and lies outside is drawn at the edge.
    fn of(frontier: &Frontier) -> Option<Self> {
        let approved = frontier.approved.iter().map(|point| point.score.about);
        let scores: Vec<f64> = approved
            .chain(frontier.baseline.iter().map(|score| score.about))
            .collect();
        let low = scores.iter().copied().reduce(f64::min)?;
        let high = scores.iter().copied().reduce(f64::max)?;
        // A flat frontier lies in the middle, and what lies a little below it is seen.
        let edge = ((high - low) * 0.2).max(high.abs() * 0.002).max(1.0);
        let points = frontier.approved.iter().chain(&frontier.others);
        let times: Vec<u64> = points.map(|point| point.at).collect();
        let first = times.iter().min().copied().unwrap_or_default();
        let last = times.iter().max().copied().unwrap_or_default();
        let margin = (seconds(last.saturating_sub(first)) * 0.06).max(1.0);
        Some(Self {
            times: (seconds(first) - margin, seconds(last) + margin),
            scores: (low - edge, high + edge),
        })
    }

    fn x(&self, at: u64) -> f64 {
        place(seconds(at), self.times, (ROOM.0, SIZE.0 - ROOM.1))
    }

    fn y(&self, score: f64) -> f64 {
        place(score, self.scores, (SIZE.1 - ROOM.3, ROOM.2))
    }
}

fn seconds(at: u64) -> f64 {
    Duration::from_secs(at).as_secs_f64()
}

/// Where `value` of the range `from` lies in the range `to`, to a tenth; outside it, at its edge.
fn place(value: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let share = ((value - from.0) / (from.1 - from.0)).clamp(0.0, 1.0);
    let share = if share.is_nan() { 0.5 } else { share };
    ((to.0 + share * (to.1 - to.0)) * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::samples::row;
    use proptest::prelude::*;

    fn drawn(frontier: &Frontier) -> String {
        let mut out = Markup::default();
        frontier.draw(&mut out);
        out.finish()
    }

    fn approved(proposal: u64, at: u64, score: &str) -> StatusRow {
        StatusRow {
            score: Some(score.to_owned()),
            incumbent_score: Some("1000".to_owned()),
            changed_at: at,
            ..row(proposal, State::Settled(Settlement::Approved))
        }
    }

    #[test]
    fn the_best_is_the_highest_approved_score() {
        let rows = [
            approved(1, 10, "1100"),
            approved(2, 20, "1300"),
            approved(3, 30, "1200"),
        ];
        let frontiers = frontiers(&rows);
        assert_eq!(frontiers[0].best().unwrap().decimal, "1300");
        assert_eq!(frontiers[0].baseline.as_ref().unwrap().decimal, "1000");
        assert_eq!(frontiers[0].direction(), "higher is better");
    }

    #[test]
    fn a_rejected_score_is_no_best() {
        let rejected = StatusRow {
            state: State::Settled(Settlement::Rejected),
            ..approved(2, 20, "9999")
        };
        let frontiers = frontiers(&[approved(1, 10, "1100"), rejected]);
        assert_eq!(frontiers[0].best().unwrap().decimal, "1100");
        assert_eq!(frontiers[0].others.len(), 1);
    }

    #[test]
    fn a_project_that_minimises_says_so() {
        let row = StatusRow {
            incumbent_score: Some("-5000".to_owned()),
            ..approved(1, 10, "-4000")
        };
        assert!(frontiers(&[row])[0].direction().starts_with("minimised"));
    }

    #[test]
    fn a_project_without_a_measurement_has_a_sentence_instead_of_a_plot() {
        let frontiers = frontiers(&[row(1, State::Seen)]);
        assert!(drawn(&frontiers[0]).contains("Nothing measured"));
    }

    proptest! {
        #[test]
        fn every_point_lies_inside_the_plot(
            points in prop::collection::vec((any::<u64>(), "-?[0-9]{1,77}"), 1..30),
        ) {
            let rows: Vec<_> = points.iter().map(|(at, score)| approved(1, *at, score)).collect();
            let html = drawn(&frontiers(&rows)[0]);
            prop_assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
            for part in html.split("cx=\"").skip(1) {
                let x: f64 = part.split('"').next().unwrap().parse().unwrap();
                prop_assert!((0.0..=SIZE.0).contains(&x));
            }
        }
    }
}
