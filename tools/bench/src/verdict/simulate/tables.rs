//! Which cells are simulated, and the tables that they make.

use super::cell::{Arms, Cell, Effort, Outcome, simulate};
use super::chain::{RESUBMISSIONS, chains};
use super::host::{Aim, Host};
use super::machine::Noise;
use super::tally::{Tally, percent, upper_bound};
use crate::document::{Bound, Cell as Place, Section, Table, Target, Unit};
use orv_protocol::score::Bips;

/// Half a percent and five: a quiet machine, on which arms are easily told apart by their length, and a loud one.
const NOISES: [Noise; 2] = [Noise::Normal(0.005), Noise::Normal(0.05)];

/// The most that may be wrong, in percent.
const WRONG: f64 = 0.1;

/// A margin so small that an improvement by it is next to none: the hardest case of a reject.
const LEAST_MARGIN: Bips = Bips(1);

/// The two hardest cases of each error, and an easier one of each.
pub(super) fn hardest(host: Host, noise: Noise, arms: Arms) -> [Cell; 4] {
    let cell = Cell {
        host,
        noise,
        arms,
        ..Cell::PLAIN
    };
    let harm = Cell { aim: Aim::Harm, ..cell };
    let help = Cell { aim: Aim::Help, ..cell };
    [
        Cell { effect: 0.05, ..harm },
        Cell {
            effect: 0.0001,
            margin: LEAST_MARGIN,
            ..harm
        },
        Cell { effect: 0.0499, ..help },
        Cell { effect: 0.0, ..help },
    ]
}

/// Wrong verdicts of the four, in their order.
pub(super) fn wrong(outcomes: &[Outcome], of: fn(&Outcome) -> Tally) -> Vec<u64> {
    outcomes
        .iter()
        .enumerate()
        .map(|(place, outcome)| {
            let tally = of(outcome);
            if place < 2 { tally.rejected } else { tally.approved }
        })
        .collect()
}

pub(super) fn blind(effort: Effort) -> Section {
    let mut kinds = Vec::new();
    for host in [Host::Honest].into_iter().chain(Host::BLIND) {
        kinds.extend(NOISES.map(|noise| (host, noise, Arms::Two)));
    }
    // With an incumbent's code, against the two that know most.
    kinds.extend([Host::Alternating, Host::Halving].map(|host| (host, Noise::Normal(0.005), Arms::Three)));
    let cells: Vec<Cell> = kinds
        .iter()
        .flat_map(|(host, noise, arms)| hardest(*host, *noise, *arms))
        .collect();
    let outcomes = simulate(&cells, effort);
    let mut table = Table::new(&[
        "host",
        "noise",
        "code",
        "rejected: +5 %, margin 5 %",
        "rejected: +0.01 %, margin 0.01 %",
        "approved: +4.99 %, margin 5 %",
        "approved: 0 %, margin 5 %",
        "most, upper bound",
        "with two operators",
        "balanced blocks, one attempt",
    ]);
    let (mut rejects, mut approves) = (0.0_f64, 0.0_f64);
    for ((host, noise, arms), outcomes) in kinds.iter().zip(outcomes.chunks(4)) {
        let one = wrong(outcomes, |outcome| outcome.one);
        let bounds: Vec<f64> = one.iter().map(|count| upper_bound(*count, effort.rounds)).collect();
        if let [first, second, third, fourth] = bounds.as_slice() {
            rejects = rejects.max(*first).max(*second);
            approves = approves.max(*third).max(*fourth);
        }
        let mut row = vec![
            Place::text(host.name()),
            Place::text(noise.name()),
            Place::text(match arms {
                Arms::Two => "snapshot",
                Arms::Three => "incumbent",
            }),
        ];
        row.extend(one.iter().map(|count| Place::of(*count as f64, Unit::Count)));
        row.push(Place::of(bounds.iter().copied().fold(0.0, f64::max), Unit::Percent));
        row.push(most(&wrong(outcomes, |outcome| outcome.two)));
        let blocks = wrong(outcomes, |outcome| outcome.blocks).into_iter().max().unwrap_or(0);
        row.push(match arms {
            Arms::Two => Place::of(percent(blocks, effort.rounds), Unit::Percent),
            Arms::Three => Place::Nothing,
        });
        table.rows.push(row);
    }
    Section {
        name: "verdict-blind",
        title: "A host that slows the machine at will and sees no arms".to_owned(),
        method: format!(
            "{} proposals in each cell, each with up to three attempts; wrong verdicts counted, the worst cell of a row with its upper bound at 95 %. \
             The host knows all trials before this one, with their arms, and works for the error that is counted. Rejects and approves of the replaced \
             rule are of one attempt, in percent, the worst of the four cells.",
            effort.rounds
        ),
        table,
        targets: vec![
            Target::new(
                "wrong rejects, upper bound of the worst cell",
                rejects,
                Unit::Percent,
                Bound::AtMost(WRONG),
            ),
            Target::new(
                "wrong approves, upper bound of the worst cell",
                approves,
                Unit::Percent,
                Bound::AtMost(WRONG),
            ),
        ],
        notes: vec![],
    }
}

