//! Not even the key's holder can sign a record that contradicts itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use alloy_primitives::{B256, U256};
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
    assert_eq!(signed(|bundle| bundle.differences[0].kind = 2), ["candidate-tree"]);
}

#[test]
fn a_job_that_ended_before_a_tree_was_laid_out_measured_none() {
    let ended_early = |bundle: &mut Bundle| {
        bundle.trials.clear();
        bundle.image = None;
        cut_short(bundle, "image-unverifiable");
    };
    assert_eq!(signed(ended_early), ["candidate-tree", "advice"]);
    let names = signed(|bundle| {
        ended_early(bundle);
        sample::lay_out_nothing(bundle);
    });
    assert_eq!(names, Vec::<&str>::new());
}

#[test]
fn advice_is_about_what_the_candidate_changed() {
    let with = |change: fn(&mut AdviceRecord)| signed(|bundle| change(bundle.advice.as_mut().unwrap()));
    let finding = |gate, path: &str, pattern: Option<&str>| FindingRecord {
        gate,
        path: path.into(),
        pattern: pattern.map(str::to_owned),
    };
    let red_flag = finding(4, "judge.lua", Some(r"eval\s*\("));
    assert_eq!(
        signed(|bundle| bundle.advice.as_mut().unwrap().findings.push(red_flag.clone())),
        Vec::<&str>::new()
    );
    for wrong in [
        // Not changed, not upstream's, doubled, no gate, a gate with a pattern.
        finding(4, "main.lua", Some(r"eval\s*\(")),
        finding(4, "judge.lua", Some("eval")),
        finding(4, "judge.lua", None),
        finding(3, "judge.lua", None),
        finding(1, "pack.lua", None),
        finding(9, "pack.lua", None),
    ] {
        let names = signed(|bundle| bundle.advice.as_mut().unwrap().findings.push(wrong.clone()));
        assert_eq!(names, ["advice"], "{wrong:?}");
    }
    assert_eq!(signed(|bundle| bundle.advice = None), ["advice"]);
    assert_eq!(with(|advice| advice.findings.clear()), ["advice"]);
    assert_eq!(with(|advice| advice.findings[0].gate = 2), ["advice"]);
    assert_eq!(with(|advice| advice.left_out = 1), ["advice"]);
}

#[test]
fn an_obstacle_hides_no_decision() {
    assert_eq!(
        signed(|bundle| cut_short(bundle, "job-limit")),
        ["verdict", "statement"]
    );
    // Cut short for true: the first two of three trials.
    let names = signed(|bundle| {
        bundle.trials.truncate(2);
        cut_short(bundle, "job-limit");
    });
    assert_eq!(names, Vec::<&str>::new());
}

#[test]
fn the_trials_of_a_job_cut_short_are_those_of_the_rule() {
    let names = signed(|bundle| {
        bundle.trials.truncate(2);
        bundle.trials[0].arm = 3;
        cut_short(bundle, "job-limit");
    });
    assert_eq!(names, ["verdict", "statement"]);
}

#[test]
fn a_trial_is_of_the_projects_channel() {
    let names = signed(|bundle| bundle.trials[2].observation.candidate = None);
    assert_eq!(names, ["verdict", "statement"]);
}

#[test]
fn no_incumbents_code_is_read_where_the_chain_names_none() {
    let names = signed(|bundle| {
        let incumbent = Artifact {
            role: Role::Incumbent,
            hash: B256::ZERO,
            ..bundle.artifacts[0].clone()
        };
        bundle.artifacts.insert(2, incumbent);
    });
    assert_eq!(names, ["artifacts"]);
}

#[test]
fn a_proposal_is_one_of_its_project() {
    let names = signed(|bundle| bundle.proposal.project_id += U256::ONE);
    assert_eq!(names, ["facts"]);
}

#[test]
fn a_bundle_of_another_version_is_not_read() {
    assert_eq!(signed(|bundle| bundle.version = 2), ["bundle-encoding"]);
}

#[test]
fn a_tier_that_does_not_exist_is_refused_even_where_nothing_was_run() {
    let names = signed(|bundle| {
        bundle.trials.clear();
        sample::lay_out_nothing(bundle);
        cut_short(bundle, "missing-bytes");
        bundle.platform_tier = 9;
    });
    assert!(names.contains(&"statement"), "{names:?}");
}

