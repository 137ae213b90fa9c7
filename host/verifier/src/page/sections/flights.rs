//! What is being worked on now, and how far it is.

use crate::board::{Flight, is_in_flight};
use crate::journal::State;
use crate::page::markup::{Markup, markup};
use crate::page::situation::Situation;
use crate::page::words::{ago, span};
use crate::status::StatusRow;
use orv_chain::ProposalId;
use orv_wire::Stage;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most proposals that are shown in flight.
const MOST_SHOWN: usize = 24;

/// What a proposal passes between its ticket and the chain.
const STEPS: [&str; 6] = ["Ticket", "Fetch", "Prepare", "Trials", "Sign", "Settle"];

pub(super) fn draw(situation: &Situation<'_>, out: &mut Markup) {
    markup!(out; "<section aria-labelledby=\"now\"><h2 id=\"now\">In flight</h2>");
    let flights = flights(situation);
    if flights.is_empty() {
        markup!(out; "<p class=\"nothing\">No proposal is being judged or settled.</p></section>");
        return;
    }
    markup!(out; "<div class=\"flights\">");
    for (proposal, (flight, row)) in &flights {
        markup!(out; "<article class=\"flight\"><h3><a href=\"/proposals/" (proposal) "\">Proposal " (proposal) "</a>");
        if let Some(row) = row {
            markup!(out; " <small>project " (row.project) "</small>");
        }
        markup!(out; "</h3><p class=\"since\">" (flight.state.words().label) " for "
            (span(situation.now.saturating_sub(flight.since))) "</p>");
        draw_steps(flight, out);
        draw_progress(situation, flight, out);
        markup!(out; "</article>");
    }
    markup!(out; "</div></section>");
}

/// What this daemon told, and what else the journal has in flight: from before this program began, or another daemon's.
fn flights<'a>(situation: &Situation<'a>) -> BTreeMap<ProposalId, (Flight, Option<&'a StatusRow>)> {
    let written = situation.known().iter().filter(|row| is_in_flight(row.state));
    let written = written.filter_map(|row| {
        let flight = Flight {
            state: row.state,
            since: Duration::from_secs(row.changed_at),
            run: None,
        };
        Some((row.proposal.parse().ok()?, (flight, Some(row))))
    });
    let mut flights: BTreeMap<_, _> = written.take(MOST_SHOWN).collect();
    for (proposal, flight) in situation.live.flights.iter().take(MOST_SHOWN) {
        let row = flights.get(proposal).and_then(|(_, row)| *row);
        flights.insert(*proposal, (flight.clone(), row));
    }
    flights
}

fn draw_steps(flight: &Flight, out: &mut Markup) {
    let current = step(flight);
    markup!(out; "<ol class=\"steps\">");
    for (index, name) in STEPS.into_iter().enumerate() {
        match index.cmp(&current) {
            std::cmp::Ordering::Less => markup!(out; "<li class=\"done\">" (name) "</li>"),
            std::cmp::Ordering::Equal => markup!(out; "<li class=\"current\" aria-current=\"step\">" (name) "</li>"),
            std::cmp::Ordering::Greater => markup!(out; "<li>" (name) "</li>"),
        }
    }
    markup!(out; "</ol>");
}

/// The place in [`STEPS`] of what is being done.
fn step(flight: &Flight) -> usize {
    match (flight.state, flight.run.map(|run| run.stage)) {
        (State::Running, None | Some(Stage::Fetch)) => 1,
        (State::Running, Some(Stage::Prepare)) => 2,
        (State::Running, Some(Stage::Trials)) => 3,
        (State::Running, Some(Stage::Sign)) => 4,
        (State::Judged | State::Settling, _) => 5,
        _ => 0,
    }
}

fn draw_progress(situation: &Situation<'_>, flight: &Flight, out: &mut Markup) {
    let Some(run) = flight.run else { return };
    let (name, unit) = match run.stage {
        Stage::Fetch => ("Fetch", "steps"),
        Stage::Prepare => ("Prepare", "steps"),
        Stage::Trials => ("Trials", "trials"),
        Stage::Sign => ("Sign", "steps"),
    };
    if run.total == 0 {
        markup!(out; "<p class=\"count\"><progress aria-label=\"" (name) "\"></progress> <span>" (run.done) " " (unit));
    } else {
        markup!(out; "<p class=\"count\"><progress aria-label=\"" (name) "\" value=\"" (run.done.min(run.total)) "\" max=\"" (run.total)
            "\"></progress> <span>" (run.done) " of " (run.total) " " (unit));
    }
    markup!(out; " \u{b7} told " (ago(situation.now, run.told)) "</span></p>");
}
