//! Seeds by the published vectors of openresearch.md 4.6.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod fixture;

use fixture::{protocol, tree, with, without};
use orv_protocol::document::SeedBits;
use orv_protocol::seed::{SeedError, SeedVariable, fiat_shamir, seed_variable};
use serde_json::json;

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

fn vector() -> orv_content::tree::Tree {
    tree(&[("train.py", "print(1)\n"), ("src/a b.txt", ""), ("src/é.py", "x = 1\n")])
}

#[test]
fn a_seed_from_files_equals_the_published_vectors() {
    let plain = fiat_shamir(&vector(), &all(), "", SeedBits::SixtyFour).unwrap();
    assert_eq!(
        plain.digest.to_string(),
        "0x22af9ca2970d7610042103c049bf8aba658abe2e472c354c2f0be73f97410767"
    );
    assert_eq!(plain.seed, 3_390_057_404_833_007_463);
    assert_eq!(
        fiat_shamir(&vector(), &all(), "", SeedBits::ThirtyTwo).unwrap().seed,
        2_537_621_351
    );
    assert_eq!(
        fiat_shamir(&vector(), &all(), "abc", SeedBits::SixtyFour).unwrap().seed,
        16_568_629_329_404_282_889
    );
    assert_eq!(
        fiat_shamir(&tree(&[]), &all(), "", SeedBits::SixtyFour).unwrap().seed,
        1_361_704_646_433_693_063
    );
}

#[test]
fn directories_of_tools_are_not_walked() {
    let mut files = vec![("train.py", "print(1)\n"), ("src/a b.txt", ""), ("src/é.py", "x = 1\n")];
    files.extend([
        (".git/x", "1"),
        ("src/__pycache__/x", "1"),
        ("venv/x", "1"),
        (".autoresearch/x", "1"),
    ]);
    let with_tools = fiat_shamir(&tree(&files), &all(), "", SeedBits::SixtyFour).unwrap();
    assert_eq!(
        with_tools,
        fiat_shamir(&vector(), &all(), "", SeedBits::SixtyFour).unwrap()
    );
}

#[test]
fn a_pattern_names_files_by_fnmatch_or_by_directory() {
    let seed = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
        fiat_shamir(&vector(), &patterns, "", SeedBits::SixtyFour).unwrap().seed
    };
    assert_eq!(seed(&["src"]), seed(&["src/**"]));
    assert_eq!(seed(&["src/"]), seed(&["src/*"]));
    assert_eq!(seed(&["train.py", "src"]), seed(&["*"]));
    assert_ne!(seed(&["src"]), seed(&["*"]));
    // Unlike the gates, a seed's pattern does not match the last component alone.
    assert_eq!(seed(&["a b.txt"]), seed(&["nothing"]));
}

#[test]
fn links_to_files_are_followed_inside_the_tree_and_others_left_out() {
    let seed = |files: &[(&str, &str)]| fiat_shamir(&tree(files), &["l*".to_owned()], "", SeedBits::SixtyFour).unwrap();
    let plain = seed(&[("l", "x"), ("d/f", "x")]);
    assert_eq!(seed(&[("l", "->d/f"), ("d/f", "x")]), plain);
    assert_eq!(seed(&[("l", "->e/f"), ("e", "->d"), ("d/f", "x")]), plain);
    let none = seed(&[("d/f", "x")]);
    assert_eq!(seed(&[("l", "->d"), ("d/f", "x")]), none);
    assert_eq!(seed(&[("l", "->gone"), ("d/f", "x")]), none);
    assert_eq!(seed(&[("l", "->l2"), ("l2", "->l"), ("d/f", "x")]), none);
}

#[test]
fn no_pattern_at_all_is_an_error() {
    assert_eq!(
        fiat_shamir(&vector(), &[], "", SeedBits::SixtyFour),
        Err(SeedError::NoPatterns)
    );
}

#[test]
fn the_protocol_says_which_seed_a_run_receives() {
    let variable = |document| seed_variable(&protocol(&document), &vector()).unwrap();
    let named = |name: &str, value: &str| {
        Some(SeedVariable {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    };
    let derivation = "/execution/determinism/seedDerivation";
    let expected = fiat_shamir(&vector(), &["src/**".to_owned()], "abc", SeedBits::ThirtyTwo)
        .unwrap()
        .seed
        .to_string();
    assert_eq!(variable(fixture::document()), named("TRIAL_SEED", &expected));
    assert_eq!(
        variable(with(derivation, json!({"mode": "fixed"}))),
        named("ARAH_TRIAL_SEED", "0")
    );
    assert_eq!(
        variable(with(derivation, json!({"mode": "fixed", "fixedSeed": 9}))),
        named("ARAH_TRIAL_SEED", "9")
    );
    assert_eq!(variable(with(derivation, json!({"mode": "none"}))), None);
    assert_eq!(variable(without("/execution/determinism")), None);
}
