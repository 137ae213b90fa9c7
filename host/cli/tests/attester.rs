//! `orv attester run`, as whoever runs one starts it, sees it work and ends it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use orv::{Devnet, Home};

/// The key of development account 1, which the devnet's quorum counts, and that of account 2, which it does not.
const ATTESTER: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const STRANGER: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

/// Writes settings and a policy of one measurement.
fn settings(home: &Home, devnet: &Devnet, key: &str) {
    let text = format!(
        "deployment = {:?}\npolicy = \"policy.toml\"\ntrust = \"simulator\"\nlisten = \"127.0.0.1:0\"\n\
         [key]\nunsafe_raw_key = \"{key}\"\n[watch]\ncache = \"attester-cache\"\n",
        devnet.deployment
    );
    home.write_secret("attester.toml", &text);
    let measurement = format!("0x{}", "ab".repeat(32));
    let policy = format!("[[measurements]]\nname = \"release 1\"\nid = \"{measurement}\"\n");
    std::fs::write(home.path("policy.toml"), policy).unwrap();
}

/// What the attester answers to a request that is none.
fn refused(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /v1/admissions HTTP/1.1\r\nhost: {address}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_attester_serves_until_it_is_interrupted() {
    let devnet = Devnet::start();
    let home = Home::new();
    settings(&home, &devnet, ATTESTER);
    let mut attester = home.command();
    attester.args(["--json", "attester", "run", "attester.toml"]);
    let mut child = attester.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut told)
        .unwrap();
    let address = told
        .split(" listens on ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("the attester said {told:?}"));
    let answer = refused(address);
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("ORV-T-020"),
        "{answer}"
    );

    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && stdout.contains("orv.attester.end/1"),
        "{stdout}"
    );
}

#[test]
fn whoever_cannot_attest_is_told_why() {
    let devnet = Devnet::start();
    let home = Home::new();
    let run = || home.json(&["attester", "run", "attester.toml"]);
    run().assert_failed(1, "ORV-T-001");
    settings(&home, &devnet, STRANGER);
    home.set_mode("attester.toml", 0o640);
    run().assert_failed(1, "ORV-T-005");
    assert!(run().document()["error"].as_str().unwrap().contains("chmod 600"));
    home.set_mode("attester.toml", 0o600);
    run().assert_failed(1, "ORV-T-006");
    std::fs::write(home.path("policy.toml"), "maximum_age = 600\n").unwrap();
    let open = run();
    open.assert_failed(1, "ORV-T-002");
    assert!(open.document()["error"].as_str().unwrap().contains("any program"));
    std::fs::write(home.path("policy.toml"), "misspelt = 1\n").unwrap();
    run().assert_failed(3, "ORV-T-003");
    std::fs::write(
        home.path("attester.toml"),
        format!("[key]\nunsafe_raw_key = {ATTESTER}"),
    )
    .unwrap();
    let broken = run();
    broken.assert_failed(1, "ORV-T-002");
    assert!(!broken.stdout.contains(&ATTESTER[..40]), "a key is shown");
}
