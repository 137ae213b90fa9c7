//! A command that a document shows is one: its words and options are known, in that order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod orv;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orv::Home;

/// Folders whose files are made or fetched and not ours.
const NOT_OURS: &[&str] = &["target", "node_modules", ".git"];

/// What stands for a hash, a root or a measurement in a document, each alone or as one of several.
const HASHES: &[&str] = &["ROOT", "HASH", "HEX", "0x…"];

/// Every Markdown file below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.as_ref().unwrap().file_name());
        if entry.unwrap().file_type().unwrap().is_dir() {
            if !NOT_OURS.iter().any(|folder| name == *folder) {
                found.extend(pages(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The lines between fences, and what stands in backticks beside them.
fn shown(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 1 {
            lines.extend(part.replace("\\\n", " ").lines().map(str::to_owned));
        } else {
            lines.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    lines
}

/// The words behind `orv`; none where the line is something else, or nothing is asked of it.
fn words(line: &str) -> Option<Vec<String>> {
    let before = |word: &&str| ["sudo", "-E"].contains(word) || word.contains('=');
    let mut words = line.split_whitespace().skip_while(before);
    if words.next()?.trim_start_matches("target/debug/") != "orv" {
        return None;
    }
    let ends = |word: &&str| ["#", ">", "|", "&&"].contains(word);
    let words: Vec<String> = words.take_while(|word| !ends(word)).map(filled).collect();
    (!words.is_empty()).then_some(words)
}

/// A word with something in the place of what a reader has to fill in.
fn filled(word: &str) -> String {
    let hash = format!("0x{}", "1".repeat(64));
    match word.split('|').next().unwrap() {
        first if HASHES.contains(&first) => hash,
        "SIZE" => "1".to_owned(),
        first if first.starts_with("0x") => hash,
        first => first.to_owned(),
    }
}

#[test]
fn every_command_in_the_documents_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let home = Home::new();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for page in pages(root) {
        let lines = shown(&std::fs::read_to_string(&page).unwrap());
        for words in lines.iter().filter_map(|line| words(line)) {
            let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "…").collect();
            // Help comes before what is missing, and after what is unknown. A last option may be named without its value.
            let is_one = |more: &[&str]| home.text(&[&words, more].concat()).status == 0;
            if !is_one(&["--help"]) && !is_one(&["1", "--help"]) {
                wrong.push(format!("{}: orv {}", page.display(), words.join(" ")));
            }
            seen.insert(words.join(" "));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen.len() > 30, "only {seen:?}");
}

/// Every `.rs` file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| sources(folder));
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files.into_iter().filter(rust).chain(below).collect()
}

#[test]
fn every_document_that_orv_prints_is_in_the_formats() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let formats = std::fs::read_to_string(here.join("../../docs/formats.md")).unwrap();
    let mut schemas = BTreeSet::new();
    for path in sources(&here.join("src")) {
        let text = std::fs::read_to_string(path).unwrap();
        let quoted = text.split('"').skip(1).step_by(2).map(str::to_owned);
        schemas.extend(quoted.filter(|word| word.starts_with("orv.") && word.contains('/') && !word.contains(' ')));
    }
    let absent: Vec<_> = schemas
        .iter()
        .filter(|schema| !formats.contains(&format!("`{schema}`")))
        .collect();
    assert!(absent.is_empty(), "{absent:?}");
    assert!(schemas.len() > 15, "only {schemas:?}");
}
