//! Unified diffs are read strictly and applied exactly.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use bytes::Bytes;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_miner::patch::{ApplyError, Patch, PatchError};
use proptest::prelude::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, content) in files {
        let content = Bytes::copy_from_slice(content.as_bytes());
        tree.insert(
            TreePath::new(*path).unwrap(),
            Node::File {
                executable: Executable::No,
                content,
            },
        )
        .unwrap();
    }
    tree
}

fn patched(patch: &str, files: &[(&str, &str)]) -> Result<Tree, ApplyError> {
    Patch::parse(patch.as_bytes()).unwrap().apply(&tree(files))
}

fn refused(patch: &str) -> PatchError {
    Patch::parse(patch.as_bytes()).unwrap_err()
}

#[test]
fn a_git_diff_changes_creates_and_deletes() {
    let patch = "diff --git a/one.txt b/one.txt\nindex 1..2 100644\n--- a/one.txt\n+++ b/one.txt\n@@ -1,3 +1,3 @@ section\n a\n-b\n+B\n c\n\
        diff --git a/run.sh b/run.sh\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/run.sh\n@@ -0,0 +1 @@\n+go\n\
        diff --git a/old b/old\ndeleted file mode 100644\nindex 1..0\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";
    let changed = patched(patch, &[("one.txt", "a\nb\nc\n"), ("old", "gone\n"), ("kept", "k")]).unwrap();
    assert_eq!(changed.file("one.txt").unwrap().as_ref(), b"a\nB\nc\n");
    let script = changed.get(&TreePath::new("run.sh").unwrap()).unwrap();
    assert!(matches!(script, Node::File { executable: Executable::Yes, content } if content.as_ref() == b"go\n"));
    assert!(changed.file("old").is_none() && changed.file("kept").is_some());
}

#[test]
fn a_plain_diff_with_times_behind_the_names_is_read() {
    let patch = "diff -u -r a/x y/x\n--- a/x\t2026-01-01 00:00:00\n+++ b/x\t2026-01-02 00:00:00\n@@ -2 +2,2 @@\n-two\n+2\n+3\nOnly in b: z\n";
    let changed = patched(patch, &[("x", "one\ntwo\n")]).unwrap();
    assert_eq!(changed.file("x").unwrap().as_ref(), b"one\n2\n3\n");
}

#[test]
fn a_mailed_patch_with_a_signature_is_read() {
    let patch = "From 1 Mon\nSubject: x\n\n---\n x | 2 +-\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.2\n\n";
    assert_eq!(
        patched(patch, &[("x", "a\n")]).unwrap().file("x").unwrap().as_ref(),
        b"b\n"
    );
}

#[test]
fn the_missing_line_end_of_either_side_is_kept() {
    let gained = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";
    assert_eq!(
        patched(gained, &[("x", "a")]).unwrap().file("x").unwrap().as_ref(),
        b"a\n"
    );
    let lost = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n";
    assert_eq!(
        patched(lost, &[("x", "a\n")]).unwrap().file("x").unwrap().as_ref(),
        b"a"
    );
}

#[test]
fn nothing_is_searched_for_a_hunk_stands_at_its_line() {
    let patch = "--- a/x\n+++ b/x\n@@ -2 +2 @@\n-b\n+B\n";
    let shifted = patched(patch, &[("x", "0\na\nb\n")]).unwrap_err();
    assert!(
        matches!(shifted, ApplyError::Differs { line: 2, ref expected, ref found, .. } if expected == "b" && found == "a")
    );
    let short = patched(patch, &[("x", "a\n")]).unwrap_err();
    assert!(matches!(short, ApplyError::BeyondEnd { line: 2, .. }));
    let misplaced = patched("--- a/x\n+++ b/x\n@@ -2 +5 @@\n-b\n+B\n", &[("x", "a\nb\n")]).unwrap_err();
    assert!(matches!(
        misplaced,
        ApplyError::Misplaced {
            stated: 5,
            found: 2,
            ..
        }
    ));
}

#[test]
fn files_must_be_there_or_not_be_there() {
    let create = "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n";
    assert!(matches!(patched(create, &[("x", "a\n")]), Err(ApplyError::Exists(_))));
    let modify = "--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n";
    assert!(matches!(patched(modify, &[("x", "a\n")]), Err(ApplyError::NoFile(_))));
    let delete = "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
    assert!(matches!(
        patched(delete, &[("x", "a\nb\n")]),
        Err(ApplyError::NotEmptied(_))
    ));
}

