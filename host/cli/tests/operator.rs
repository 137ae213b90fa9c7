//! What an operator asks before and beside the daemon: doctor, config, status, backup.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use orv::{Devnet, Home};
use serde_json::Value;

/// A configuration whose enclave is not there.
fn configuration(home: &Home, lines: &str) -> String {
    let at = |name: &str| home.path(name).display().to_string();
    let deployment = std::fs::read_to_string(home.path("deployment")).unwrap_or_else(|_| "missing.json".to_owned());
    format!(
        "{lines}\ndeployment = {deployment:?}\nenclave = \"unix:{}\"\ndata_directory = {:?}\n\
         [wallet.keystore]\ndirectory = {:?}\nid = \"main\"\npassphrase_file = {:?}\n\
         [admission.remote]\nattesters = [\"http://127.0.0.1:9\"]\n",
        at("enclave.sock"),
        at("data"),
        at("wallets"),
        at("passphrase"),
    )
}

fn on_a_network(devnet: &Devnet) -> Home {
    let home = Home::new().on(devnet).with_wallet();
    std::fs::write(home.path("deployment"), devnet.deployment.display().to_string()).unwrap();
    std::fs::create_dir(home.path("data")).unwrap();
    home
}

/// The checks that fail, as the document names them.
fn failing(document: &Value) -> Vec<&str> {
    let checks = document["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|line| line["outcome"] == "fail");
    let failed: Vec<&Value> = failed.collect();
    for line in &failed {
        let (code, fix) = (line["code"].as_str().unwrap(), line["fix"].as_str().unwrap());
        assert!(code.starts_with("ORV-H-") && fix.len() > 10, "{line}");
    }
    failed.iter().map(|line| line["check"].as_str().unwrap()).collect()
}

#[test]
fn the_doctor_names_each_fault_with_its_code_and_fix_in_one_document() {
    let devnet = Devnet::start();
    let home = on_a_network(&devnet);
    let look = |lines: &str| {
        home.write_secret("verifier.toml", &configuration(&home, lines));
        let run = home.json(&["doctor", "--verifier", "verifier.toml"]);
        assert_eq!((run.status, run.stdout.lines().count()), (5, 1), "{}", run.stderr);
        let document = run.document();
        assert_eq!(
            (&document["schema"], &document["healthy"]),
            (&Value::from("orv.doctor/2"), &Value::from(false))
        );
        document
    };
    let bare = look("");
    assert_eq!(failing(&bare), ["enclave", "attesters"], "{bare}");
    let storage = look("storage_indexer = \"http://127.0.0.1:9\"");
    assert_eq!(failing(&storage), ["enclave", "attesters", "storage"], "{storage}");
    // What cannot be asked without the chain is not another fault.
    let dead = look("rpc = \"http://127.0.0.1:9\"");
    assert_eq!(failing(&dead), ["rpc", "enclave"], "{dead}");
    let text = home.text(&["doctor", "--verifier", "verifier.toml"]);
    assert!(
        text.stdout.contains("FAIL  ORV-H-020  rpc") && text.stdout.contains("fix: "),
        "{}",
        text.stdout
    );
}

#[test]
fn a_journal_is_listed_copied_and_never_copied_over_another() {
    let devnet = Devnet::start();
    let home = on_a_network(&devnet);
    home.write_secret("verifier.toml", &configuration(&home, ""));
    // Nothing has made a journal yet, and no reader does.
    for reader in [&["show", "7"][..], &["backup", "copy.sqlite"]] {
        let early = home.json(&[&["verifier"], reader, &["verifier.toml"]].concat());
        early.assert_failed(1, "ORV-V-087");
        let words = early.document()["error"].as_str().unwrap().to_owned();
        assert!(
            words.starts_with("no journal exists yet at ") && words.ends_with("data/journal.sqlite"),
            "{words}"
        );
    }
    let early = home.text(&["verifier", "status", "verifier.toml"]);
    assert!(
        early.status == 0 && early.stdout.contains("no journal exists yet at"),
        "{}",
        early.stdout
    );
    assert_eq!(std::fs::read_dir(home.path("data")).unwrap().count(), 0);

    let rehearsed = home
        .json(&["verifier", "once", "verifier.toml", "--dry-run"])
        .succeeded();
    assert_eq!(rehearsed["schema"], "orv.verifier.rehearsal/1");
    let worked = home.json(&["verifier", "once", "verifier.toml"]);
    assert_eq!(
        worked.document()["schema"],
        "orv.verifier.summary/1",
        "{}",
        worked.stderr
    );
    let status = home
        .json(&["verifier", "status", "verifier.toml", "--state", "waiting"])
        .succeeded();
    assert_eq!(
        (&status["schema"], &status["proposals"]),
        (&Value::from("orv.verifier.status/2"), &Value::from(Vec::<u8>::new()))
    );
    assert_eq!(
        home.text(&["verifier", "status", "verifier.toml"]).stdout.trim(),
        "no proposals"
    );
    let copied = home
        .json(&["verifier", "backup", "copy.sqlite", "verifier.toml"])
        .succeeded();
    assert!(copied["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    let again = home.json(&["verifier", "backup", "copy.sqlite", "verifier.toml"]);
    assert_eq!(again.status, 1, "{}", again.stdout);
    let missing = home.json(&["verifier", "show", "7", "verifier.toml"]);
    missing.assert_failed(1, "ORV-V-088");
    let misspelt = home.json(&["verifier", "status", "verifier.toml", "--state", "setled"]);
    misspelt.assert_failed(2, "ORV-C-001");
    assert!(misspelt.document()["error"].as_str().unwrap().contains("no state"));
}

/// The codes of what is wrong with a configuration, and the exit status of the check.
fn checked(home: &Home) -> (i32, Vec<String>) {
    let run = home.json(&["config", "check", "--verifier", "verifier.toml"]);
    let document = run.document();
    let problems = document["files"][0]["problems"].as_array().unwrap().iter();
    let codes = problems.map(|problem| problem["code"].as_str().unwrap().to_owned());
    (run.status, codes.collect())
}

#[test]
fn a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let devnet = Devnet::start();
    let home = on_a_network(&devnet);
    let with_password = "journal = \"postgres://orv:secret@127.0.0.1:9/orv\"";
    let key = format!("[\"0x{}\"]", "11".repeat(32));
    let with_key = configuration(&home, "").replace(
        "[admission.remote]\nattesters = [\"http://127.0.0.1:9\"]",
        &format!("[admission.local]\ntrust = \"simulator\"\nmeasurements = []\nattester_keys = {key}"),
    );
    for (open, text) in [
        ("passphrase", configuration(&home, "")),
        ("wallets/main.json", configuration(&home, "")),
        ("verifier.toml", configuration(&home, with_password)),
        ("verifier.toml", with_key),
    ] {
        home.write_secret("verifier.toml", &text);
        assert_eq!(checked(&home), (0, Vec::new()), "{open} is private");
        home.set_mode(open, 0o644);
        for command in ["run", "once"] {
            let run = home.json(&["verifier", command, "verifier.toml"]);
            run.assert_failed(1, "ORV-V-086");
            let words = run.document()["error"].as_str().unwrap().to_owned();
            assert!(words.contains("chmod 600") && words.contains(open), "{words}");
        }
        assert_eq!(checked(&home), (3, vec!["ORV-V-086".to_owned()]), "{open}");
        let examined = home.json(&["doctor", "--verifier", "verifier.toml"]).document();
        assert!(failing(&examined).contains(&"file-modes"), "{open}: {examined}");
        home.set_mode(open, 0o600);
    }
    home.write_secret("verifier.toml", &configuration(&home, ""));
    home.set_mode("verifier.toml", 0o644);
    assert_eq!(checked(&home), (0, Vec::new()), "no secret stands in it");
}

/// What the page answers about the daemon's health.
fn health(page: &str) -> String {
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_page_on_any_free_port_says_where_it_is() {
    let devnet = Devnet::start();
    let home = on_a_network(&devnet);
    let text = configuration(&home, "") + "[page]\nlisten = \"127.0.0.1:0\"\n";
    home.write_secret("verifier.toml", &text);
    let mut command = home.command();
    let started = command.args(["--json", "verifier", "run", "verifier.toml"]);
    let mut child = started.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    let served: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(served["schema"], "orv.verifier.page_served/1");
    let page = served["page"].as_str().unwrap();
    assert!(
        !page.contains(":0/") && health(page).starts_with("HTTP/1.1 200"),
        "{page}"
    );
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(asked.unwrap().success());
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let answer: Value = serde_json::from_str(rest.trim()).unwrap();
    assert_eq!(answer["schema"], "orv.verifier.summary/1");
}

#[test]
fn a_configuration_is_checked_with_places_and_printed_with_origins() {
    let home = Home::new();
    home.write_secret("verifier.toml", &configuration(&home, "pol_seconds = 3"));
    let checked = home.json(&["config", "check", "--verifier", "verifier.toml"]);
    assert_eq!(checked.status, 3);
    let document = checked.document();
    let problem = &document["files"][0]["problems"][0];
    assert_eq!(
        (&problem["place"]["line"], &problem["place"]["column"]),
        (&Value::from(1), &Value::from(1))
    );
    assert!(
        problem["message"]
            .as_str()
            .unwrap()
            .contains("did you mean poll_seconds?"),
        "{problem}"
    );

    home.write_secret("verifier.toml", &configuration(&home, "poll_seconds = 3"));
    let mut command = home.command();
    command.env("ORV_VERIFIER_ATTEMPTS", "2");
    let printed = command
        .args(["--json", "config", "print", "--verifier", "verifier.toml"])
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let origin = |key: &str| {
        let rows = document["settings"].as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["key"] == key).unwrap();
        (
            row["value"].as_str().unwrap_or_default().to_owned(),
            row["origin"].as_str().unwrap().to_owned(),
        )
    };
    let expected = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(origin("attempts"), expected("2", "environment"));
    assert_eq!(origin("poll_seconds"), expected("3", "file"));
    assert_eq!(origin("run_seconds"), expected("3600", "default"));

    let defaults = home.text(&["config", "print", "--defaults"]).stdout;
    assert!(defaults.contains("# Who admits the enclave's key"), "{defaults}");
}
