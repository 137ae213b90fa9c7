//! Which files of a candidate count, and what is undone.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod fixture;

use fixture::{surface, tree};
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_protocol::surface::{DifferenceKind, HARD_DENY, Surface, compose};
use proptest::prelude::*;

fn files(tree: &Tree) -> Vec<(String, String)> {
    tree.iter()
        .map(|(path, node)| {
            let content = match node {
                Node::File { content, .. } => String::from_utf8(content.to_vec()).unwrap(),
                Node::Symlink { target } => format!("->{target}"),
            };
            (path.to_string(), content)
        })
        .collect()
}

fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(path, content)| (path.to_string(), content.to_string()))
        .collect()
}

#[track_caller]
fn check(
    globs: (&[&str], &[&str], &[&str]),
    snapshot: &[(&str, &str)],
    harness: &[(&str, &str)],
    submission: &[(&str, &str)],
    expected: &[(&str, &str)],
    differences: &[(&str, DifferenceKind)],
) {
    let protocol = surface(globs.0, globs.1, globs.2);
    let composition = compose(&tree(snapshot), &tree(harness), Some(&tree(submission)), &protocol).unwrap();
    assert_eq!(files(&composition.tree), pairs(expected));
    let found: Vec<(&str, DifferenceKind)> = composition
        .differences
        .iter()
        .map(|difference| (difference.path.as_str(), difference.kind))
        .collect();
    assert_eq!(found, differences);
}

#[test]
fn inside_the_surface_everything_is_the_submissions() {
    check(
        (&["src/**"], &[], &[]),
        &[("bench.py", "b"), ("src/a", "1"), ("src/gone", "1")],
        &[],
        &[("bench.py", "b"), ("src/a", "2"), ("src/new/x", "3")],
        &[("bench.py", "b"), ("src/a", "2"), ("src/new/x", "3")],
        &[],
    );
}

#[test]
fn outside_the_surface_everything_is_the_projects_and_differences_are_recorded() {
    check(
        (&["src/**"], &[], &[]),
        &[
            ("a", "1"),
            ("b", "1"),
            ("link", "->a"),
            ("src/x", "1"),
            ("was_dir/x", "1"),
            ("was_file", "1"),
        ],
        &[],
        &[
            ("a", "2"),
            ("added", "!"),
            ("link", "2"),
            ("src/x", "2"),
            ("was_dir", "!"),
            ("was_file/x", "!"),
        ],
        &[
            ("a", "1"),
            ("b", "1"),
            ("link", "->a"),
            ("src/x", "2"),
            ("was_dir/x", "1"),
            ("was_file", "1"),
        ],
        &[
            ("a", DifferenceKind::Changed),
            ("added", DifferenceKind::Added),
            ("b", DifferenceKind::Deleted),
            ("link", DifferenceKind::KindChanged),
            ("was_dir", DifferenceKind::KindChanged),
            ("was_dir/x", DifferenceKind::Deleted),
            ("was_file", DifferenceKind::Deleted),
            ("was_file/x", DifferenceKind::KindChanged),
        ],
    );
}

#[test]
fn a_mode_is_a_difference() {
    let node = |executable| Node::File {
        executable,
        content: "x".into(),
    };
    let one = |executable| {
        let mut tree = Tree::new();
        tree.insert(TreePath::new("run.sh").unwrap(), node(executable)).unwrap();
        tree
    };
    let protocol = surface(&["src/**"], &[], &[]);
    let composition = compose(
        &one(Executable::No),
        &Tree::new(),
        Some(&one(Executable::Yes)),
        &protocol,
    )
    .unwrap();
    assert_eq!(composition.tree, one(Executable::No));
    assert_eq!(composition.differences[0].kind, DifferenceKind::Changed);
}

