//! A small run of the simulation: the claim stands in every build.

use super::cell::{Arms, Cell, Effort, simulate};
use super::host::{Aim, Host};
use super::machine::Noise;
use super::tables::{hardest, wrong};

const EFFORT: Effort = Effort { rounds: 100, seed: 7 };

#[test]
fn a_host_that_sees_no_arms_changes_no_verdict() {
    for host in Host::BLIND {
        let cells = hardest(host, Noise::Normal(0.005), Arms::Two);
        let outcomes = simulate(&cells, EFFORT);
        let wrong = wrong(&outcomes, |outcome| outcome.one);
        // Each is below one in a thousand: of a hundred, two are seen less often than once in two hundred.
        assert!(wrong.iter().all(|count| *count <= 1), "{host:?}: {wrong:?}");
    }
}

#[test]
fn balanced_blocks_were_decided_by_a_host_that_watched() {
    let cells = hardest(Host::Halving, Noise::Normal(0.005), Arms::Two);
    let outcomes = simulate(&cells, EFFORT);
    let wrong = wrong(&outcomes, |outcome| outcome.blocks);
    assert!(wrong.iter().any(|count| *count > 95), "{wrong:?}");
}

#[test]
fn a_clear_gain_is_approved_and_a_clear_loss_rejected() {
    let cell = |effect| Cell { effect, ..Cell::PLAIN };
    let outcomes = simulate(&[cell(0.2), cell(-0.2)], EFFORT);
    assert!(
        outcomes[0].one.approved > 95 && outcomes[1].one.rejected > 95,
        "{outcomes:?}"
    );
}

#[test]
fn the_simulation_can_fail_a_host_that_sees_the_arms_wins() {
    let cell = Cell {
        host: Host::Seeing,
        aim: Aim::Help,
        ..Cell::PLAIN
    };
    assert!(simulate(&[cell], EFFORT)[0].one.approved > 95);
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let effort = Effort { rounds: 20, seed: 3 };
    assert_eq!(simulate(&[Cell::PLAIN], effort), simulate(&[Cell::PLAIN], effort));
}
