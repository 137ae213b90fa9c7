//! The examination of an operator's machine: each prepared fault is named, with its fix, and nothing else fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clinic;

use clinic::fake::{Script, measurement};
use clinic::{Clinic, NOBODY, account, altered, machine, private, submit};
use orv_chain::Call;
use orv_chain::bindings::VerifierRegistry;
use orv_chain::primitives::Address;
use orv_verifier::doctor::{Check, Examination, Host, Outcome};
use orv_verifier::{Daemon, Silent};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn on_a_sound_machine_everything_passes() {
    let clinic = Clinic::open().await;
    let lines = clinic.look(clinic.config(), clinic.host().await).await;
    let not_passed: Vec<Check> = lines
        .iter()
        .filter(|line| line.outcome != Outcome::Pass)
        .map(|line| line.check)
        .collect();
    // Neither is needed by an enclave that is a process, or by its simulator.
    assert_eq!(not_passed, [Check::Collateral, Check::HugePages], "{lines:#?}");
    for check in Check::ALL {
        assert!(lines.iter().any(|line| line.check == *check), "{check:?} has no line");
    }
    assert_eq!(
        fs::read_dir(clinic.at("data")).unwrap().count(),
        0,
        "nothing stays behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_configuration_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    let text = clinic.text();
    let host = clinic.host().await;
    let socket = format!("unix:{}", clinic.at("enclave.sock").display());
    let line = |line: &str| format!("{line}\ndeployment");
    let attester = format!("\"{}\"", clinic.network.accounts()[3].key);
    let other = format!("0x{}", "77".repeat(32));
    for (check, from, to) in [
        (Check::Rpc, "deployment", line(&format!("rpc = {NOBODY:?}"))),
        (
            Check::Storage,
            "deployment",
            line(&format!("storage_indexer = {NOBODY:?}")),
        ),
        (Check::Enclave, socket.as_str(), "unix:/nowhere/enclave.sock".to_owned()),
        (Check::Attesters, attester.as_str(), String::new()),
        (Check::Measurement, &measurement().to_string(), other),
        (
            Check::Disk,
            "least_disk_bytes = 4096",
            format!("least_disk_bytes = {}", i64::MAX),
        ),
        (Check::Wallet, "id = \"operator\"", "id = \"somebody\"".to_owned()),
        (Check::Deployment, "deployment.json", "missing.json".to_owned()),
    ] {
        clinic.finds(&[check], altered(&text, from, &to), host.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_machine_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    for (check, path, text) in [
        (Check::ControlGroups, "proc/self/mounts", "proc /proc proc rw 0 0\n"),
        (Check::UserNamespaces, "proc/sys/user/max_user_namespaces", "0\n"),
        (
            Check::OpenFiles,
            "proc/self/limits",
            "Max open files            64   64   files\n",
        ),
        (Check::Memory, "proc/meminfo", "MemAvailable: 2000 kB\n"),
    ] {
        fs::write(clinic.at("root").join(path), text).unwrap();
        clinic.finds(&[check], clinic.config(), clinic.host().await).await;
        machine(&clinic.at("root"));
    }
    let vsock = altered(
        &clinic.text(),
        &format!("unix:{}", clinic.at("enclave.sock").display()),
        "vsock:4000:5000",
    );
    clinic
        .finds(&[Check::Platform, Check::Enclave], vsock, clinic.host().await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_files_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    let text = clinic.text();
    let host = clinic.host().await;
    let mode = |name: &str, mode| fs::set_permissions(clinic.at(name), fs::Permissions::from_mode(mode)).unwrap();
    for name in ["passphrase", "verifier.toml"] {
        mode(name, 0o644);
        clinic.finds(&[Check::FileModes], clinic.config(), host.clone()).await;
        mode(name, 0o600);
    }

    private(&clinic.at("a-file"), b"");
    let below = format!("{:?}", clinic.at("a-file/data").display().to_string());
    let data = format!("{:?}", clinic.at("data").display().to_string());
    let lines = clinic.look(altered(&text, &data, &below), host.clone()).await;
    let line = lines.iter().find(|line| line.outcome == Outcome::Fail).unwrap();
    assert_eq!(line.check, Check::DataDirectory, "{lines:#?}");

    full_disk(&clinic, &host).await;

    let folder = clinic.at("collateral");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("piece"), b"no collateral").unwrap();
    let with_folder = format!("collateral = {:?}\ndeployment", folder.display().to_string());
    clinic
        .finds(
            &[Check::Collateral],
            altered(&text, "deployment", &with_folder),
            host.clone(),
        )
        .await;

    bad_journals(&clinic, &host).await;
}

/// One of a later program, and a file that is none.
async fn bad_journals(clinic: &Clinic, host: &Host) {
    let newer = "PRAGMA user_version = 99; CREATE TABLE later (x TEXT)";
    let path = clinic.at("data/journal.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    clinic.finds(&[Check::Journal], clinic.config(), host.clone()).await;
    fs::write(&path, b"this is no journal at all, and never was one").unwrap();
    clinic.finds(&[Check::Journal], clinic.config(), host.clone()).await;
}

/// A small disk of its own, filled to the end; only root can have one.
async fn full_disk(clinic: &Clinic, host: &Host) {
    let small = clinic.at("small");
    fs::create_dir(&small).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=64k", "none"];
    let mounted = Command::new("mount").args(mount).arg(&small).status().unwrap();
    if !mounted.success() {
        eprintln!("NOT TESTED: a full disk, which takes root");
        return;
    }
    fs::write(small.join("filler"), vec![1; 1 << 20]).unwrap_err();
    let data = format!("{:?}", clinic.at("data").display().to_string());
    let full = altered(&clinic.text(), &data, &format!("{:?}", small.display().to_string()));
    let lines = clinic.look(full, host.clone()).await;
    Command::new("umount").arg(&small).status().unwrap();
    let failing = lines.iter().filter(|line| line.outcome == Outcome::Fail);
    let failing: Vec<Check> = failing.map(|line| line.check).collect();
    assert_eq!(failing, [Check::Disk], "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_chain_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    wrong_clocks(&clinic).await;
    wrong_deployments(&clinic).await;

    clinic.give_coins("0x1").await;
    clinic
        .finds(&[Check::Balance], clinic.config(), clinic.host().await)
        .await;
    clinic.give_coins("0x8ac7230489e80000").await;

    not_listed(&clinic).await;
}

/// One endpoint whose newest block is old may be behind; two that agree show a fast clock, a future block a slow one.
async fn wrong_clocks(clinic: &Clinic) {
    let host = clinic.host().await;
    let with_clock = |clock| Host { clock, ..host.clone() };
    clinic
        .finds(&[Check::RpcLag], clinic.config(), with_clock(host.clock + 9000))
        .await;
    let two = format!(
        "rpc = [{:?}, {:?}]\ndeployment",
        clinic.network.rpc_url(),
        clinic.network.rpc_url().replace("127.0.0.1", "localhost")
    );
    let two = altered(&clinic.text(), "deployment", &two);
    clinic.finds(&[Check::Clock], two, with_clock(host.clock + 9000)).await;
    clinic
        .finds(&[Check::Clock], clinic.config(), with_clock(host.clock - 9000))
        .await;
}

/// Another chain's, and one whose gateway is nowhere.
async fn wrong_deployments(clinic: &Clinic) {
    let host = clinic.host().await;
    let nowhere = json!(Address::repeat_byte(9));
    for (check, key, value) in [
        (Check::ChainId, "/network/chainId", json!(1)),
        (Check::Contracts, "/contracts/VerifierGateway/address", nowhere),
    ] {
        let text = fs::read_to_string(clinic.at("deployment.json")).unwrap();
        let mut deployment: Value = serde_json::from_str(&text).unwrap();
        *deployment.pointer_mut(key).unwrap() = value;
        private(&clinic.at("other.json"), deployment.to_string().as_bytes());
        let other = altered(&clinic.text(), "deployment.json", "other.json");
        clinic.finds(&[check], other, host.clone()).await;
    }
}

/// A gateway that upstream's owner has taken off the list of verifiers, and puts on it again.
async fn not_listed(clinic: &Clinic) {
    let owner = account(clinic, 0).await;
    let registry = clinic.deployment.openresearch.verifier_registry;
    let gateway = clinic.deployment.enclave.unwrap().verifier_gateway;
    let unlist = VerifierRegistry::removeVerifierCall { v: gateway };
    owner.send(Call::new(registry, &unlist)).await.unwrap();
    clinic
        .finds(&[Check::Listing], clinic.config(), clinic.host().await)
        .await;
    let list = VerifierRegistry::addVerifierCall { v: gateway };
    owner.send(Call::new(registry, &list)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_admitted_or_not_any_more_is_named_with_its_fix_and_nothing_else() {
    let absent = Clinic::with(Script::MissingBytes).await;
    absent.finds(&[Check::Key], absent.config(), absent.host().await).await;
    let short = Clinic::with_key_for(600).await;
    let pass = async |seconds: u64| {
        short.network.steer("evm_increaseTime", json!([seconds])).await.unwrap();
        short.network.steer("evm_mine", json!([])).await.unwrap();
    };
    // Too short for a run, then over.
    short.finds(&[Check::Key], short.config(), short.host().await).await;
    pass(700).await;
    short.finds(&[Check::Key], short.config(), short.host().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_that_says_nothing_is_a_failure_that_says_so() {
    let clinic = Clinic::open().await;
    let path = clinic.at("silent.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let config = altered(&clinic.text(), "enclave.sock", "silent.sock");
    let examination = Examination::of(config, clinic.host().await).patient(Duration::from_secs(20));
    let lines = examination.run().await;
    let line = lines.iter().find(|line| line.check == Check::Identity).unwrap();
    assert_eq!(line.outcome, Outcome::Fail, "{lines:#?}");
    assert!(line.found.contains("hangs"), "{line:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_between_two_runs_costs_the_daemon_nothing() {
    let clinic = Clinic::with(Script::MissingBytes).await;
    for _ in 0..2 {
        submit(&clinic).await;
        let summary = Daemon::once(clinic.config(), Arc::new(Silent)).await.unwrap();
        assert!(summary.failures.is_empty(), "{summary:?}");
        // The enclave was asked for the evidence of its admission, and still gives it.
        clinic.finds(&[], clinic.config(), clinic.host().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_of_a_running_daemon_is_not_asked_for_other_evidence() {
    let clinic = Clinic::open().await;
    let lock = clinic.at("data/lock");
    fs::write(&lock, b"").unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&lock).unwrap());
    let held = format!("1: FLOCK  ADVISORY  WRITE 715 fd:00:{inode} 0 EOF\n");
    fs::write(clinic.at("root/proc/locks"), held).unwrap();
    let lines = clinic.look(clinic.config(), clinic.host().await).await;
    let of = |check| lines.iter().find(|line| line.check == check).unwrap();
    assert_eq!(of(Check::Identity).outcome, Outcome::Skipped);
    assert!(of(Check::DataDirectory).found.contains("process 715"), "{lines:#?}");
    assert!(lines.iter().all(|line| line.outcome != Outcome::Fail), "{lines:#?}");
}
