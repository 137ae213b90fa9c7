//! A whole round as users do it, in processes of their own: a network, a project with a measured baseline, a proposal.
//! Needs root and the example's interpreter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use orv::{Devnet, Home, example, interpreter, workspace};

const PUBLISH: [&str; 6] = ["--token-name", "Pack", "--token-symbol", "PACK", "--runs", "2"];

fn publish(home: &Home) -> serde_json::Value {
    let (folder, image) = (example(), interpreter());
    let arguments = [
        &["project", "publish", folder.as_str(), "--image-file", image.as_str()],
        PUBLISH.as_slice(),
    ];
    home.json(&arguments.concat()).succeeded()
}

/// A patch that improves the example.
fn improvement() -> String {
    let patch = workspace().join("images/example/patches/best-fit.patch");
    patch.display().to_string()
}

fn submit(home: &Home, patch: &str) -> serde_json::Value {
    let proposal = [
        "proposal",
        "submit",
        "--project",
        "0",
        "--patch",
        patch,
        "--stake",
        "10",
    ];
    home.json(&proposal).succeeded()
}

#[test]
fn a_verifier_whose_step_fails_says_so_once_and_by_its_exit_status() {
    let devnet = Devnet::start();
    let home = Home::new().on(&devnet).with_wallet();
    publish(&home);
    submit(&home, &improvement());
    let at = |name: &str| home.path(name).display().to_string();
    let configuration = format!(
        "deployment = {:?}\nenclave = \"unix:{}\"\ndata_directory = {:?}\n\
         [wallet.keystore]\ndirectory = {:?}\nid = \"main\"\npassphrase_file = {:?}\n\
         [admission.remote]\nattesters = [\"http://127.0.0.1:9\"]\n",
        devnet.deployment.display().to_string(),
        at("enclave.sock"),
        at("data"),
        at("wallets"),
        at("passphrase"),
    );
    home.write_secret("verifier.toml", &configuration);
    let run = home.json(&["verifier", "once", "verifier.toml"]);
    let document = run.document();
    assert_eq!(run.status, 6, "{document}");
    assert_eq!(document["schema"], "orv.verifier.summary/1");
    let failures = document["failures"].as_array().unwrap();
    assert_eq!((failures.len(), &failures[0]["code"]), (1, &"ORV-V-030".into()));
    assert_eq!(run.stderr.matches("ORV-V-030").count(), 1, "{}", run.stderr);
}

#[test]
fn a_project_is_published_and_improved() {
    let devnet = Devnet::start();
    let home = Home::new().on(&devnet).with_wallet();
    let published = publish(&home);
    assert_eq!(
        (&published["baseline_score"], &published["steadiness"]),
        (&"-1117".into(), &"exact".into())
    );

    let shown = home.json(&["project", "show", "0"]).succeeded();
    assert_eq!(shown["snapshot_hash"], published["snapshot_root"]);
    assert_eq!(shown["baseline_metrics_hash"], published["baseline_log_root"]);

    // What was stored is what was checked, and comes back by its root.
    let checked = home
        .json(&["project", "check", &example(), "--image-file", &interpreter()])
        .succeeded();
    assert_eq!(checked["benchmark_root"], published["benchmark_root"]);
    let root = published["baseline_log_root"].as_str().unwrap();
    home.json(&["storage", "get", root, "--out", "log.json"]).succeeded();
    assert_eq!(home.json(&["storage", "root", "log.json"]).succeeded()["root"], root);
    let log: serde_json::Value = serde_json::from_slice(&std::fs::read(home.path("log.json")).unwrap()).unwrap();
    assert_eq!(
        (&log["schema"], &log["metric"]),
        (&"orv.measurement/1".into(), &"1117".into())
    );

    let patch = improvement();
    let submitted = submit(&home, &patch);
    assert_eq!(submitted["claimed_score"], "-963", "the claim was measured");
    assert_eq!(submitted["advice"]["findings"].as_array().unwrap().len(), 0);
    let checked = home
        .json(&["proposal", "check", "--project", "0", "--patch", &patch])
        .succeeded();
    assert_eq!(checked["code_hash"], submitted["code_hash"]);
    assert_eq!(submitted["undone"].as_array().unwrap().len(), 0);

    let proposal = home.json(&["proposal", "show", "0"]).succeeded();
    assert_eq!(proposal["code_hash"], submitted["code_hash"]);
    assert_eq!(
        (&proposal["status"], &proposal["stake"]),
        (&"submitted".into(), &"10".into())
    );
    assert_eq!(proposal["attempts"].as_array().unwrap().len(), 0);
    let listed = home.json(&["proposal", "list", "--project", "0"]).succeeded();
    assert_eq!(listed["proposals"][0]["proposal_id"], "0");
}

