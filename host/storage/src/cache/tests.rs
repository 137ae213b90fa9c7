use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use orv_content::merkle::root_of;

use super::*;

fn stored(cache: &Cache, content: &[u8]) -> (Name, VerifiedFile) {
    let partial = cache.begin().unwrap();
    partial.write_at(content, 0).unwrap();
    let name = Name::Root(root_of(content).unwrap());
    let identity = partial.identity(&name).unwrap().unwrap();
    assert!(identity.is(&name));
    let file = partial.keep(&name, &identity).unwrap();
    (name, file)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn kept_content_is_found_by_its_root() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path().join("deep/cache"), 1 << 20).unwrap();
    let (name, file) = stored(&cache, b"content");
    assert_eq!(cache.find(&name).unwrap(), Some(file.clone()));
    assert_eq!(file.read(7).unwrap(), b"content");
    assert!(file.read(6).is_err());
}

#[test]
fn an_altered_file_is_removed_rather_than_served() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1 << 20).unwrap();
    let (name, file) = stored(&cache, b"content");
    fs::write(&file.path, b"CONTENT").unwrap();
    assert_eq!(cache.find(&name).unwrap(), None);
    assert!(!file.path.exists());
}

#[test]
fn what_is_no_file_is_neither_served_nor_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("elsewhere");
    fs::write(&elsewhere, b"content").unwrap();
    let cache = Cache::open(directory.path().join("cache"), 1 << 20).unwrap();
    let name = Name::Root(root_of(b"content").unwrap());
    let path = cache.directory.join(name.file_name());
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(cache.find(&name).unwrap(), None, "it could change while it is read");
    for pipe in [path.clone(), cache.directory.join("x.partial")] {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    assert_eq!(cache.find(&name).unwrap(), None);
    fs::create_dir(cache.directory.join("y.partial")).unwrap();
    Cache::open(&cache.directory, 1 << 20).unwrap();
    assert!(stored(&cache, b"content").1.path.is_file());
}

#[test]
fn a_dropped_partial_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1 << 20).unwrap();
    cache.begin().unwrap().write_at(b"half", 0).unwrap();
    assert!(names(directory.path()).is_empty());
}

#[test]
fn what_was_wanted_longest_ago_makes_room() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 2500).unwrap();
    let (first, file) = stored(&cache, &[1; 1000]);
    drop(file);
    let (second, _) = stored(&cache, &[2; 1000]);
    assert!(cache.find(&first).unwrap().is_some(), "wanted again");
    let (third, _) = stored(&cache, &[3; 1000]);
    let here = |name| cache.find(name).unwrap().is_some();
    assert_eq!((here(&first), here(&second), here(&third)), (true, false, true));
}

#[test]
fn what_is_in_use_is_not_evicted() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1500).unwrap();
    let (_, first) = stored(&cache, &[1; 1000]);
    let (second, file) = stored(&cache, &[2; 1000]);
    assert!(first.path.exists());
    drop((first, file));
    stored(&cache, &[3; 1000]);
    assert!(cache.find(&second).unwrap().is_none());
}

#[test]
fn room_is_made_below_the_limit_too_and_by_what_was_wanted_longest_ago() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1 << 20).unwrap();
    let (first, file) = stored(&cache, &[1; 1000]);
    drop(file);
    let (second, file) = stored(&cache, &[2; 1000]);
    drop(file);
    let (third, used) = stored(&cache, &[3; 1000]);
    let make_room = |bytes, stay| cache.make_room(bytes, Duration::from_secs(stay), SystemTime::now());
    assert_eq!(make_room(0, 0).unwrap(), 0);
    assert_eq!(make_room(1, 600).unwrap(), 0, "what was wanted a moment ago stays");
    assert_eq!(make_room(1, 0).unwrap(), 1000);
    let here = |name| cache.find(name).unwrap().is_some();
    assert_eq!((here(&first), here(&second), here(&third)), (false, true, true));
    assert_eq!(make_room(u64::MAX, 0).unwrap(), 1000, "what is in use stays");
    assert!(used.path.exists());
}

#[test]
fn a_verified_file_can_be_read_after_its_name_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1 << 20).unwrap();
    let (_, file) = stored(&cache, b"content");
    fs::remove_file(&file.path).unwrap();
    assert_eq!(file.read(7).unwrap(), b"content");
}

#[test]
fn only_a_partial_that_nobody_is_at_is_a_left_over() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 1 << 20).unwrap();
    fs::write(directory.path().join("dead.partial"), b"half").unwrap();
    let partial = cache.begin().unwrap();
    Cache::open(directory.path(), 1 << 20).unwrap();
    assert_eq!(names(directory.path()).len(), 1);
    drop(partial);
}

/// Names the directory to the child of the next test, which is this test program once more.
const CHILD: &str = "ORV_STORAGE_TEST_CACHE";

/// Content number `seed`, long enough that a kill hits the middle of it.
fn content(seed: u8) -> Vec<u8> {
    (0..300_000_u32).map(|position| (position % 251) as u8 ^ seed).collect()
}

/// Does nothing unless it is the child: then it keeps and finds content until it is killed.
#[test]
fn child_of_the_killing_test() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let cache = Cache::open(directory, 2_000_000).unwrap();
    for seed in (0..=255).cycle() {
        let (name, file) = stored(&cache, &content(seed));
        drop(file);
        assert!(cache.find(&name).unwrap().is_some());
    }
}

/// Waits until something is in a directory.
fn wait_until_used(directory: &Path) {
    for _ in 0..3000 {
        if !names(directory).is_empty() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("nothing was kept");
}

#[test]
fn a_cache_whose_users_are_killed_at_any_point_serves_nothing_wrong_and_keeps_no_left_over() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..25_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::tests::child_of_the_killing_test"])
            .env(CHILD, directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        if round == 0 {
            wait_until_used(directory.path());
        }
        sleep(Duration::from_micros(20_000 + round * 3_777));
        child.kill().unwrap();
        child.wait().unwrap();
        let cache = Cache::open(directory.path(), 2_000_000).unwrap();
        assert!(names(directory.path()).iter().all(|name| !name.ends_with(ASIDE)));
        for name in names(directory.path()) {
            let found = cache.find(&Name::Root(name.parse().unwrap())).unwrap();
            let bytes = found.expect("what stands under a name is whole").read(300_000).unwrap();
            assert_eq!(bytes, content(bytes[0]));
        }
    }
    assert!(
        !names(directory.path()).is_empty(),
        "no child lived long enough to keep anything"
    );
}
