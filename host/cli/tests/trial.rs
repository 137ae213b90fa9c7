//! `orv trial` on files of this machine. Needs root and the example's interpreter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use orv::{Home, example, interpreter, workspace};

/// A shared project as upstream has them: one command, its metric found in its output.
fn upstream(home: &Home, command: &str) -> String {
    let text = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    let text = text.replace("/bin/lua main.lua", command);
    std::fs::write(home.path("protocol.json"), text).unwrap();
    std::fs::create_dir_all(home.path("repository")).unwrap();
    std::fs::write(
        home.path("repository/bench.lua"),
        "print('BASELINE_METRIC=1117') io.stderr:write('done\\n')",
    )
    .unwrap();
    home.path("repository").display().to_string()
}

fn shell() -> String {
    interpreter().replace("/lua=bin/lua", "/plain-shell=bin/bash")
}

#[test]
fn a_protocol_without_a_benchmark_is_run_by_upstreams_conventions() {
    let home = Home::new();
    let repository = upstream(&home, "/bin/lua bench.lua");
    let trial = home
        .json(&[
            "trial",
            "--protocol",
            "protocol.json",
            "--repo",
            &repository,
            "--image-file",
            &interpreter(),
            "--image-file",
            &shell(),
        ])
        .succeeded();
    assert_eq!(
        (&trial["schema"], &trial["channel"]),
        (&"orv.trial/1".into(), &"shared".into())
    );
    assert_eq!(trial["trials"].as_array().unwrap().len(), 2, "the protocol samples two");
    assert_eq!(trial["trials"][0]["metric"], "1117");
    assert_eq!(trial["trials"][0]["score"], "-1117000000");
    assert_eq!(trial["trials"][0]["process"]["output"], "BASELINE_METRIC=1117\ndone\n");
    assert_eq!(
        (&trial["sampling"]["aggregate"], &trial["sampling"]["cv"]),
        (&"1117".into(), &0.0.into())
    );
    assert_eq!(trial["steadiness"], "exact");
}

#[test]
fn a_trial_without_a_metric_shows_the_end_of_what_was_printed() {
    let home = Home::new();
    let repository = upstream(&home, "/bin/lua broken.lua");
    std::fs::write(
        home.path("repository/broken.lua"),
        "print('before') error('no such\u{1b} table')",
    )
    .unwrap();
    let (image, shell) = (interpreter(), shell());
    let arguments = [
        "trial",
        "--protocol",
        "protocol.json",
        "--repo",
        &repository,
        "--trials",
        "1",
    ];
    let run = home.text(&[&arguments[..], &["--image-file", &image, "--image-file", &shell]].concat());
    assert!(run.stdout.contains("no metric: exit-code 1"), "{}", run.stdout);
    assert!(run.stdout.contains("  output: before\n"), "{}", run.stdout);
    assert!(run.stdout.contains("no such\\u{1b} table"), "{}", run.stdout);
}

#[test]
fn secondary_metrics_are_shown_of_every_trial() {
    let home = Home::new();
    let repository = upstream(&home, "/bin/lua bench.lua");
    let protocol = std::fs::read_to_string(home.path("protocol.json")).unwrap();
    let secondary = r#""secondaryMetrics": [
        {"name": "ended", "direction": "maximize", "extract": {"kind": "regex", "pattern": "METRIC=1(\\d+)"}},
        {"name": "absent", "direction": "maximize", "extract": {"kind": "regex", "pattern": "absent=(\\d+)"}}
    ], "sampling":"#;
    let protocol = protocol.replace(r#""sampling":"#, secondary);
    std::fs::write(home.path("protocol.json"), protocol).unwrap();
    let arguments = [
        "trial",
        "--protocol",
        "protocol.json",
        "--repo",
        &repository,
        "--image-file",
        &interpreter(),
        "--image-file",
        &shell(),
    ];
    let trial = home.json(&arguments).succeeded();
    for row in trial["trials"].as_array().unwrap() {
        let secondary = &row["secondary"];
        assert_eq!(
            (&secondary[0]["name"], &secondary[0]["metric"]),
            (&"ended".into(), &"117".into())
        );
        assert_eq!(
            (&secondary[1]["metric"], secondary[1]["none"].is_string()),
            (&().into(), true)
        );
    }
    let text = home.text(&arguments).stdout;
    assert!(text.contains(", ended 117, absent -\n"), "{text}");
}

#[test]
fn a_trial_without_a_metric_is_shown_with_its_cause() {
    let home = Home::new();
    let repository = upstream(&home, "/bin/lua missing.lua");
    let trial = home
        .json(&[
            "trial",
            "--protocol",
            "protocol.json",
            "--repo",
            &repository,
            "--image-file",
            &interpreter(),
            "--image-file",
            &shell(),
            "--trials",
            "1",
        ])
        .succeeded();
    let row = &trial["trials"][0];
    assert_eq!((&row["metric"], &row["void"]), (&().into(), &"exit-code 1".into()));
    assert!(
        row["process"]["output"].as_str().unwrap().contains("missing.lua"),
        "{row}"
    );
    assert_eq!(trial["steadiness"], "void");
}

#[test]
fn a_trial_without_an_image_says_what_to_do() {
    let home = Home::new();
    let repository = upstream(&home, "/bin/lua bench.lua");
    home.json(&["trial", "--protocol", "protocol.json", "--repo", &repository])
        .assert_failed(2, "ORV-C-054");
}

#[test]
fn a_project_folder_is_run_as_it_lies_there() {
    let home = Home::new();
    let part = |name: &str| format!("{}/{name}", example());
    let trial = home
        .json(&[
            "trial",
            "--protocol",
            &part("protocol.json"),
            "--repo",
            &part("repository"),
            "--benchmark",
            &part("benchmark"),
            "--image-file",
            &interpreter(),
            "--trials",
            "1",
        ])
        .succeeded();
    assert_eq!(
        (&trial["channel"], &trial["trials"][0]["metric"]),
        (&"split".into(), &"1117".into())
    );
    assert_eq!(trial["trials"][0]["arm"], "snapshot");
    assert_eq!(trial["trials"][0]["candidate"]["ending"], "dismissed");
}