#[test]
fn the_harness_is_laid_over_and_no_difference_of_the_candidates() {
    check(
        (&["**"], &[], &[]),
        &[("bench.py", "old"), ("src/a", "1")],
        &[("bench.py", "new"), ("data/x", "d")],
        &[("bench.py", "old"), ("src/a", "2")],
        &[("bench.py", "new"), ("data/x", "d"), ("src/a", "2")],
        &[],
    );
    check(
        (&["**"], &[], &[]),
        &[("bench.py", "old")],
        &[("bench.py", "new")],
        &[("bench.py", "mine")],
        &[("bench.py", "new")],
        &[("bench.py", DifferenceKind::Changed)],
    );
}

#[test]
fn a_harness_file_wins_over_a_snapshots_directory_and_the_other_way_round() {
    check(
        (&["src/**"], &[], &[]),
        &[("a/x", "1"), ("b", "1")],
        &[("a", "h"), ("b/y", "h")],
        &[],
        &[("a", "h"), ("b/y", "h")],
        &[],
    );
}

#[test]
fn forbidden_and_immutable_win_over_allowed() {
    check(
        (&["**"], &["secret*"], &["tests/**"]),
        &[("secret.txt", "s"), ("tests/t.py", "t")],
        &[],
        &[
            ("deep/secret.txt", "!"),
            ("secret.txt", "!"),
            ("tests/t.py", "!"),
            ("tests/u.py", "!"),
        ],
        &[("secret.txt", "s"), ("tests/t.py", "t")],
        &[
            ("deep/secret.txt", DifferenceKind::Added),
            ("secret.txt", DifferenceKind::Changed),
            ("tests/t.py", DifferenceKind::Changed),
            ("tests/u.py", DifferenceKind::Added),
        ],
    );
}

#[test]
fn a_link_or_a_file_cannot_take_the_place_of_a_protected_directory() {
    for taken in ["->src", "!"] {
        check(
            (&["*"], &[], &["tests/**"]),
            &[("src/a", "1"), ("tests/t.py", "t")],
            &[("data/x", "d")],
            &[("data", taken), ("src/a", "1"), ("tests", taken)],
            &[("data/x", "d"), ("src/a", "1"), ("tests/t.py", "t")],
            &[
                ("data", DifferenceKind::KindChanged),
                ("tests", DifferenceKind::KindChanged),
                ("tests/t.py", DifferenceKind::Deleted),
            ],
        );
    }
}

#[test]
fn nothing_is_laid_beneath_a_protected_link() {
    check(
        (&["data/**"], &[], &["data"]),
        &[("data", "->store"), ("store/x", "s")],
        &[],
        &[("data/x", "!"), ("store/x", "s")],
        &[("data", "->store"), ("store/x", "s")],
        &[
            ("data", DifferenceKind::Deleted),
            ("data/x", DifferenceKind::KindChanged),
        ],
    );
}

#[test]
fn without_a_submission_the_tree_is_the_projects() {
    let protocol = surface(&["**"], &[], &[]);
    let composition = compose(&tree(&[("a", "1")]), &tree(&[("b", "2")]), None, &protocol).unwrap();
    assert_eq!(files(&composition.tree), pairs(&[("a", "1"), ("b", "2")]));
    assert!(composition.differences.is_empty());
}

#[test]
fn globs_match_the_full_path_or_the_last_component() {
    let reach = Surface::of(&surface(&["train.py", "src/*"], &["vendor"], &["ju?ge"]));
    let mutable = |path: &str| reach.is_mutable(&TreePath::new(path).unwrap());
    for path in ["train.py", "lib/train.py", "src/a", "src/a/b/c"] {
        assert!(mutable(path), "{path}");
    }
    for path in [
        "other.py",
        "src",
        "src/vendor",
        "vendor/train.py",
        "judge/train.py",
        "judge/a/train.py",
    ] {
        assert!(!mutable(path), "{path}");
    }
}

