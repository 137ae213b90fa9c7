use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn template() -> Value {
    serde_json::from_slice(include_bytes!("template.json")).unwrap()
}

fn with(changes: &[(&str, Value)]) -> Vec<u8> {
    let mut document = template();
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        document
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .insert((*key).to_owned(), value.clone());
    }
    document.to_string().into_bytes()
}

fn told(explanation: &Explanation) -> String {
    let mut text = String::new();
    for problem in &explanation.problems {
        writeln!(
            text,
            "{}: {}\n  upstream: {}\n  here: {}\n  next: {}",
            problem.path, problem.what, problem.upstream, problem.here, problem.next
        )
        .unwrap();
    }
    for warning in &explanation.warnings {
        writeln!(text, "warning {}: {}", warning.path, warning.what).unwrap();
    }
    text
}

/// Paths of all fields of a document, as the table writes them.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !path.starts_with("archetypeExtensions.") => {
            for (key, field) in fields {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(field, &path, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| leaves(item, &format!("{path}[]"), found));
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn a_type_is_asked_for_in_words_and_not_by_its_name_in_rust() {
    let changes = [
        ("/execution/hardTimeoutSeconds", json!("10"), "write a number"),
        (
            "/measurement/sampling/measuredTrials",
            json!("5"),
            "write a whole number",
        ),
        ("/mutableSurface/allowedGlobs", json!("a"), "write a list"),
        ("/safety", json!(1), "write an object"),
    ];
    for (path, value, next) in changes {
        let explanation = explain(&with(&[(path, value)]), None);
        let problems: Vec<_> = explanation.problems.iter().map(|problem| &problem.next).collect();
        assert_eq!(problems, [next], "{path}");
    }
}

#[test]
fn the_table_has_every_field_once() {
    let mut expected = BTreeSet::new();
    leaves(&template(), "", &mut expected);
    expected.insert("environment.setupCommands".to_owned());
    let listed: BTreeSet<String> = FIELDS.iter().map(|field| field.path.to_owned()).collect();
    assert_eq!(listed, expected);
    assert_eq!(listed.len(), FIELDS.len());
}

#[test]
fn the_template_has_no_problem() {
    assert_eq!(explain(&with(&[]), None).problems, []);
}

#[test]
fn all_problems_are_told_and_not_only_the_first() {
    let mut document: Value = serde_json::from_slice(&with(&[
        ("/surprise.of a key", json!(1)),
        ("/meta/eligibility", json!("maybe")),
        ("/meta/repo", json!(null)),
        (
            "/environment/setupCommands",
            json!(["ok", {"kind": "curl", "args": [1]}, {"kind": "sh"}]),
        ),
        ("/environment/sandbox/image", json!("python:3.12")),
        ("/mutableSurface/allowedGlobs", json!([])),
        ("/execution/cwd", json!("../x")),
        ("/execution/stopCondition", json!([])),
        ("/measurement/primaryMetric/extract/pattern", json!("(?=x)")),
        (
            "/measurement/secondaryMetrics",
            json!([{"name": "a", "direction": "up", "extra": 1}]),
        ),
        ("/measurement/minScoreImprovementBips", json!(20_000)),
    ]))
    .unwrap();
    document.as_object_mut().unwrap().remove("safety");
    document["execution"].as_object_mut().unwrap().remove("command");
    let explanation = explain(document.to_string().as_bytes(), None);
    assert_eq!(explanation.protocol, None);
    insta::assert_snapshot!(told(&explanation));
}

#[test]
fn what_is_read_and_gets_no_verdict_is_a_problem_too() {
    let paths = |changes: &[(&str, Value)]| {
        let explanation = explain(&with(changes), None);
        explanation
            .problems
            .into_iter()
            .map(|problem| problem.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        paths(&[("/meta/eligibility", json!("ineligible"))]),
        ["meta.eligibility"]
    );
    assert_eq!(
        paths(&[("/environment/constraints/networkPolicy", json!("full"))]),
        ["environment.constraints.networkPolicy"]
    );
    assert_eq!(
        paths(&[("/measurement/primaryMetric/extract/kind", json!("custom"))]),
        ["measurement.primaryMetric.extract.kind"]
    );
}

#[test]
fn warnings_say_what_a_creator_should_know() {
    insta::assert_snapshot!(told(&explain(
        &with(&[
            (
                "/environment/setupCommands",
                json!([{"kind": "pip", "args": ["install", "x"]}])
            ),
            ("/environment/sandbox", json!({})),
            ("/mutableSurface/allowedGlobs", json!(["**"])),
            ("/immutableHarness/paths", json!([])),
            ("/execution/determinism/seedDerivation/mode", json!("fiat_shamir")),
            ("/measurement/primaryMetric/direction", json!("minimize")),
            (
                "/measurement/primaryMetric/extract",
                json!({"kind": "regex", "pattern": "m=(.*)", "exampleStdout": "m=1\nm=2"})
            ),
            ("/measurement/minScoreImprovementBips", json!(0)),
            (
                "/measurement/secondaryMetrics",
                json!([{"name": "s", "direction": "maximize"}])
            ),
        ]),
        None
    )));
}

#[test]
fn a_split_project_is_warned_of_other_things() {
    let manifest = ProjectManifest::parse(
        br#"{"schema": "openresearch/1", "score": {"scale": "1", "sign": "negate-if-minimize"},
            "judge": {"command": ["j"]}, "candidate": {"command": ["c"]}}"#,
    )
    .unwrap();
    let explanation = explain(
        &with(&[("/measurement/primaryMetric/extract/kind", json!("custom"))]),
        Some(&manifest),
    );
    assert_eq!(explanation.problems, []);
    let paths: Vec<&str> = explanation.warnings.iter().map(|warning| warning.path).collect();
    assert!(paths.contains(&"execution.command"), "{paths:?}");
    assert!(!paths.contains(&"measurement.primaryMetric.extract"), "{paths:?}");
}

#[test]
fn what_is_no_document_is_one_problem() {
    for text in ["", "{", "[]x", "\u{feff}{}", "nul"] {
        let explanation = explain(text.as_bytes(), None);
        assert_eq!(explanation.problems.len(), 1, "{text:?}");
        assert_eq!(explanation.problems[0].path, ".", "{text:?}");
    }
    let doubled = String::from_utf8(with(&[]))
        .unwrap()
        .replacen("\"safety\":", "\"safety\":{},\"safety\":", 1);
    assert!(explain(doubled.as_bytes(), None).problems[0].what.contains("duplicate"));
    assert!(explain(b"[]", None).problems.len() == 1);
}

#[test]
fn the_guide_lists_every_field() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mut table = String::from("| field | here | upstream | orv |\n|---|---|---|---|\n");
    for field in FIELDS {
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            field.path,
            field.role.name(),
            field.upstream,
            field.here
        )
        .unwrap();
    }
    let (before, rest) = guide.split_once("<!-- fields -->\n").unwrap();
    let (written, after) = rest.split_once("<!-- end of fields -->").unwrap();
    if written != table && std::env::var_os("ORV_UPDATE").is_some() {
        std::fs::write(
            path,
            format!("{before}<!-- fields -->\n{table}<!-- end of fields -->{after}"),
        )
        .unwrap();
        return;
    }
    assert_eq!(written, table, "ORV_UPDATE=1 writes the table anew");
}

proptest! {
    #[test]
    fn any_damage_is_explained_and_ends(place in 0_usize..120, value in prop_oneof![
        Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!({"a.b[0]": 1})), Just(json!("x")), Just(json!(-1)),
    ]) {
        let mut document = template();
        let pointers = {
            let mut found = Vec::new();
            pointers(&document, String::new(), &mut found);
            found
        };
        let pointer = pointers[place % pointers.len()].clone();
        *document.pointer_mut(&pointer).unwrap() = value;
        let bytes = document.to_string();
        let explanation = explain(bytes.as_bytes(), None);
        prop_assert_eq!(explanation.protocol.is_none(), Protocol::parse(bytes.as_bytes()).is_err());
        prop_assert!(explanation.protocol.is_some() || !explanation.problems.is_empty());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = explain(&bytes, None);
    }
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, field)| pointers(field, format!("{at}/{key}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| pointers(item, format!("{at}/{index}"), found)),
        _ => {}
    }
    found.push(at);
}
