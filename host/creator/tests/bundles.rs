//! A folder becomes the same bundles wherever and whenever it lies, or is refused with every reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_creator::{Bundles, ImageSource, Problem, ProjectFolder};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/example/project")
}

fn node(content: &'static [u8]) -> Node {
    Node::File {
        executable: Executable::Yes,
        content: Bytes::from_static(content),
    }
}

/// A stand-in for the interpreter: nothing is run here.
fn image() -> ImageSource {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bundles.rs"));
    ImageSource::Files(vec![(file, TreePath::new("bin/lua").unwrap())])
}

fn bundles(folder: &Path) -> Bundles {
    ProjectFolder::read(folder)
        .unwrap()
        .bundles(Some(image().layout().unwrap()))
        .unwrap()
}

fn problems(change: impl FnOnce(&mut ProjectFolder)) -> Vec<String> {
    let mut folder = ProjectFolder::read(&example()).unwrap();
    change(&mut folder);
    let problems = folder.bundles(Some(image().layout().unwrap())).unwrap_err();
    problems
        .iter()
        .map(|problem| format!("{problem:?}").split(['(', ' ']).next().unwrap().to_owned())
        .collect()
}

fn edit(folder: &mut ProjectFolder, path: &str, edit: impl FnOnce(String) -> String) {
    let text = String::from_utf8(folder.benchmark.file(path).unwrap().to_vec()).unwrap();
    let content = Bytes::from(edit(text));
    let node = Node::File {
        executable: Executable::No,
        content,
    };
    folder.benchmark.insert(TreePath::new(path).unwrap(), node).unwrap();
}

/// Copies in reverse order, with other times and an empty folder beside.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("empty")).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.iter().rev() {
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(entry, &target);
        } else {
            fs::copy(entry, &target).unwrap();
            let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
            File::options()
                .write(true)
                .open(&target)
                .unwrap()
                .set_modified(past)
                .unwrap();
        }
    }
}

#[test]
fn times_order_and_empty_folders_do_not_change_the_roots() {
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&example(), elsewhere.path());
    fs::create_dir_all(elsewhere.path().join("repository/.git")).unwrap();
    fs::write(elsewhere.path().join("repository/.git/HEAD"), "ref").unwrap();
    let (one, two) = (bundles(&example()), bundles(elsewhere.path()));
    assert_eq!(one.protocol_root, two.protocol_root);
    assert_eq!(one.snapshot_root, two.snapshot_root);
    assert_eq!(one.benchmark_root, two.benchmark_root);
}

#[test]
fn only_the_zeros_of_the_image_are_replaced() {
    let bundles = bundles(&example());
    let written = fs::read_to_string(example().join("benchmark/openresearch.json")).unwrap();
    let published = String::from_utf8(bundles.benchmark_tree.file("openresearch.json").unwrap().to_vec()).unwrap();
    assert_eq!(
        published,
        written.replace(&format!("sha256:{}", "0".repeat(64)), &bundles.image.to_string())
    );
    assert_eq!(
        bundles.protocol_json,
        fs::read(example().join("protocol.json")).unwrap()
    );
}

#[test]
fn a_layout_gives_the_image_that_its_files_gave() {
    let made = image().layout().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = File::open(folder.path()).unwrap();
    orv_content::materialize::write_beneath(&made.layout, std::os::fd::AsFd::as_fd(&open)).unwrap();
    let read = ImageSource::Layout(folder.path().to_owned()).layout().unwrap();
    assert_eq!(read.digest, made.digest);
}

#[test]
fn without_an_image_the_zeros_are_refused() {
    let folder = ProjectFolder::read(&example()).unwrap();
    let problems = folder.bundles(None).unwrap_err();
    assert!(matches!(problems.as_slice(), [Problem::ImageMissing]), "{problems:?}");
}

#[test]
fn an_image_that_only_a_registry_has_is_refused() {
    let mut folder = ProjectFolder::read(&example()).unwrap();
    edit(&mut folder, "openresearch.json", |text| {
        text.replace(&"0".repeat(64), &"7".repeat(64))
    });
    let problems = folder.bundles(None).unwrap_err();
    assert!(
        matches!(problems.as_slice(), [Problem::ImageNotCarried(_)]),
        "{problems:?}"
    );
}

/// The manifest names the image by a root that is left open as its digest is.
fn by_root(folder: &mut ProjectFolder) {
    edit(folder, "openresearch.json", |text| {
        text.replace(
            "\"image\": {",
            &format!("\"image\": {{ \"root\": \"0x{}\",", "0".repeat(64)),
        )
    });
}

