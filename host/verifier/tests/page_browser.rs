//! The page in a real browser: what it shows, that it refreshes, that nothing of a stranger's runs, that it fits a phone,
//! and that the picture in docs/operations is what it looks like.
//!
//! `./dev test page --update` takes the picture and the outline anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod page_support;

use orv_verifier::Observer;
use page_support::{Served, busy, serve, trials};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Longest wait for one answer of the browser's driver.
const PATIENCE: Duration = Duration::from_secs(400);

/// Pictures in docs/operations, and their widths.
const PICTURES: [(&str, u64); 2] = [("page.png", 1280), ("page-phone.png", 360)];

/// How far a height may be from the committed picture's, in parts of a hundred: fonts differ between machines.
const TOLERANCE: u64 = 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// `tests/page/drive.mjs`, which answers each command with one line.
struct Browser {
    _program: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    fn start(served: &Served, pictures: &Path) -> Self {
        let folder = root().join("tests/page");
        assert!(
            folder.join("node_modules/playwright-core").exists(),
            "the browser's driver is missing: run `npm ci --ignore-scripts` in tests/page"
        );
        let mut program = Command::new("node")
            .arg(folder.join("drive.mjs"))
            .arg(format!("http://{}", served.address))
            .arg(pictures)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let commands = program.stdin.take().unwrap();
        let answers = BufReader::new(program.stdout.take().unwrap()).lines();
        Self {
            _program: program,
            commands,
            answers,
        }
    }

    async fn send(&mut self, command: &str) -> Value {
        self.commands
            .write_all(format!("{command}\n").as_bytes())
            .await
            .unwrap();
        let line = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let line = line.expect("the browser answers in time").unwrap();
        let line = line.expect("the browser's driver ended: is chromium installed (./dev test page)?");
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(
            answer.get("error").is_none(),
            "{command}: {}",
            answer["error"].as_str().unwrap()
        );
        answer
    }
}

/// Width and height of a PNG file.
fn size_of(picture: &Path) -> (u64, u64) {
    let bytes = std::fs::read(picture).unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
    assert_eq!(bytes.get(..8), Some(&b"\x89PNG\r\n\x1a\n"[..]), "{}", picture.display());
    let number = |at: usize| u64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
    (number(16), number(20))
}

fn updates() -> bool {
    std::env::var_os("ORV_PAGE_UPDATE").is_some()
}

/// Every picture, the dark one too, for whoever wants to look.
fn keep_pictures(taken: &Path, folder: &Path) {
    for entry in std::fs::read_dir(taken).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "png") {
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The committed pictures have the size that the page has today; its content is compared as an outline.
fn compare_pictures(taken: &Path) {
    for (name, width) in PICTURES {
        let committed = root().join("docs/operations").join(name);
        if updates() {
            std::fs::copy(taken.join(name), &committed).unwrap();
        }
        let (today, shown) = (size_of(&taken.join(name)), size_of(&committed));
        assert_eq!((today.0, shown.0), (width, width), "{name}");
        let difference = today.1.abs_diff(shown.1) * 100 / shown.1;
        assert!(
            difference <= TOLERANCE,
            "{name} is {} high, the page is {}: ./dev test page --update",
            shown.1,
            today.1
        );
    }
}

#[tokio::test]
async fn the_page_is_what_its_picture_shows_refreshes_and_runs_nothing_of_a_strangers() {
    let served = serve().await;
    busy(&served.board);
    let taken = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&served, taken.path());

    let outline = browser.send("outline").await;
    insta::with_settings!({ snapshot_path => "../../../docs/operations", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("page", outline["outline"].as_str().unwrap());
    });
    assert_eq!(outline["title"], "Verifier \u{b7} orv");

    // What strangers wrote is on three pages, as text.
    let hostile = browser.send("hostile").await;
    assert_eq!(hostile, json!({ "broken": false, "scripts": 1, "shown": 3 }));

    let phone = browser.send("phone").await;
    for (place, width) in phone["widths"].as_object().unwrap() {
        assert_eq!(*width, 360, "{place} scrolls sideways on a phone");
    }
    browser.send("pictures").await;
    if let Some(folder) = std::env::var_os("ORV_PAGE_PICTURES") {
        keep_pictures(taken.path(), Path::new(&folder));
    }
    compare_pictures(taken.path());

    // The same without a script, but for what the script adds by itself.
    let still = browser.send("without-script").await;
    assert_eq!(still["outline"], outline["outline"]);

    served.board.notice(&trials(23, 31));
    let refreshed = browser.send("await 31 of 52 trials").await;
    assert_eq!(
        refreshed["found"], true,
        "the page shows what happened without being loaded again"
    );

    let offline = browser.send("offline").await;
    assert_eq!(offline, json!({ "told": true, "gone": true }));

    let ended = browser.send("end").await;
    assert_eq!(ended["complaints"], json!([]), "the console stays empty");
}
