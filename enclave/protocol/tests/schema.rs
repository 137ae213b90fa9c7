//! The published schema and the parser agree: both read every protocol of this repository, and of each document that
//! differs from a good one in one place both say the same.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod fixture;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use fixture::document;
use orv_protocol::document::{CpuCount, DateTime, Host, MemorySize, Protocol, Uri};
use regex::Regex;
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn schema() -> Value {
    let path = Path::new(ROOT).join("docs/protocol.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether a document is valid: the keywords that the schema uses, written from the specification (draft 2020-12). A
/// keyword that is not known here fails the test instead of being passed over.
fn is_valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let all = |schemas: &Value| {
        schemas
            .as_array()
            .unwrap()
            .iter()
            .map(|schema| is_valid(root, schema, value))
            .collect::<Vec<_>>()
    };
    let rules = schema.as_object().unwrap();
    rules.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$id" | "$defs" | "title" | "description" | "then" => true,
        "$ref" => is_valid(
            root,
            root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(),
            value,
        ),
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            other => panic!("type {other}"),
        },
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
        "maxLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
        "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "minItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
        "maxItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| is_valid(root, rule, item))),
        "required" => value.as_object().is_none_or(|fields| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|key| fields.contains_key(key.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|fields| {
            fields
                .iter()
                .all(|(key, field)| rule.get(key).is_none_or(|schema| is_valid(root, schema, field)))
        }),
        "additionalProperties" => {
            assert_eq!(rule, &json!(false));
            let properties = rules["properties"].as_object().unwrap();
            value
                .as_object()
                .is_none_or(|fields| fields.keys().all(|key| properties.contains_key(key)))
        }
        "oneOf" => all(rule).into_iter().filter(|holds| *holds).count() == 1,
        "anyOf" => all(rule).contains(&true),
        "allOf" => !all(rule).contains(&false),
        "not" => !is_valid(root, rule, value),
        "if" => !is_valid(root, rule, value) || is_valid(root, &rules["then"], value),
        other => panic!("keyword {other} is not known to this test"),
    })
}

/// Whether a text matches; every pattern is compiled once.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap();
    compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(pattern).unwrap())
        .is_match(text)
}

fn is_read(document: &Value) -> bool {
    Protocol::parse(document.to_string().as_bytes()).is_ok()
}

/// Pointers to all values of a document, the document itself first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, field)| places(field, &format!("{at}/{key}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| places(item, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

/// Values that some field takes and another refuses.
fn values() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(32),
        json!(64),
        json!(0.5),
        json!(1.5),
        json!(-0.5),
        json!(10_000),
        json!(10_001),
        json!(604_800),
        json!(604_801),
        json!(4_294_967_295_u64),
        json!(4_294_967_296_u64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!([[]]),
        json!([""]),
        json!(["x"]),
        json!(["code_edit"]),
        json!([{}]),
        json!(vec!["x"; 257]),
        json!([{"kind": "sh", "args": ["x"]}]),
        json!({}),
        json!({"x": 1}),
        json!({"kind": "junit"}),
        json!({"kind": "regex"}),
        json!({"kind": "json_pointer"}),
        json!({"kind": "json_pointer", "jsonPointer": "/a/0"}),
        json!({"type": "epochs"}),
        json!({"mode": "none"}),
        json!({"name": "n", "direction": "minimize"}),
    ];
    let texts = [
        "",
        " ",
        "x",
        "1.0",
        "1.1",
        "2.0",
        "protocol",
        "eligible",
        "sandbox",
        "offline",
        "minimize",
        "median",
        "a/../b",
        "..",
        "../a",
        "a..b",
        "/a",
        "./a",
        "a\\b",
        "a\nb",
        ".",
        "none",
        "pip",
        "junit",
        "1",
        "0.5",
        "1.",
        "4g",
        "4G",
        "512mb",
        "4t",
        "python@sha256:1",
        "A_1",
        "1A",
        "A-B",
        "a/b/c",
        "a/b",
        "a/b/",
        "h.example",
        "h:443",
        "h:",
        "https://example.org",
        "https:",
        "2026-05-03T00:00:00Z",
        "2026-05-03",
        "2026-05-03t00:00:00.5+02:00",
        "/a~1b",
        "/a~2",
        "a",
        "\u{e9}",
        "wall_clock",
        "jsonl",
        "project-owned",
        "retry",
        "fail",
    ];
    values.extend(texts.map(Value::from));
    values.push(json!("x".repeat(64)));
    values.push(json!("x".repeat(65)));
    values.push(json!("x".repeat(257)));
    values
}