#[test]
fn an_image_by_its_own_root_stands_beside_the_benchmark() {
    let mut folder = ProjectFolder::read(&example()).unwrap();
    by_root(&mut folder);
    let layout = image().layout().unwrap();
    let bundles = folder.bundles(Some(layout.clone())).unwrap();
    let apart = bundles.image_apart.as_ref().unwrap();
    assert_eq!(apart.root, orv_content::merkle::root_of(&apart.archive).unwrap());
    assert_eq!(
        (apart.layout.hash(), bundles.image),
        (layout.layout.hash(), layout.digest)
    );
    assert!(bundles.benchmark_tree.subtree("image").unwrap().is_empty());
    assert_eq!(bundles.documents.project.image.unwrap().root, Some(apart.root));
}

#[test]
fn an_image_by_its_own_root_is_needed_here_and_has_to_be_that_one() {
    let mut folder = ProjectFolder::read(&example()).unwrap();
    by_root(&mut folder);
    let missing = folder.bundles(None).unwrap_err();
    assert!(
        missing
            .iter()
            .any(|problem| matches!(problem, Problem::ImageMissing | Problem::ImageByRoot(_))),
        "{missing:?}"
    );
    let other = problems(|folder| {
        by_root(folder);
        edit(folder, "openresearch.json", |text| {
            text.replace(&format!("0x{}", "0".repeat(64)), &format!("0x{}", "5".repeat(64)))
        });
    });
    assert_eq!(other, ["ImageRootDiffers"]);
}

#[test]
fn more_time_is_never_better() {
    let told = problems(|folder| {
        edit(folder, "openresearch.json", |text| {
            text.replace("\"max_jump\": \"10\"", "\"source\": \"window-time\"")
        });
        let protocol = String::from_utf8(folder.protocol_json.clone()).unwrap();
        folder.protocol_json = protocol.replace("\"minimize\"", "\"maximize\"").into_bytes();
    });
    assert_eq!(told, ["MoreTimeIsBetter"]);
}

#[test]
fn an_image_other_than_the_pinned_one_is_refused() {
    let found = problems(|folder| {
        edit(folder, "openresearch.json", |text| {
            text.replace(&"0".repeat(64), &"7".repeat(64))
        });
    });
    assert_eq!(found, ["ImageDiffers"]);
}

#[test]
fn every_problem_is_named_not_only_the_first() {
    let mut found = problems(|folder| {
        folder.repository = Tree::new();
        folder.protocol_json = b"{}".to_vec();
        folder
            .benchmark
            .insert(TreePath::new("notes.txt").unwrap(), node(b"x"))
            .unwrap();
    });
    found.dedup();
    assert_eq!(found, ["Unexpected", "EmptyRepository", "Protocol"]);
}

#[test]
fn a_protocol_is_explained_whole_as_orv_protocol_check_does() {
    let mut folder = ProjectFolder::read(&example()).unwrap();
    let protocol = String::from_utf8(folder.protocol_json.clone()).unwrap();
    let broken = protocol
        .replace("\"minimize\"", "\"lower\"")
        .replace("\"hardTimeoutSeconds\": 10", "\"hardTimeoutSeconds\": 0");
    folder.protocol_json = broken.into_bytes();
    let problems = folder.bundles(None).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let of = |path: &str| {
        let start = format!("protocol.json: {path}: ");
        told.iter()
            .any(|told| told.starts_with(&start) && told.contains("; do: "))
    };
    assert!(
        of("execution.hardTimeoutSeconds") && of("measurement.primaryMetric.direction"),
        "{told:?}"
    );
}

#[test]
fn a_split_project_needs_a_judge_and_miners_need_something_to_change() {
    let found = problems(|folder| {
        let judge: Vec<_> = folder.benchmark.iter().map(|(path, _)| path.clone()).collect();
        for path in judge.iter().filter(|path| path.as_str().starts_with("judge/")) {
            folder.benchmark.remove(path);
        }
        folder.repository.remove(&TreePath::new("pack.lua").unwrap());
    });
    assert_eq!(found, ["NoJudge", "NothingMutable"]);
}

#[test]
fn a_snapshot_above_the_bound_for_candidates_is_refused() {
    let found = problems(|folder| {
        edit(folder, "openresearch.json", |text| {
            text.replace(
                "\"judge\":",
                "\"sizes\": {\"candidate_bytes\": 10, \"candidate_entries\": 1},\n  \"judge\":",
            )
        });
    });
    assert_eq!(found, ["AboveOwnBound", "AboveOwnBound"]);
}
