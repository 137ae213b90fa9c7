//! What docs/operations names exists: metrics, codes, entries of the runbook; and the tools whose files they are accept
//! them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod page_support;

use page_support::{ask, busy, serve};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every word of a text that begins so and goes on with letters, digits, `_` or `-`.
fn words(text: &str, beginning: &str) -> BTreeSet<String> {
    let of_a_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let starts = text.match_indices(beginning).map(|(start, _)| start);
    let is_first = |start: &usize| !text[..*start].ends_with(of_a_word);
    let whole = |start: usize| text[start..].chars().take_while(|letter| of_a_word(*letter)).collect();
    starts.filter(is_first).map(whole).collect()
}

/// What follows a key at the beginning of a line of YAML.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)).map(str::trim).collect()
}

fn alerts() -> Vec<String> {
    let text = read("docs/operations/alerts.yml");
    values(&text, "alert:").into_iter().map(str::to_owned).collect()
}

fn headings() -> BTreeSet<String> {
    let text = read("docs/operations/runbook.md");
    text.lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_metric_of_rules_and_dashboard_is_told_by_a_daemon() {
    let served = serve().await;
    busy(&served.board);
    let told = ask(served.address, "GET", "/metrics", "localhost").await.text();
    for path in ["docs/operations/alerts.yml", "docs/operations/dashboard.json"] {
        let named = words(&read(path), "orv_");
        assert!(named.len() > 10, "{path}: only {named:?} were found");
        for metric in named {
            let is_told = told
                .lines()
                .any(|line| line.starts_with(&format!("{metric}{{")) || line.starts_with(&format!("{metric} ")));
            assert!(is_told, "{path} names {metric}, which /metrics has not");
        }
    }
}

#[test]
fn every_alert_has_an_entry_in_the_runbook_and_leads_to_it() {
    let (text, headings) = (read("docs/operations/alerts.yml"), headings());
    let leads = values(&text, "runbook:");
    let alerts = alerts();
    assert_eq!(alerts.len(), leads.len());
    for (alert, lead) in alerts.iter().zip(leads) {
        assert!(headings.contains(alert), "{alert} has no entry");
        assert_eq!(lead, format!("docs/operations/runbook.md#{}", alert.to_lowercase()));
    }
}

#[test]
fn every_alert_has_a_case_that_fires_and_one_that_does_not() {
    let text = read("docs/operations/alerts_test.yml");
    let cases = values(&text, "name:");
    for alert in alerts() {
        for end in ["fires", "does not fire"] {
            let case = format!("{alert} {end}");
            assert!(cases.contains(&case.as_str()), "no case {case:?}");
        }
    }
}

#[test]
fn every_code_of_rules_and_runbook_is_one_of_ours() {
    let errors = read("docs/errors.md");
    let known = words(&errors, "ORV-V-");
    for path in ["docs/operations/alerts.yml", "docs/operations/runbook.md"] {
        // Patterns of rules, such as ORV-V-03[0-9], name no code.
        for code in words(&read(path), "ORV-V-").into_iter().filter(|code| code.len() == 9) {
            assert!(known.contains(&code), "{path}: {code} is not in docs/errors.md");
        }
    }
}

#[test]
fn every_code_of_the_daemon_has_an_entry_in_the_runbook() {
    let headings = headings();
    for code in words(&read("docs/errors.md"), "ORV-V-")
        .into_iter()
        .filter(|code| code.len() == 9)
    {
        assert!(
            headings.contains(&code),
            "{code} has no entry in docs/operations/runbook.md"
        );
    }
}

#[test]
fn every_entry_says_what_it_means_and_what_to_do() {
    let text = read("docs/operations/runbook.md");
    for entry in text.split("\n### ").skip(1) {
        let name = entry.lines().next().unwrap();
        assert!(entry.contains("- Meaning: ") && entry.contains("- Do: "), "{name}");
    }
}

#[test]
fn links_inside_the_runbook_lead_to_its_entries() {
    let anchors: BTreeSet<_> = headings().iter().map(|heading| heading.to_lowercase()).collect();
    let text = read("docs/operations/runbook.md");
    for target in text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(anchors.contains(target), "#{target}");
    }
}

/// Runs a tool on files of docs/operations; says so where it is not installed.
fn accepts(program: &str, arguments: &[&str], folder: &Path) {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{program} {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("{program} {arguments:?} WAS NOT RUN: {error}"),
    }
}

#[test]
fn promtool_accepts_the_rules_and_they_fire_when_they_should() {
    let folder = root().join("docs/operations");
    accepts("promtool", &["check", "config", "prometheus.yml"], &folder);
    accepts("promtool", &["test", "rules", "alerts_test.yml"], &folder);
}

#[test]
fn systemd_accepts_the_units_and_finds_them_well_hardened() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["orv-verifier.service", "orv-attester.service"] {
        // The program need not be installed where this runs.
        let unit = read(&format!("docs/operations/systemd/{name}")).replace("/usr/local/bin/orv", "/bin/true");
        std::fs::write(folder.path().join(name), unit).unwrap();
        let path = format!("./{name}");
        accepts("systemd-analyze", &["verify", "--man=no", &path], folder.path());
        // At most 2.5 of 10 exposed.
        let security = ["security", "--offline=true", "--threshold=25", &path];
        accepts("systemd-analyze", &security, folder.path());
    }
}

#[test]
fn a_unit_gives_the_daemon_longer_to_stop_than_the_daemon_takes() {
    let unit = read("docs/operations/systemd/orv-verifier.service");
    let of = |text: &str, key: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim_start_matches([' ', '=']).parse().unwrap()
    };
    let example = read("host/verifier/verifier.example.toml");
    assert!(of(&unit, "TimeoutStopSec") > of(&example, "shutdown_seconds"));
}

#[test]
fn the_dashboard_is_a_document_with_panels_that_do_not_overlap() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("docs/operations/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    for panel in panels {
        let place = &panel["gridPos"];
        let number = |name: &str| place[name].as_u64().unwrap();
        for x in number("x")..number("x") + number("w") {
            for y in number("y")..number("y") + number("h") {
                assert!(x < 24 && taken.insert((x, y)), "{}", panel["title"]);
            }
        }
    }
    assert!(panels.len() > 10);
}
