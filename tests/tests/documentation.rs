//! Documents point at things that exist: every relative link, every path of this repository in backticks, every
//! decision by a number that is its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders whose files are made or fetched and not ours.
const NOT_OURS: &[&str] = &["target", "node_modules", ".git"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every Markdown file below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.iter().any(|folder| name == *folder) {
                found.extend(pages(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The lines of a page that are text, not examples between fences.
fn prose(page: &str) -> String {
    let parts = page.split("```").step_by(2);
    parts.collect::<Vec<_>>().join("\n")
}

/// What stands in `](…)`, without its anchor; nothing that leads elsewhere.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.map(|target| target.split('#').next().unwrap());
    paths
        .filter(|path| !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:"))
        .collect()
}

/// What stands in backticks and reads like a path of this repository: it begins with one of the names at its top.
fn named_paths<'a>(text: &'a str, top: &BTreeSet<String>) -> Vec<&'a str> {
    let spans = text.split('`').skip(1).step_by(2);
    let of_a_path = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    spans
        .filter(|span| span.contains('/') && span.chars().all(of_a_path))
        .filter(|span| top.contains(span.split('/').next().unwrap()))
        .collect()
}

/// Names at the top of the repository, without what is made there.
fn top() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !NOT_OURS.contains(&name.as_str())).collect()
}

/// What of a page leads nowhere.
fn dead_ends(page: &Path, text: &str) -> Vec<String> {
    let (text, folder) = (prose(text), page.parent().unwrap());
    let top = top();
    let links = links(&text).into_iter().filter(|path| !folder.join(path).exists());
    let paths = named_paths(&text, &top).into_iter();
    let paths = paths.filter(|path| !root().join(path).exists() && !folder.join(path).exists());
    links
        .chain(paths)
        .map(|path| format!("{}: {path}", page.display()))
        .collect()
}

#[test]
fn every_link_and_every_path_in_the_documents_exists() {
    let pages = pages(root());
    assert!(pages.len() > 30, "only {} pages were found", pages.len());
    let read = |page: &PathBuf| dead_ends(page, &std::fs::read_to_string(page).unwrap());
    let dead: Vec<_> = pages.iter().flat_map(read).collect();
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_decision_has_a_number_of_its_own_and_a_row_in_the_index() {
    let folder = root().join("docs/decisions");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut numbers = BTreeSet::new();
    for page in pages(&folder) {
        let name = page.file_name().unwrap().to_str().unwrap();
        if name == "README.md" {
            continue;
        }
        let number = name.split('-').next().unwrap().to_owned();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with(&format!("# {number} ")), "{name} begins otherwise");
        let row = format!("| [{number}]({name}) |");
        assert!(index.contains(&row), "docs/decisions/README.md has no row {row}");
        assert!(numbers.insert(number), "{name} has the number of another");
    }
    let highest = numbers.last().unwrap().parse::<usize>().unwrap();
    assert_eq!(numbers.len(), highest, "a number is missing: {numbers:?}");
}

#[test]
fn the_check_of_links_and_paths_can_fail() {
    let page = root().join("docs/page.md");
    let dead = |text: &str| dead_ends(&page, text).len();
    assert_eq!(
        dead("[map](../ARCHITECTURE.md) [web](https://x.y/z) [here](#part) `docs/errors.md`"),
        0
    );
    assert_eq!(
        dead("[gone](gone.md)") + dead("`docs/gone.md`") + dead("[up](errors.md/../gone.md#part)"),
        3
    );
    assert_eq!(dead("`a/b` `text/plain` `docs/<name>.md`\n```\n`docs/gone.md`\n```"), 0);
}
