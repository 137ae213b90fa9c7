//! What is read of `protocol.json` and `openresearch.json`, and what is refused with which words.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod fixture;

use std::fmt::Write;
use std::time::Duration;

use fixture::{document, protocol, with, without};
use orv_protocol::MetricChannel;
use orv_protocol::document::{Eligibility, ExtractKind, NotJudgeable, Protocol, SetupCommand};
use orv_protocol::project::{ImageError, MetricSource, ProjectManifest, ProjectManifestError};
use orv_protocol::score::{Bips, Direction, Scale};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn every_field_of_the_schema_is_read() {
    let protocol = protocol(&document());
    assert_eq!(protocol.execution.cwd.as_str(), "sub/dir");
    assert_eq!(protocol.execution.hard_timeout_seconds.get(), Duration::from_secs(90));
    assert_eq!(protocol.measurement.margin(), Bips(50));
    assert_eq!(protocol.measurement.primary_metric.direction, Direction::Minimize);
    assert_eq!(
        protocol.environment.setup_commands[0],
        SetupCommand::Shell("make deps".to_owned())
    );
    let argv = protocol.environment.setup_commands[1].argv();
    assert_eq!(argv, ["python3", "-m", "pip", "install", "-e", "."]);
}

#[test]
fn every_optional_field_may_be_left_out() {
    let optional = [
        "/meta/repo",
        "/meta/createdAt",
        "/meta/updatedAt",
        "/meta/protocolBundleId",
        "/environment/osHints",
        "/environment/packageManagers",
        "/environment/assetPrep",
        "/environment/sandbox",
        "/environment/sandbox/image",
        "/environment/constraints/noNewDependencies",
        "/environment/constraints/networkPolicy",
        "/environment/constraints/networkAllowlist",
        "/execution/determinism",
        "/execution/determinism/seedDerivation/sourcePaths",
        "/execution/determinism/seedDerivation/seedBits",
        "/measurement/sampling",
        "/measurement/minScoreImprovementBips",
        "/measurement/secondaryMetrics",
        "/miningLoop",
        "/provenance/gitWorkflow",
        "/provenance/githubMirror",
        "/provenance/baselineArtifactPath",
        "/safety/oomPolicy",
        "/agentRules/autonomy",
        "/archetypeExtensions",
        "/archetypeExtensions/ml_train",
    ];
    for path in optional {
        protocol(&without(path));
    }
    assert_eq!(
        protocol(&without("/measurement/minScoreImprovementBips"))
            .measurement
            .margin(),
        Bips(100)
    );
}

fn refusals(documents: Vec<(&str, Value)>, read: impl Fn(&[u8]) -> Option<String>) -> String {
    let mut lines = String::new();
    for (what, document) in documents {
        let refusal = read(document.to_string().as_bytes()).unwrap_or_else(|| "READ".to_owned());
        let refusal = refusal.split(" at line ").next().unwrap().to_owned();
        writeln!(lines, "{what}\n    {refusal}").unwrap();
    }
    lines
}

