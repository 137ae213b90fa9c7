//! The registry on an embedded network, as an auditor examines it: what holds, what does not and why, and what decides.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code)]

#[path = "../../../host/attester/tests/network/mod.rs"]
mod network;

use alloy_primitives::Address;
use network::{CHALLENGE_DELAY, Network, Setting};
use orv_attester::AdmissionRequest;
use orv_chain::bindings::MeasurementPolicy;
use orv_chain::wallet::Wallet;
use orv_chain::{Call, Deployment, FeeRules, Patience, TransactionOwner};
use orv_devnet::account::dev_accounts;
use orv_devnet::peer::PeerKind;
use orv_evidence::Envelope;
use orv_simulator::Measured;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use zeroize::Zeroizing;

const SOMETHING_ELSE: Measured<'_> = Measured {
    executable: b"something else",
    configuration: b"settings",
    ramdisk: b"",
};

/// The program's end on this deployment; it runs beside the network that it asks.
async fn audit(deployment: PathBuf, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orv-audit"));
    command
        .arg("registry")
        .arg("--deployment")
        .arg(deployment)
        .args(options);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn document(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{text}"
    );
    serde_json::from_str(&text).unwrap()
}

/// Has a key admitted as running the listed program, whatever its evidence says, and answers its address.
async fn admitted(network: &Network, request: &AdmissionRequest) -> Address {
    let envelope = Envelope::decode(&request.envelope).unwrap();
    let admission = network.admission_of(request, &envelope);
    let key = admission.key;
    network.admit_by_force(admission).await;
    key
}

fn row(document: &Value, key: Address) -> &Value {
    let rows = document["keys"].as_array().unwrap();
    rows.iter().find(|row| row["key"] == json!(key)).unwrap()
}

fn keep(folder: &Path, name: &str, request: &AdmissionRequest) {
    std::fs::write(folder.join(name), &request.envelope).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_told_and_those_that_count_decide() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().to_str().unwrap();

    // No key at all is no fault.
    let output = audit(deployment.clone(), &["--json"]).await;
    assert_eq!(
        (output.status.code(), &document(&output)["keys"]),
        (Some(0), &json!([]))
    );

    let output = audit(deployment.clone(), &[]).await;
    assert!(output.stdout.ends_with(
        b"NO KEY COUNTS NOW, live or pending keys that hold: 0 of 0; past ones, which decide nothing: 0 of 0\n"
    ));

    // One whose evidence is on storage, one whose evidence is in a folder, and one that was ended.
    let good = network.candidate(1).await;
    network.publish(&good.envelope).await;
    let good = admitted(&network, &good).await;
    let revoked = network.candidate_running(&SOMETHING_ELSE, 2).await;
    keep(folder.path(), "any-name", &revoked);
    let revoked = admitted(&network, &revoked).await;
    network.revoke(0, revoked).await.unwrap();
    let options = ["--from", from, "--allow-simulated", "--json"];
    let output = audit(deployment.clone(), &options).await;
    let told = document(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told["verified"], true);
    let holds = row(&told, good);
    assert_eq!(
        (&holds["result"], &holds["standing"]),
        (&json!("holds"), &json!("pending"))
    );
    let past = row(&told, revoked);
    assert_eq!(
        (&past["result"], &past["standing"]),
        (&json!("fails"), &json!("revoked"))
    );
    assert!(
        past["reasons"][0].as_str().unwrap().starts_with("measurement"),
        "{past}"
    );
    assert_eq!(told["believed"].as_array().unwrap().len(), 3);

    // A simulated key proves nothing to whoever did not ask for it.
    assert_eq!(
        audit(deployment.clone(), &["--from", from]).await.status.code(),
        Some(3)
    );

    // A key that counts and whose evidence nobody has is no verdict, neither way.
    let other = network.candidate_running(&SOMETHING_ELSE, 3).await;
    let wrong = admitted(&network, &other).await;
    let output = audit(deployment.clone(), &options).await;
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(row(&document(&output), wrong)["result"], "missing");

    // With it, the key fails, in words, and decides.
    keep(folder.path(), "found-by-its-root", &other);
    let output = audit(deployment.clone(), &options).await;
    let told = document(&output);
    assert_eq!((output.status.code(), &told["verified"]), (Some(3), &json!(false)));
    assert_eq!(row(&told, wrong)["result"], "fails");
    let page = folder.path().join("page.html");
    let output = audit(
        deployment,
        &[&options[..3], &["--html", page.to_str().unwrap()]].concat(),
    )
    .await;
    let page = std::fs::read_to_string(page).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "FAIL  ",
        "measurement: ",
        "Believed of the endpoint",
        "ORV-A-015 NOT VERIFIED, 1 do not hold; live or pending keys that hold: 1 of 2",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert!(is_a_page(&page), "{page}");
    network.stop([]).await;
}

/// One file, nothing fetched, and the keys in it.
fn is_a_page(page: &str) -> bool {
    page.starts_with("<!doctype html>") && page.contains("measurement: ") && !page.contains("src=")
}

