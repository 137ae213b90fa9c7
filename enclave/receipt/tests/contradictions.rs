//! Not even the key's holder can sign a record that contradicts itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use alloy_primitives::B256;
use orv_content::Sha256;
use orv_protocol::seed::trial_seed;
use orv_receipt::check::{CheckResult, check};
use orv_receipt::*;
use sample::{bundle, receipt_of, root};

fn failed(receipt: &Receipt) -> Vec<&'static str> {
    check(receipt)
        .into_iter()
        .filter(|check| check.result == CheckResult::Fail)
        .map(|check| check.name)
        .collect()
}

/// The checks that fail of a changed record under a genuine signature.
fn signed(change: impl FnOnce(&mut Bundle)) -> Vec<&'static str> {
    let mut bundle = bundle();
    change(&mut bundle);
    let honest = receipt_of(&sample::bundle());
    let bytes = bundle.encode();
    let run = rule::statement_of(&bundle, root(&bytes), root(&honest.envelope)).unwrap_or_else(|_| Run {
        bundle_root: B256::from(root(&bytes).0),
        ..honest.run.clone()
    });
    let signature = Signature::sign(&sample::key(), &run.signing_hash(&honest.domain)).unwrap();
    failed(&Receipt {
        run,
        signature,
        bundle: bytes,
        ..honest
    })
}

fn cut_short(bundle: &mut Bundle, reason: &str) {
    bundle.obstacle = Some(Obstacle {
        reason: reason.into(),
        detail: String::new(),
    });
}

/// Gives the measured tree another hash, and the seed that follows from it.
fn measure_another_tree(bundle: &mut Bundle) {
    bundle.candidate_tree = Sha256([7; 32]);
    bundle.seed = B256::from(trial_seed(&bundle.candidate_tree, &bundle.ticket.0, &bundle.secret.0));
}

#[test]
fn an_unchanged_record_passes() {
    assert_eq!(signed(|_| {}), Vec::<&str>::new());
}

#[test]
fn the_measured_tree_is_the_candidates_surface_in_the_projects_own_tree() {
    assert_eq!(signed(measure_another_tree), ["candidate-tree"]);
}

#[test]
fn what_was_undone_is_told_in_full() {
    assert_eq!(signed(|bundle| bundle.differences.clear()), ["candidate-tree"]);
    assert_eq!(
        signed(|bundle| bundle.differences[0].kind = "deleted".into()),
        ["candidate-tree"]
    );
}

#[test]
fn a_job_that_ended_before_a_tree_was_laid_out_measured_none() {
    let ended_early = |bundle: &mut Bundle| {
        bundle.trials.clear();
        bundle.image = None;
        cut_short(bundle, "image-unverifiable");
    };
    assert_eq!(signed(ended_early), ["candidate-tree"]);
    let names = signed(|bundle| {
        ended_early(bundle);
        sample::lay_out_nothing(bundle);
    });
    assert_eq!(names, Vec::<&str>::new());
}