#[test]
fn refusals_of_a_protocol_name_the_path() {
    let documents = vec![
        ("a discovery draft", with("/schemaKind", json!("discoveryDraft"))),
        ("an unknown version", with("/protocolVersion", json!("2.0"))),
        ("an unknown key at the top", with("/surprise", json!(1))),
        (
            "an unknown key deep inside",
            with("/measurement/primaryMetric/extract/flags", json!("i")),
        ),
        (
            "an unknown key in a setup command",
            with(
                "/environment/setupCommands/1",
                json!({"kind": "pip", "args": [], "env": {}}),
            ),
        ),
        (
            "an unknown setup tool",
            with("/environment/setupCommands/1", json!({"kind": "curl", "args": []})),
        ),
        (
            "a setup command that is a number",
            with("/environment/setupCommands/0", json!(1)),
        ),
        (
            "an unknown archetype block",
            with("/archetypeExtensions/pipeline", json!({})),
        ),
        ("a missing block", without("/safety")),
        ("a missing field", without("/execution/command")),
        ("an empty command", with("/execution/command", json!(" "))),
        ("null for an optional field", with("/environment/sandbox", json!(null))),
        ("a directory above the tree", with("/execution/cwd", json!("a/../.."))),
        ("an absolute directory", with("/execution/cwd", json!("/work"))),
        ("no time limit", with("/execution/hardTimeoutSeconds", json!(0))),
        (
            "a limit beyond a week",
            with("/execution/hardTimeoutSeconds", json!(604801)),
        ),
        (
            "a tag for an image",
            with("/environment/sandbox/image", json!("python:3.12")),
        ),
        (
            "an image with a short digest",
            with("/environment/sandbox/image", json!("python@sha256:abcd")),
        ),
        ("no processes", with("/environment/sandbox/pids", json!(0))),
        ("no allowed glob", with("/mutableSurface/allowedGlobs", json!([]))),
        ("an empty glob", with("/mutableSurface/forbiddenGlobs", json!([""]))),
        (
            "an unknown kind of edit",
            with("/mutableSurface/allowedKinds", json!(["asset_edit"])),
        ),
        ("an unknown eligibility", with("/meta/eligibility", json!("maybe"))),
        (
            "an unknown network policy",
            with("/environment/constraints/networkPolicy", json!("host")),
        ),
        (
            "an unknown direction",
            with("/measurement/primaryMetric/direction", json!("up")),
        ),
        (
            "a pattern with a look-ahead",
            with("/measurement/primaryMetric/extract/pattern", json!("a(?=b)")),
        ),
        (
            "a pattern that explodes",
            with("/measurement/primaryMetric/extract/pattern", json!("(?:a{1000}){1000}")),
        ),
        (
            "an empty pattern",
            with("/measurement/primaryMetric/extract/pattern", json!("")),
        ),
        (
            "regex without a pattern",
            without("/measurement/primaryMetric/extract/pattern"),
        ),
        (
            "a pattern of another language",
            with("/measurement/primaryMetric/extract/pattern", json!(r"a\p{L}\z")),
        ),
        (
            "a pattern beside another kind",
            with(
                "/measurement/primaryMetric/extract",
                json!({"kind": "junit", "pattern": "(?=a)"}),
            ),
        ),
        (
            "a JSON pointer without a slash",
            with(
                "/measurement/primaryMetric/extract",
                json!({"kind": "json_pointer", "jsonPointer": "loss"}),
            ),
        ),
        (
            "json_pointer without a pointer",
            with("/measurement/primaryMetric/extract", json!({"kind": "json_pointer"})),
        ),
        (
            "a secondary pattern that cannot be run",
            with(
                "/measurement/secondaryMetrics/0",
                json!({"name": "s", "direction": "maximize", "extract": {"kind": "regex", "pattern": "a(?!b)"}}),
            ),
        ),
        (
            "a margin above one",
            with("/measurement/minScoreImprovementBips", json!(10001)),
        ),
        (
            "a negative margin",
            with("/measurement/minScoreImprovementBips", json!(-1)),
        ),
        (
            "no measured trials",
            with("/measurement/sampling/measuredTrials", json!(0)),
        ),
        (
            "a seed of 16 bits",
            with("/execution/determinism/seedDerivation/seedBits", json!(16)),
        ),
        (
            "a variable with a sign",
            with("/execution/determinism/seedDerivation/envVar", json!("A=B")),
        ),
        (
            "a mirror without owner",
            with("/provenance/githubMirror/repo", json!("github.com/n")),
        ),
        ("not an object", json!([])),
        ("a list for an object", with("/safety", json!(["fail", "crash"]))),
        (
            "a list for the open block",
            with("/archetypeExtensions", json!([{}, {}, {}])),
        ),
        (
            "an object for a word",
            with("/measurement/primaryMetric/direction", json!({"minimize": null})),
        ),
    ];
    insta::assert_snapshot!(refusals(documents, |bytes| Protocol::parse(bytes)
        .err()
        .map(|error| error.to_string())));
}