#[test]
fn what_is_not_applied_is_refused_by_name() {
    let change = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    assert_eq!(refused("just words\n"), PatchError::NoChange);
    assert!(matches!(
        refused("rename from a\nrename to b\n"),
        PatchError::Unsupported { line: 1, .. }
    ));
    assert!(matches!(refused("GIT binary patch\n"), PatchError::Unsupported { .. }));
    assert!(matches!(
        refused("new file mode 120000\n"),
        PatchError::Unsupported { .. }
    ));
    let mode = format!("diff --git a/y b/y\nold mode 100644\nnew mode 100755\ndiff --git a/x b/x\n{change}");
    assert!(matches!(refused(&mode), PatchError::WithoutHunks { line: 3 }));
    assert!(matches!(
        refused(&change.replace("b/x", "b/y")),
        PatchError::Renamed { .. }
    ));
    assert!(matches!(
        refused(&change.replace("/x", "/../x")),
        PatchError::Path { line: 1, .. }
    ));
    assert!(matches!(
        refused(&change.replace("a/x", "x")),
        PatchError::NoTopFolder { .. }
    ));
    assert!(matches!(refused(&change.repeat(2)), PatchError::Twice { line: 6, .. }));
    assert!(matches!(
        refused(&change.replace("@@ -1 ", "@@ -x ")),
        PatchError::Malformed { line: 3, .. }
    ));
}

#[test]
fn a_hunk_with_other_lines_than_its_header_says_is_refused() {
    for patch in [
        "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n?a\n",
    ] {
        assert!(matches!(refused(patch), PatchError::HunkLength { .. }), "{patch}");
    }
    let overlap = "--- a/x\n+++ b/x\n@@ -2 +2 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n";
    assert!(matches!(refused(overlap), PatchError::HunkOrder { line: 6 }));
}

/// The whole file as one hunk, or what lies between the common beginning and end with up to three lines around it.
fn diff(old: &str, new: &str) -> Option<String> {
    let lines = |text: &'static str| text.split_inclusive('\n').collect::<Vec<_>>();
    let (old, new) = (lines(old.to_owned().leak()), lines(new.to_owned().leak()));
    if old == new {
        return None;
    }
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..]
        .iter()
        .rev()
        .zip(new[head..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (before, after) = (head.min(3), tail.min(3));
    let (start, old_end, new_end) = (head - before, old.len() - tail, new.len() - tail);
    let (old_length, new_length) = (old_end - start + after, new_end - start + after);
    let span = |length: usize| format!("{},{length}", if length == 0 { start } else { start + 1 });
    let mut text = format!("--- a/x\n+++ b/x\n@@ -{} +{} @@\n", span(old_length), span(new_length));
    let sides = [
        (' ', &old[start..head]),
        ('-', &old[head..old_end]),
        ('+', &new[head..new_end]),
        (' ', &old[old_end..old_end + after]),
    ];
    for (sign, lines) in sides {
        for line in lines {
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    Some(text)
}

proptest! {
    #[test]
    fn a_difference_turns_the_old_file_into_the_new(old in "([a-c+ -]{0,2}\n){0,9}[ab]{0,1}", new in "([a-c+ -]{0,2}\n){0,9}[ab]{0,1}") {
        if let Some(patch) = diff(&old, &new) {
            let changed = patched(&patch, &[("x", &old)]).unwrap();
            prop_assert_eq!(changed.file("x").unwrap().as_ref(), new.as_bytes(), "{}", patch);
        }
    }

    #[test]
    fn reading_and_applying_never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(patch) = Patch::parse(&bytes) {
            let _ = patch.apply(&tree(&[("x", "a\nb\n")]));
        }
    }

    #[test]
    fn reading_and_applying_never_panics_on_damaged_patches(
        cut in 0usize..120, with in "[-+ @0-9,\n]{0,6}", old in "([ab]\n){0,4}",
    ) {
        let whole = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n a\n@@ -9 +9,0 @@\n-b\n";
        let cut = cut.min(whole.len());
        let damaged = format!("{}{with}{}", &whole[..cut], &whole[(cut + with.len()).min(whole.len())..]);
        if let Ok(patch) = Patch::parse(damaged.as_bytes()) {
            let _ = patch.apply(&tree(&[("x", &old)]));
        }
    }
}