/// The example with its image named by a root that is open, as its digest is.
fn example_by_root(home: &Home) -> String {
    let copied = std::process::Command::new("cp")
        .args(["-r", &example()])
        .arg(home.path("project"))
        .status()
        .unwrap();
    assert!(copied.success());
    let manifest = home.path("project/benchmark/openresearch.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let root = format!("\"image\": {{ \"root\": \"0x{}\",", "0".repeat(64));
    std::fs::write(&manifest, text.replace("\"image\": {", &root)).unwrap();
    home.path("project").display().to_string()
}

#[test]
fn an_image_by_its_own_root_is_stored_by_the_creator_and_fetched_by_the_miner() {
    let devnet = Devnet::start();
    let home = Home::new().on(&devnet).with_wallet();
    let (folder, image) = (example_by_root(&home), interpreter());
    let checked = home
        .json(&["project", "check", &folder, "--image-file", &image])
        .succeeded();
    assert_eq!(checked["separation"], "split");
    let arguments = [
        &["project", "publish", folder.as_str(), "--image-file", image.as_str()],
        PUBLISH.as_slice(),
    ];
    home.json(&arguments.concat()).succeeded();
    let root = checked["image_root"].as_str().unwrap();
    home.json(&["storage", "get", root, "--out", "image.tar"]).succeeded();

    let patch = workspace().join("images/example/patches/best-fit.patch");
    let patch = patch.display().to_string();
    let submitted = home
        .json(&[
            "proposal",
            "submit",
            "--project",
            "0",
            "--patch",
            &patch,
            "--stake",
            "10",
        ])
        .succeeded();
    assert_eq!(
        submitted["claimed_score"], "-963",
        "measured in the image that was fetched"
    );
}

#[test]
fn what_a_miner_should_know_is_said_before_anything_is_paid() {
    let devnet = Devnet::start();
    let home = Home::new().on(&devnet).with_wallet();
    publish(&home);
    let submit = |source: &[&str], more: &[&str]| {
        home.json(&[&["proposal", "submit", "--project", "0", "--stake", "10"], source, more].concat())
    };
    let proposals = workspace().join("images/example/proposals");
    let folder = |name: &str| proposals.join(name).display().to_string();

    let forger = submit(&["--folder", &folder("forger")], &["--claimed-score=-1"]).succeeded();
    let undone: Vec<_> = forger["undone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["path"].as_str().unwrap())
        .collect();
    assert!(
        undone.contains(&"main.lua") && !undone.contains(&"pack.lua"),
        "{undone:?}"
    );

    submit(&["--folder", &folder("crasher")], &[]).assert_failed(4, "ORV-C-052");
    let snapshot = workspace()
        .join("images/example/project/repository")
        .display()
        .to_string();
    submit(&["--folder", &snapshot], &["--claimed-score=-1"]).assert_failed(3, "ORV-C-060");
    std::fs::write(
        home.path("bad.patch"),
        "--- a/pack.lua\n+++ b/pack.lua\n@@ -1 +1 @@\n-nothing\n+x\n",
    )
    .unwrap();
    submit(&["--patch", "bad.patch"], &[]).assert_failed(3, "ORV-C-061");
    let improvement = folder("second-improvement");
    submit(
        &["--folder", &improvement],
        &["--claimed-score=-1", "--budget", "1wei", "--stake", "99"],
    )
    .assert_failed(2, "ORV-C-001");
    let poor = [
        "proposal",
        "submit",
        "--project",
        "0",
        "--stake",
        "99",
        "--folder",
        improvement.as_str(),
        "--claimed-score=-1",
    ];
    home.json(&[poor.as_slice(), &["--budget", "1wei"]].concat())
        .assert_failed(1, "ORV-C-063");
    assert_eq!(
        home.json(&["proposal", "list"]).succeeded()["count"],
        "1",
        "only the forger's was sent"
    );
}