#[test]
fn a_doubled_key_and_trailing_text_are_refused() {
    let text = document().to_string();
    let doubled = text.replacen("\"safety\":", "\"safety\":{},\"safety\":", 1);
    assert!(
        Protocol::parse(doubled.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("duplicate field `safety`")
    );
    assert!(Protocol::parse(format!("{text} x").as_bytes()).is_err());
    assert!(
        Protocol::parse(&vec![b' '; 1024 * 1024 + 1])
            .unwrap_err()
            .to_string()
            .contains("1048577")
    );
}

#[test]
fn deep_nesting_is_refused_before_it_is_followed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Protocol::parse(deep.as_bytes()).is_err());
    let text = document().to_string();
    let inside = text.replacen("\"anything\":", &format!("\"deep\":{deep},\"anything\":"), 1);
    assert!(Protocol::parse(inside.as_bytes()).is_err());
}

#[test]
fn only_eligible_projects_without_network_and_with_a_known_extraction_are_judged() {
    let judgeable = |document: Value, channel| protocol(&document).judgeable(channel);
    assert_eq!(judgeable(document(), MetricChannel::Shared), Ok(()));
    let ineligible = with("/meta/eligibility", json!("needs_harness"));
    assert_eq!(
        judgeable(ineligible, MetricChannel::Split),
        Err(NotJudgeable::NotEligible(Eligibility::NeedsHarness))
    );
    let network = with("/environment/constraints/networkPolicy", json!("full"));
    assert_eq!(
        judgeable(network, MetricChannel::Split),
        Err(NotJudgeable::NetworkDemanded)
    );
    let custom = with("/measurement/primaryMetric/extract/kind", json!("custom"));
    assert_eq!(
        judgeable(custom.clone(), MetricChannel::Shared),
        Err(NotJudgeable::ExtractionUnsupported(ExtractKind::Custom))
    );
    assert_eq!(judgeable(custom, MetricChannel::Split), Ok(()));
}

fn manifest() -> Value {
    json!({
        "schema": "openresearch/1",
        "score": {"scale": "1000", "sign": "negate-if-minimize"},
        "metric": {"noise_floor_bips": 50, "max_jump": "10"},
        "image": {"manifest": format!("sha256:{}", "ab".repeat(32)), "root": format!("0x{}", "cd".repeat(32))},
        "sizes": {"candidate_bytes": 1, "candidate_entries": 2, "scratch_bytes": 3},
        "judge": {"command": ["python3", "judge.py"]},
        "candidate": {"command": ["python3", "solve.py"]}
    })
}

fn manifest_with(path: &str, value: Value) -> Value {
    let mut manifest = manifest();
    let (parent, key) = path.rsplit_once('/').unwrap();
    manifest.pointer_mut(parent).unwrap()[key] = value;
    manifest
}

fn manifest_without(key: &str) -> Value {
    let mut manifest = manifest();
    manifest.as_object_mut().unwrap().remove(key).unwrap();
    manifest
}

#[test]
fn every_field_of_the_manifest_is_read() {
    let manifest = ProjectManifest::parse(manifest().to_string().as_bytes()).unwrap();
    assert_eq!(manifest.score.scale, Scale::try_from(1000).unwrap());
    assert_eq!(
        (manifest.metric.noise_floor_bips, manifest.metric.max_jump),
        (Some(Bips(50)), Some(10))
    );
    assert_eq!(manifest.image.unwrap().root.unwrap().0, [0xcd; 32]);
    assert_eq!(manifest.sizes.scratch_bytes, Some(3));
    assert_eq!(manifest.split.as_ref().unwrap().judge, ["python3", "judge.py"]);
    assert_eq!(manifest.channel(), MetricChannel::Split);
}