#[test]
fn no_protocol_opens_what_tools_run_by_themselves() {
    let reach = Surface::of(&surface(&["*", ".git/**", ".envrc"], &[], &[]));
    let denied = [
        ".git",
        ".git/config",
        "sub/.git/config",
        "sub/.git",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".gitlab/x",
        ".husky/pre-commit",
        ".envrc",
        "deep/.envrc",
        ".envrc.local",
        ".direnv/x",
        ".vscode/tasks.json",
        ".vscode/launch.json",
        ".idea/runConfigurations/x.xml",
    ];
    for path in denied {
        assert!(!reach.is_mutable(&TreePath::new(path).unwrap()), "{path}");
    }
    assert!(reach.is_mutable(&TreePath::new(".github/dependabot.yml").unwrap()));
    assert_eq!(HARD_DENY.len(), 14);
}

#[test]
fn another_spelling_of_a_protected_path_is_left_out() {
    let alias = DifferenceKind::Alias;
    check(
        (&["*"], &["secret*"], &["caf\u{e9}/**"]),
        &[("bench.py", "b"), ("caf\u{e9}/t", "t"), ("tests/t.py", "t")],
        &[("data/x", "d")],
        &[
            (".GIT/config", "!"),
            (".g\u{200c}it/config", "!"),
            ("Data/x", "!"),
            ("SECRET.txt", "!"),
            ("bench.py", "b"),
            ("cafe\u{301}/t", "!"),
            ("data/x", "d"),
            ("\u{ff42}ench.py", "kept"),
        ],
        &[
            ("bench.py", "b"),
            ("caf\u{e9}/t", "t"),
            ("data/x", "d"),
            ("\u{ff42}ench.py", "kept"),
        ],
        &[
            (".GIT/config", alias),
            (".g\u{200c}it/config", alias),
            ("Data/x", alias),
            ("SECRET.txt", alias),
            ("cafe\u{301}/t", alias),
            ("caf\u{e9}/t", DifferenceKind::Deleted),
        ],
    );
}

#[test]
fn another_spelling_of_a_mutable_path_and_the_projects_own_spellings_are_no_aliases() {
    check(
        (&["src/*", "*.md"], &["README.txt"], &[]),
        &[
            ("README.txt", "r"),
            ("readme.md", "1"),
            ("src/A", "1"),
            ("src/a", "1"),
            ("src/judge", "j"),
        ],
        &[],
        &[("README.md", "2"), ("src/A", "2"), ("src/a", "2"), ("src/Judge", "2")],
        &[
            ("README.md", "2"),
            ("README.txt", "r"),
            ("src/A", "2"),
            ("src/Judge", "2"),
            ("src/a", "2"),
        ],
        &[("README.txt", DifferenceKind::Deleted)],
    );
}

#[test]
fn a_pattern_with_a_set_protects_no_other_spelling() {
    check(
        (&["*"], &["[A-Z]*"], &[]),
        &[("a", "1")],
        &[],
        &[("Bench", "!"), ("a", "1"), ("bench", "2")],
        &[("a", "1"), ("bench", "2")],
        &[("Bench", DifferenceKind::Added)],
    );
}

#[test]
fn what_leads_to_a_submodule_is_undone() {
    check(
        (&["*"], &[], &[]),
        &[(".gitmodules", "own"), ("src/a", "1")],
        &[],
        &[
            (".gitmodules", "theirs"),
            ("sub/.git", "gitdir: ../x"),
            ("sub/.gitmodules", "!"),
            ("sub/a", "2"),
        ],
        &[(".gitmodules", "own"), ("sub/a", "2")],
        &[
            (".gitmodules", DifferenceKind::Changed),
            ("sub/.git", DifferenceKind::Added),
            ("sub/.gitmodules", DifferenceKind::Added),
        ],
    );
}