fn most(counts: &[u64]) -> Place {
    Place::of(counts.iter().copied().max().unwrap_or(0) as f64, Unit::Count)
}

/// Effects that are shown on an honest machine, in percent, with a margin of five.
const EFFECTS: [f64; 6] = [-0.1, 0.0, 0.0499, 0.05, 0.1, 0.2];

pub(super) fn honest(effort: Effort) -> Section {
    let noises = [
        Noise::Normal(0.005),
        Noise::Normal(0.02),
        Noise::Normal(0.05),
        Noise::Normal(0.2),
        Noise::HeavyTailed(0.02),
        Noise::Drifting(0.01),
        Noise::TwoSpeeds(0.01),
        Noise::Bursts(0.01),
    ];
    let cells: Vec<Cell> = noises
        .iter()
        .flat_map(|noise| {
            EFFECTS.map(|effect| Cell {
                effect,
                noise: *noise,
                ..Cell::PLAIN
            })
        })
        .collect();
    // Most of these are no rare events; a fifth of the rounds says enough.
    let effort = Effort {
        rounds: effort.rounds.div_ceil(5),
        ..effort
    };
    let outcomes = simulate(&cells, effort);
    let mut table = Table::new(&[
        "noise",
        "gain",
        "approved",
        "rejected",
        "neither",
        "trials",
        "absolute: approved",
        "rejected",
        "absolute elsewhere: approved",
        "rejected",
        "equality: rejected",
    ]);
    for (cell, outcome) in cells.iter().zip(&outcomes) {
        let share = |count: u64, tally: &Tally| Place::of(percent(count, tally.all()), Unit::Percent);
        table.rows.push(vec![
            Place::text(cell.noise.name()),
            Place::text(format!("{:+.2} %", cell.effect * 100.0)),
            share(outcome.one.approved, &outcome.one),
            share(outcome.one.rejected, &outcome.one),
            share(outcome.one.inconclusive, &outcome.one),
            Place::of((outcome.trials / outcome.attempts.all().max(1)) as f64, Unit::Count),
            share(outcome.absolute.approved, &outcome.absolute),
            share(outcome.absolute.rejected, &outcome.absolute),
            share(outcome.elsewhere.approved, &outcome.elsewhere),
            share(outcome.elsewhere.rejected, &outcome.elsewhere),
            share(outcome.strict.rejected, &outcome.strict),
        ]);
    }
    Section {
        name: "verdict-honest",
        title: "An honest machine, by noise and gain, paired against absolute".to_owned(),
        method: format!(
            "Margin 5 %, {} proposals in each cell, up to three attempts for the paired rule. Absolute: upstream's median of five against the score on chain, \
             on the machine that made that score, and elsewhere (a machine whose speed is drawn with a deviation of 10 %). Equality: upstream's deployed rule, \
             one run here must print to the millisecond what one run of the miner printed.",
            effort.rounds
        ),
        table,
        targets: vec![],
        notes: vec![],
    }
}

pub(super) fn erratic(effort: Effort) -> Section {
    let kinds = [
        (Noise::Normal(0.005), Host::Honest),
        (Noise::Drifting(0.005), Host::Honest),
        (Noise::Normal(0.005), Host::Alternating),
        (Noise::Normal(0.005), Host::Reacting),
        (Noise::Normal(0.005), Host::Bending),
    ];
    let cells: Vec<Cell> = kinds
        .iter()
        .flat_map(|(noise, host)| hardest(*host, *noise, Arms::Two))
        .map(|cell| Cell {
            candidate_noise: 0.15,
            ..cell
        })
        .collect();
    let outcomes = simulate(&cells, effort);
    let mut table = Table::new(&[
        "machine",
        "host",
        "rejected: +5 %, margin 5 %",
        "rejected: +0.01 %, margin 0.01 %",
        "approved: +4.99 %, margin 5 %",
        "approved: 0 %, margin 5 %",
        "most, upper bound",
    ]);
    for ((noise, host), outcomes) in kinds.iter().zip(outcomes.chunks(4)) {
        let one = wrong(outcomes, |outcome| outcome.one);
        let mut row = vec![Place::text(noise.name()), Place::text(host.name())];
        row.extend(one.iter().map(|count| Place::of(*count as f64, Unit::Count)));
        let bounds = one.iter().map(|count| upper_bound(*count, effort.rounds));
        row.push(Place::of(bounds.fold(0.0, f64::max), Unit::Percent));
        table.rows.push(row);
    }
    Section {
        name: "verdict-erratic",
        title: "A candidate that varies on purpose".to_owned(),
        method: format!(
            "As above, {} proposals in each cell; the candidate's own times have a deviation of 15 % around their median, the reference's none beside the machine's.",
            effort.rounds
        ),
        table,
        targets: vec![],
        notes: vec![],
    }
}