#[test]
fn a_manifest_needs_no_more_than_schema_and_score() {
    let least = json!({"schema": "openresearch/1", "score": {"scale": "1000000", "sign": "negate-if-minimize"}});
    let least = ProjectManifest::parse(least.to_string().as_bytes()).unwrap();
    assert_eq!(least, ProjectManifest::upstream_conventions());
}

#[test]
fn the_time_of_the_windows_is_a_metric_of_split_projects_alone() {
    let timed = manifest_with("/metric/source", json!("window-time"));
    let parsed = ProjectManifest::parse(timed.to_string().as_bytes()).unwrap();
    assert_eq!(parsed.metric.source, MetricSource::WindowTime);

    let shared = json!({
        "schema": "openresearch/1",
        "score": {"scale": "1", "sign": "negate-if-minimize"},
        "metric": {"source": "window-time"}
    });
    assert_eq!(
        ProjectManifest::parse(shared.to_string().as_bytes()),
        Err(ProjectManifestError::NoWindows)
    );
}

#[test]
fn refusals_of_a_manifest_name_the_path() {
    let documents = vec![
        ("another schema", manifest_with("/schema", json!("openresearch/2"))),
        ("an unknown key", manifest_with("/seed", json!(1))),
        ("an unknown key inside", manifest_with("/metric/maximum", json!(1))),
        ("no score", manifest_without("score")),
        ("a scale that is a number", manifest_with("/score/scale", json!(1000))),
        ("a scale of zero", manifest_with("/score/scale", json!("0"))),
        ("another sign", manifest_with("/score/sign", json!("as-is"))),
        ("a jump of one", manifest_with("/metric/max_jump", json!("1"))),
        (
            "a noise floor above a half",
            manifest_with("/metric/noise_floor_bips", json!(5001)),
        ),
        ("an image by tag", manifest_with("/image/manifest", json!("python:3"))),
        ("a root of another form", manifest_with("/image/root", json!("cd"))),
        ("a judge without a candidate", manifest_without("candidate")),
        ("a candidate without a judge", manifest_without("judge")),
        ("an empty command", manifest_with("/judge/command", json!([]))),
        (
            "a NUL in a command",
            manifest_with("/judge/command", json!(["a\u{0}b"])),
        ),
        ("null", manifest_with("/sizes", json!(null))),
        (
            "a list for an object",
            manifest_with("/score", json!(["1000", "negate-if-minimize"])),
        ),
    ];
    insta::assert_snapshot!(refusals(documents, |bytes| ProjectManifest::parse(bytes)
        .err()
        .map(|error| error.to_string())));
}

#[test]
fn the_image_is_pinned_by_either_document_and_never_by_two_differently() {
    let full = protocol(&document());
    let bare = protocol(&without("/environment/sandbox"));
    let manifest = ProjectManifest::parse(manifest().to_string().as_bytes()).unwrap();
    let none = ProjectManifest::upstream_conventions();
    assert_eq!(none.image_digest(&full).unwrap().0, [0xab; 32]);
    assert_eq!(manifest.image_digest(&bare).unwrap().0, [0xab; 32]);
    assert_eq!(manifest.image_digest(&full).unwrap().0, [0xab; 32]);
    assert_eq!(none.image_digest(&bare), Err(ImageError::NotPinned));
    let other = manifest_with("/image/manifest", json!(format!("sha256:{}", "ef".repeat(32))));
    let other = ProjectManifest::parse(other.to_string().as_bytes()).unwrap();
    assert!(matches!(other.image_digest(&full), Err(ImageError::Disagree { .. })));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Protocol::parse(&bytes);
        let _ = ProjectManifest::parse(&bytes);
    }

    #[test]
    fn no_damaged_document_panics(place in 0_usize..4000, byte in any::<u8>()) {
        let mut text = document().to_string().into_bytes();
        let place = place % text.len();
        text[place] = byte;
        let _ = Protocol::parse(&text);
        let mut text = manifest().to_string().into_bytes();
        let place = place % text.len();
        text[place] = byte;
        let _ = ProjectManifest::parse(&text);
    }
}