#[test]
fn every_protocol_of_this_repository_is_valid_and_read() {
    let schema = schema();
    let protocols = [
        "images/example/project/protocol.json",
        "images/judges/python/protocol.json",
        "images/judges/rust/protocol.json",
        "tests/real-library/protocol.json",
        "tools/bench/src/runner/protocol.json",
        "enclave/protocol/src/explain/template.json",
    ];
    for path in protocols {
        let bytes = std::fs::read(Path::new(ROOT).join(path)).unwrap();
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(is_valid(&schema, &schema, &document), "{path}");
        assert!(Protocol::parse(&bytes).is_ok(), "{path}");
    }
}

#[test]
fn schema_and_parser_agree_on_every_change_of_one_place() {
    let schema = schema();
    let good = document();
    assert!(is_valid(&schema, &schema, &good) && is_read(&good));
    let mut found = Vec::new();
    places(&good, "", &mut found);
    let check = |changed: &Value, what: String| {
        assert_eq!(
            is_valid(&schema, &schema, changed),
            is_read(changed),
            "schema (left) and parser (right) on {what}"
        );
    };
    let mut changes = 0;
    for place in &found {
        for value in values() {
            // What a pattern may be is beyond a schema: docs/protocol.md.
            if place.ends_with("extract/pattern") && value.as_str().is_some_and(|text| !text.is_empty()) {
                continue;
            }
            let mut changed = good.clone();
            *changed.pointer_mut(place).unwrap() = value.clone();
            check(&changed, format!("{place} = {value}"));
            changes += 1;
        }
        let mut changed = good.clone();
        if let Some(Value::Object(fields)) = changed.pointer_mut(place) {
            fields.insert("surprise".to_owned(), json!(1));
            check(&changed, format!("a surprise in {place}"));
        }
        let (parent, key) = place.rsplit_once('/').unwrap_or(("", ""));
        let mut changed = good.clone();
        if let Some(Value::Object(fields)) = changed.pointer_mut(parent)
            && fields.remove(key).is_some()
        {
            check(&changed, format!("no {place}"));
        }
    }
    assert!(changes > 10_000, "{changes}");
}

#[test]
fn forms_of_texts_stand_in_the_schema_as_in_the_parser() {
    let text = schema().to_string();
    for form in [DateTime::FORM, Uri::FORM, Host::FORM, CpuCount::FORM, MemorySize::FORM] {
        assert!(text.contains(&json!(form).to_string()), "{form}");
    }
}

#[test]
fn the_schema_closes_every_object_but_upstreams_open_blocks() {
    fn closed(schema: &Value, at: &str, open: &mut Vec<String>) {
        if let Value::Object(rules) = schema {
            if rules.contains_key("properties")
                && rules.get("type") == Some(&json!("object"))
                && rules.get("additionalProperties") != Some(&json!(false))
            {
                open.push(at.to_owned());
            }
            rules
                .iter()
                .for_each(|(key, rule)| closed(rule, &format!("{at}/{key}"), open));
        }
    }
    let mut open = Vec::new();
    closed(&schema(), "", &mut open);
    open.sort();
    let blocks = ["build_test", "ml_train", "rl_loop"]
        .map(|block| format!("/properties/archetypeExtensions/properties/{block}"));
    assert_eq!(open, blocks);
}