/// As the contracts' owner, takes the listed measurement back at once.
async fn withdraw_measurement(deployment: &Path) {
    let deployment = Deployment::load(deployment).unwrap();
    let chain = deployment.connect().await.unwrap();
    let key = Zeroizing::new(dev_accounts().unwrap()[0].key.0);
    let wallet = Wallet::from_raw_key_dangerously(&key).unwrap();
    let patience = Patience {
        limit: Duration::from_secs(60),
        interval: Duration::from_millis(20),
    };
    let owner = TransactionOwner::start(chain, wallet, FeeRules::default(), patience);
    let call = MeasurementPolicy::removeCall {
        measurement: network::measurement(),
    };
    let policy = deployment.enclave.unwrap().measurement_policy;
    owner.send(Call::new(policy, &call)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_standing_follows_the_chain_and_only_what_counts_decides() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().to_str().unwrap();
    let wrong = network.candidate_running(&SOMETHING_ELSE, 1).await;
    keep(folder.path(), "first", &wrong);
    let first = admitted(&network, &wrong).await;
    let options = ["--from", from, "--allow-simulated", "--json"];
    let mut seen = Vec::new();
    for seconds in [0, CHALLENGE_DELAY, 3600] {
        network.pass(seconds.max(1)).await;
        let output = audit(deployment.clone(), &options).await;
        seen.push((output.status.code(), row(&document(&output), first)["standing"].clone()));
    }
    let due = [(3, "pending"), (3, "live"), (0, "expired")];
    assert_eq!(seen, due.map(|(status, standing)| (Some(status), json!(standing))));

    let wrong = network.candidate_running(&SOMETHING_ELSE, 2).await;
    keep(folder.path(), "second", &wrong);
    let second = admitted(&network, &wrong).await;
    network.pass(CHALLENGE_DELAY).await;
    withdraw_measurement(&deployment).await;
    let output = audit(deployment, &options).await;
    let told = document(&output);
    let row = row(&told, second);
    assert_eq!(
        (output.status.code(), &row["standing"]),
        (Some(0), &json!("withdrawn")),
        "{row}"
    );
    assert!(row["withdrawn"].as_str().unwrap().contains("Measurement"), "{row}");
    network.stop([]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zeros_that_a_server_adds_or_cuts_make_no_sound_key_look_unsound() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    let good = network.candidate(1).await;
    admitted(&network, &good).await;
    let folder = tempfile::tempdir().unwrap();
    // As far as the end of its last chunk the root stays the same.
    let mut padded = good.envelope.to_vec();
    padded.resize(padded.len().next_multiple_of(256), 0);
    std::fs::write(folder.path().join("padded"), padded).unwrap();
    let from = folder.path().to_str().unwrap();
    let output = audit(deployment, &["--from", from, "--allow-simulated", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", document(&output));
    network.stop([]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_the_auditor_takes_the_place_of_the_admitted_measurement() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    let good = network.candidate(1).await;
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), "envelope", &good);
    admitted(&network, &good).await;
    let policy = folder.path().join("policy.toml");
    let mut ends = Vec::new();
    for id in [network::measurement().to_string(), format!("0x{}", "17".repeat(32))] {
        std::fs::write(&policy, format!("[[measurements]]\nname = \"mine\"\nid = \"{id}\"\n")).unwrap();
        let options = [
            "--from",
            folder.path().to_str().unwrap(),
            "--policy",
            policy.to_str().unwrap(),
            "--allow-simulated",
        ];
        ends.push(audit(deployment.clone(), &options).await.status.code());
    }
    assert_eq!(ends, [Some(0), Some(3)]);
    network.stop([]).await;
}

/// A server that says the same to whatever it is asked, and its address.
fn parrot(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 65536]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    format!("http://{address}/")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_talks_nonsense_reaches_no_terminal() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    for nonsense in [
        "<html>\u{1b}]0;title\u{7}",
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-1,\"message\":\"\\u001b[2J\u{202e}\\nVERIFIED\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":null}",
    ] {
        let rpc = parrot(nonsense);
        let output = audit(deployment.clone(), &["--rpc", &rpc, "--json"]).await;
        let told = document(&output);
        assert_eq!((output.status.code(), &told["code"]), (Some(5), &json!("ORV-A-013")));
        let output = audit(deployment.clone(), &["--rpc", &rpc]).await;
        let line = output.stderr.strip_suffix(b"\n").unwrap();
        assert!(
            line.iter().all(|byte| (b' '..=b'~').contains(byte)),
            "{}",
            told["error"]
        );
    }
    network.stop([]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_does_not_answer_is_unavailable_and_another_chain_is_wrong() {
    let network = Network::start(PeerKind::Embedded).await;
    let deployment = network.configuration(0, &Setting::default()).deployment;
    let output = audit(deployment.clone(), &["--rpc", "http://127.0.0.1:9", "--json"]).await;
    assert_eq!(
        (output.status.code(), &document(&output)["code"]),
        (Some(5), &json!("ORV-A-013"))
    );

    let mut other: Value = serde_json::from_slice(&std::fs::read(&deployment).unwrap()).unwrap();
    other["network"]["chainId"] = json!(1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.json");
    std::fs::write(&file, other.to_string()).unwrap();
    let output = audit(file, &["--json"]).await;
    assert_eq!(
        (output.status.code(), &document(&output)["code"]),
        (Some(3), &json!("ORV-A-004"))
    );
    let output = audit(folder.path().join("absent"), &["--json"]).await;
    assert_eq!(
        (output.status.code(), &document(&output)["code"]),
        (Some(1), &json!("ORV-A-001"))
    );
    network.stop([]).await;
}