pub(super) fn beyond(effort: Effort) -> Section {
    let effort = Effort {
        rounds: effort.rounds.div_ceil(5),
        ..effort
    };
    let cell = |host, aim, effect| Cell {
        host,
        aim,
        effect,
        noise: Noise::Normal(0.005),
        ..Cell::PLAIN
    };
    let cells = [
        cell(Host::Seeing, Aim::Help, 0.0),
        cell(Host::Seeing, Aim::Help, -0.1),
        cell(Host::Seeing, Aim::Harm, 0.05),
        cell(Host::Seeing, Aim::Harm, 0.2),
        cell(Host::Stalling, Aim::Help, 0.02),
        cell(Host::Stalling, Aim::Help, 0.0),
        cell(Host::Stalling, Aim::Help, -0.02),
        cell(Host::Pauses, Aim::Harm, 0.2),
    ];
    let outcomes = simulate(&cells, effort);
    let mut table = Table::new(&[
        "host",
        "gain",
        "approved",
        "rejected",
        "neither",
        "two such operators: approved",
        "rejected",
    ]);
    for (cell, outcome) in cells.iter().zip(&outcomes) {
        let share = |count: u64| Place::of(percent(count, effort.rounds), Unit::Percent);
        table.rows.push(vec![
            Place::text(cell.host.name()),
            Place::text(format!("{:+.2} %", cell.effect * 100.0)),
            share(outcome.one.approved),
            share(outcome.one.rejected),
            share(outcome.one.inconclusive),
            share(outcome.two.approved),
            share(outcome.two.rejected),
        ]);
    }
    Section {
        name: "verdict-beyond",
        title: "What lies beyond the claim".to_owned(),
        method: format!(
            "Margin 5 %, log-normal noise of 0.5 %, {} proposals in each cell. A host that sees the arms runs one of them 30 % slower. One that stalls what lasts long \
             doubles the time of every trial that is longer than halfway between candidate and reference.",
            effort.rounds
        ),
        table,
        targets: vec![],
        notes: vec![],
    }
}

pub(super) fn chained(effort: Effort) -> Section {
    let effort = Effort {
        rounds: effort.rounds.div_ceil(100),
        ..effort
    };
    let mut table = Table::new(&[
        "incumbent",
        "noise",
        "margin",
        "chains",
        "approved of the resubmissions",
        "rejected",
        "paid for more than the code is worth",
    ]);
    let mut approved = 0.0_f64;
    for (name, bomb) in [("as it was", 1.0), ("twice as slow once it has won", 2.0)] {
        for (noise, margin) in [(0.005, 100), (0.02, 100), (0.02, 500)] {
            let chains = chains(Noise::Normal(noise), Bips(margin), bomb, effort);
            let resubmitted = chains.chains * RESUBMISSIONS as u64;
            approved = approved.max(percent(chains.approved, resubmitted));
            table.rows.push(vec![
                Place::text(name),
                Place::text(Noise::Normal(noise).name()),
                Place::text(format!("{} %", margin / 100)),
                Place::of(chains.chains as f64, Unit::Count),
                Place::of(percent(chains.approved, resubmitted), Unit::Percent),
                Place::of(percent(chains.rejected, resubmitted), Unit::Percent),
                Place::of(chains.overpaid as f64, Unit::Count),
            ]);
        }
    }
    Section {
        name: "verdict-chain",
        title: "A chain of 50 resubmissions".to_owned(),
        method: "A gain of 20 % is approved, then the same code is handed in fifty times more, three attempts each."
            .to_owned(),
        table,
        targets: vec![Target::new(
            "approved resubmissions of the worst row",
            approved,
            Unit::Percent,
            Bound::AtMost(WRONG),
        )],
        notes: vec![],
    }
}