#[test]
fn a_link_in_the_place_of_openresearch_json_is_no_document_to_enclave_and_auditor_alike() {
    let names = signed(|bundle| {
        let mut files = bundle.artifacts[1].files.iter_mut();
        files.find(|file| file.path == "openresearch.json").unwrap().mode = 0o120_000;
        bundle.project_json = None;
    });
    assert!(!names.contains(&"project-document"), "{names:?}");
}

type Change = fn(&mut Observation);

/// A genuine receipt of a job that ended with a trial of this arm, of which the record says something else; its reason.
fn ended_by(arm: u8, change: Change) -> String {
    let mut bundle = bundle();
    let last = bundle.trials.iter().position(|trial| trial.arm == arm).unwrap();
    bundle.trials.truncate(last + 1);
    change(&mut bundle.trials[last].observation);
    let receipt = receipt_of(&bundle);
    assert_eq!(failed(&receipt), Vec::<&str>::new());
    assert_eq!(receipt.run.verdict, 3);
    String::from_utf8_lossy(&receipt.run.reason.0)
        .trim_end_matches('\0')
        .to_owned()
}

#[test]
fn a_trial_that_hit_its_limit_of_processes_is_no_measurement() {
    let candidates: Change = |seen| seen.candidate.as_mut().unwrap().process_limit_hits = 1;
    assert_eq!(ended_by(2, candidates), "candidate-processes");
    assert_eq!(ended_by(2, |seen| seen.measured.process_limit_hits = 1), "judge-failed");
}

const NO_BYTES: Option<Left> = Some(Left {
    bytes: Some(0),
    files: Some(9),
});

const NO_FILES: Option<Left> = Some(Left {
    bytes: Some(9),
    files: Some(0),
});

#[test]
fn a_trial_that_used_up_its_room_is_no_measurement_though_it_exits_well_with_a_metric() {
    let full: [Change; 4] = [
        |seen| seen.candidate.as_mut().unwrap().work_left = NO_BYTES,
        |seen| seen.candidate.as_mut().unwrap().work_left = NO_FILES,
        |seen| seen.candidate.as_mut().unwrap().temporary_left = NO_BYTES,
        |seen| seen.candidate.as_mut().unwrap().temporary_left = NO_FILES,
    ];
    for change in full {
        assert_eq!(ended_by(2, change), "candidate-scratch");
        assert_eq!(ended_by(0, change), "reference-scratch");
    }
    assert_eq!(
        ended_by(2, |seen| seen.measured.temporary_left = NO_BYTES),
        "judge-failed"
    );
}

#[test]
fn a_full_place_comes_before_the_exit_that_follows_from_it() {
    let failed: Change = |seen| {
        let candidate = seen.candidate.as_mut().unwrap();
        (candidate.ending, candidate.number) = (Ending::Exited, 1);
        candidate.work_left = NO_BYTES;
    };
    assert_eq!(ended_by(2, failed), "candidate-scratch");
}

#[test]
fn a_place_that_nothing_bounds_or_nobody_looked_at_is_not_full() {
    let unbounded = Some(Left {
        bytes: None,
        files: None,
    });
    for left in [unbounded, None] {
        let mut bundle = bundle();
        bundle.trials[0].observation.measured.work_left = left;
        assert_eq!(receipt_of(&bundle).run.verdict, 1);
    }
}

#[test]
fn an_emptied_record_supports_its_obstacle_and_nothing_else() {
    let obstacle = Obstacle {
        reason: "job-limit".into(),
        detail: "the record is too long".into(),
    };
    let receipt = receipt_of(&bundle().emptied(obstacle));
    assert_eq!(failed(&receipt), Vec::<&str>::new());
    assert_eq!(receipt.run.verdict, 3);
    assert!(receipt.bundle.len() < 16 * 1024);
}

#[test]
fn a_trial_that_no_runner_could_have_seen_supports_no_statement() {
    let impossible: [Change; 3] = [
        // Time of windows, and no window.
        |seen| seen.windows = 0,
        // A judge that was sent away although nothing was wrong.
        |seen| seen.measured.ending = Ending::Dismissed,
        |seen| seen.candidate = None,
    ];
    for change in impossible {
        let names = signed(|bundle| change(&mut bundle.trials[1].observation));
        assert_eq!(names, ["verdict", "statement"]);
    }
}