#[test]
fn a_path_through_a_linked_directory_has_no_place_in_any_tree() {
    let mut submission = tree(&[("src", "->tests")]);
    let through = TreePath::new("src/t.py").unwrap();
    let file = Node::File {
        executable: Executable::No,
        content: "!".into(),
    };
    assert!(submission.insert(through, file).is_err());
    check(
        (&["src/**", "src"], &[], &["tests/**"]),
        &[("src/a", "1"), ("tests/t.py", "t")],
        &[],
        &[("src", "->tests"), ("tests/t.py", "!")],
        &[("src", "->tests"), ("tests/t.py", "t")],
        &[("tests/t.py", DifferenceKind::Changed)],
    );
}

#[test]
fn a_hard_link_is_refused_before_there_is_a_tree() {
    let mut header = [0_u8; 1024 + 512];
    header[..5].copy_from_slice(b"src/a");
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(b"00000000000");
    header[156] = b'1';
    header[157..165].copy_from_slice(b"bench.py");
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let refused =
        orv_content::archive::read(header.to_vec().into(), &orv_content::archive::Quota::image()).unwrap_err();
    assert!(refused.to_string().contains("link"), "{refused}");
}

/// Trees with files, links and other spellings, so that kinds and names collide.
fn any_tree() -> impl Strategy<Value = Tree> {
    let path = "(src|Src|tests|TESTS|data|da\u{200c}ta|[ab])(/(x|X|\u{ff58}|y|src|tests|\\.git)){0,2}";
    proptest::collection::vec((path, prop_oneof!["[0-2]", "->(src|tests|x)"]), 0..12).prop_map(|files| {
        let mut tree = Tree::new();
        for (path, content) in files {
            let node = match content.strip_prefix("->") {
                Some(target) => Node::Symlink {
                    target: target.to_owned(),
                },
                None => Node::File {
                    executable: Executable::No,
                    content: content.into(),
                },
            };
            let _ = tree.insert(TreePath::new(path).unwrap(), node);
        }
        tree
    })
}

proptest! {
    #[test]
    fn outside_the_surface_no_submission_changes_the_tree(snapshot in any_tree(), harness in any_tree(), submission in any_tree()) {
        let protocol = surface(&["src/**", "x", "*.git", "a"], &["*y"], &["src/tests/**", "tests"]);
        let reach = Surface::of(&protocol);
        let own = compose(&snapshot, &harness, None, &protocol).unwrap().tree;
        let composed = compose(&snapshot, &harness, Some(&submission), &protocol).unwrap();
        let mutable = |path: &TreePath| reach.is_mutable(path) && harness.get(path).is_none();
        for (path, node) in own.iter().filter(|(path, _)| !mutable(path)) {
            prop_assert_eq!(composed.tree.get(path), Some(node));
        }
        for (path, node) in composed.tree.iter() {
            let expected = if mutable(path) { submission.get(path) } else { own.get(path) };
            prop_assert_eq!(expected, Some(node));
        }
        // What is the submission's and is not there was recorded, or is the project's own before the harness.
        for (path, _) in submission.iter().filter(|(path, _)| composed.tree.get(path).is_none()) {
            prop_assert!(composed.differences.iter().any(|difference| difference.path == *path) || snapshot.get(path).is_some());
        }
        // Every difference is one, and none is recorded twice.
        for pair in composed.differences.windows(2) {
            prop_assert!(pair[0].path < pair[1].path);
        }
        for difference in &composed.differences {
            prop_assert_ne!(submission.get(&difference.path), composed.tree.get(&difference.path));
        }
    }

    #[test]
    fn the_snapshot_submitted_unchanged_is_the_snapshot(snapshot in any_tree(), harness in any_tree()) {
        let protocol = surface(&["src/**", "x"], &["*y"], &["src/tests/**", "tests"]);
        let own = compose(&snapshot, &harness, None, &protocol).unwrap().tree;
        let composed = compose(&snapshot, &harness, Some(&snapshot), &protocol).unwrap();
        prop_assert_eq!(composed.tree, own);
    }
}
