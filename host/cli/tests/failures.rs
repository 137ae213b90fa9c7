//! Each failure has its code, its exit status, and one document that says what to do next.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use std::process::Stdio;

use orv::{Devnet, Home, example, interpreter};

/// Nothing listens there: the port is reserved and never served.
const NOBODY: &str = "http://127.0.0.1:1";

#[test]
fn wrong_arguments_are_usage_with_a_document_only_when_asked_for() {
    let home = Home::new();
    home.json(&["project", "shwo"]).assert_failed(2, "ORV-C-001");
    home.json(&["project", "show", "one"]).assert_failed(2, "ORV-C-001");
    let incomplete = home.json(&["trial", "--repo", "."]);
    assert!(incomplete.document()["error"].as_str().unwrap().contains("--protocol"));
    let text = home.text(&["project", "show"]);
    assert_eq!((text.status, text.stdout.as_str()), (2, ""));
    assert!(text.stderr.contains("ORV-C-001"), "{}", text.stderr);
}

/// Runs with a standard output that nobody reads any more, and answers exit status and stderr.
fn unread(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command();
    let child = command.args(arguments).stdout(writer).stderr(Stdio::piped());
    let output = child.spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let home = Home::new();
    std::fs::write(home.path("orv.toml"), "rpc = \"http://127.0.0.1\"\n").unwrap();
    for (arguments, status) in [
        (vec!["--help"], 0),
        (vec!["verifier", "run", "--help"], 0),
        (vec!["config", "print", "--defaults"], 0),
        (vec!["config", "print", "--defaults", "--json"], 0),
        (vec!["config", "check"], 3),
        (vec!["storage", "root", "nothing.tar", "--json"], 1),
    ] {
        assert_eq!(
            unread(&home, &arguments),
            (Some(status), String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command();
    command
        .args(["-vvv", "project", "list", "--rpc-url", NOBODY])
        .stderr(writer);
    // A panic would end with 101.
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let home = Home::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = home.command();
    command
        .args(["config", "print", "--defaults"])
        .stdout(full)
        .stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && words.contains("ORV-C-005"),
        "{words}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let home = Home::new();
    let run = home.json(&["storage", "root", "nothing.tar"]);
    run.assert_failed(1, "ORV-C-005");
    assert!(run.document()["error"].as_str().unwrap().contains("nothing.tar"));
    home.json(&["project", "check", "nowhere"])
        .assert_failed(1, "ORV-C-005");
    home.json(&["project", "list", "--deployment", "nothing.json"])
        .assert_failed(1, "ORV-C-006");
    home.json(&["project", "list", "--config", "nothing.toml"])
        .assert_failed(1, "ORV-C-002");
    home.json(&["verifier", "status", "nothing.toml"])
        .assert_failed(1, "ORV-V-001");
}

#[test]
fn a_wrong_passphrase_and_a_missing_wallet_are_told_apart() {
    let home = Home::new().with_wallet();
    home.write_secret("other", "wrong\n");
    std::fs::write(home.path("content"), "content").unwrap();
    let put = |options: &[&str]| home.json(&[&["storage", "put", "content", "--rpc-url", NOBODY], options].concat());
    put(&["--passphrase-file", "other"]).assert_failed(1, "ORV-C-010");
    put(&["--wallet", "nobody"]).assert_failed(1, "ORV-C-011");
    put(&["--passphrase-file", "nothing"]).assert_failed(1, "ORV-C-005");
    home.json(&["wallet", "new", "main"]).assert_failed(1, "ORV-C-012");
}

#[test]
fn an_unreachable_endpoint_is_no_connection() {
    let home = Home::new();
    home.json(&["project", "list", "--rpc-url", NOBODY])
        .assert_failed(1, "ORV-C-020");
    home.json(&["project", "list", "--rpc-url", "ftp://x"])
        .assert_failed(2, "ORV-C-004");
    let root = format!("0x{}", "11".repeat(32));
    let get = [
        "storage",
        "get",
        root.as_str(),
        "--out",
        "file",
        "--indexer-url",
        NOBODY,
    ];
    home.json(&get).assert_failed(5, "ORV-C-040");
}

#[test]
fn on_a_network_a_wrong_chain_and_missing_records_have_their_codes() {
    let devnet = Devnet::start();
    let home = Home::new().on(&devnet).with_wallet();
    home.json(&["project", "list", "--chain-id", "1"])
        .assert_failed(1, "ORV-C-021");
    home.json(&["project", "show", "7"]).assert_failed(1, "ORV-C-030");
    home.json(&["proposal", "show", "7"]).assert_failed(1, "ORV-C-031");
    let submit = ["proposal", "submit", "--project", "7", "--folder", ".", "--stake", "1"];
    home.json(&submit).assert_failed(1, "ORV-C-030");
    let text = std::fs::read_to_string(&devnet.deployment).unwrap();
    let registry = devnet.ready["deployment"]["contracts"]["ProjectRegistry"]["address"]
        .as_str()
        .unwrap();
    std::fs::write(
        home.path("moved.json"),
        text.replace(registry, &format!("0x{}", "11".repeat(20))),
    )
    .unwrap();
    home.json(&["project", "list", "--deployment", "moved.json"])
        .assert_failed(1, "ORV-C-022");
    assert_eq!(devnet.interrupt(), 0, "an interrupted devnet ends well");
}

#[test]
fn a_project_with_problems_lists_all_of_them() {
    let home = Home::new();
    let run = home.json(&["project", "check", &example()]);
    run.assert_failed(3, "ORV-C-050");
    assert_eq!(run.document()["details"].as_array().unwrap().len(), 1);
    let checked = home
        .json(&["project", "check", &example(), "--image-file", &interpreter()])
        .succeeded();
    assert_eq!(checked["channel"], "split");
    let warned = checked["warnings"].as_array().unwrap().iter();
    assert!(
        warned
            .map(|warning| &warning["path"])
            .any(|path| path == "execution.command")
    );
}

#[test]
fn a_faucet_is_refused_where_the_chain_is_no_development_chain() {
    let home = Home::new().with_wallet();
    let chain = Node::start(r#""Geth/v1.14""#);
    home.json(&["wallet", "fund", "--rpc-url", &chain.url])
        .assert_failed(1, "ORV-C-081");
}

#[test]
fn a_flag_goes_before_the_variable_and_the_variable_before_the_file() {
    let home = Home::new();
    std::fs::write(
        home.path("orv.toml"),
        "rpc_url = \"http://127.0.0.1:9/file\"\nchain_id = 3\n",
    )
    .unwrap();
    let chain = Node::start(r#""x""#);
    let of_the_file = home.json(&["project", "list", "--rpc-url", &chain.url]);
    of_the_file.assert_failed(1, "ORV-C-021");
    assert!(
        of_the_file.document()["error"]
            .as_str()
            .unwrap()
            .contains("expected chain 3")
    );
    let list = |variables: &[(&str, &str)], flags: &[&str]| {
        let mut command = home.command();
        command
            .envs(variables.iter().copied())
            .args(["--json", "project", "list"])
            .args(flags);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let url = chain.url.as_str();
    let upstream = list(&[("ARAH_RPC_URL", url), ("ARAH_CHAIN_ID", "4")], &[]);
    assert!(upstream.contains("expected chain 4"), "{upstream}");
    let ours = list(
        &[
            ("ARAH_RPC_URL", "http://127.0.0.1:9"),
            ("ORV_RPC_URL", url),
            ("ORV_CHAIN_ID", "5"),
        ],
        &[],
    );
    assert!(ours.contains("expected chain 5"), "{ours}");
    let flag = list(&[("ORV_RPC_URL", url), ("ORV_CHAIN_ID", "5")], &["--chain-id", "6"]);
    assert!(flag.contains("expected chain 6"), "{flag}");
}

#[test]
fn an_unknown_key_of_the_file_is_refused_with_its_line() {
    let home = Home::new();
    std::fs::write(home.path("orv.toml"), "rpc = \"http://127.0.0.1\"\n").unwrap();
    let run = home.json(&["project", "list"]);
    run.assert_failed(1, "ORV-C-002");
    assert!(
        run.document()["error"]
            .as_str()
            .unwrap()
            .contains("unknown field `rpc`")
    );
}

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::new();
    for command in [
        "devnet",
        "project check",
        "project baseline",
        "project publish",
        "project show",
        "project list",
        "proposal submit",
        "proposal show",
        "proposal list",
        "storage put",
        "storage get",
        "storage root",
        "wallet new",
        "wallet address",
        "wallet fund",
        "verifier run",
        "verifier once",
        "verifier status",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let help = home.text(&arguments);
        assert_eq!(help.status, 0);
        assert!(help.stdout.contains("Example"), "{command}: {}", help.stdout);
        assert!(help.stdout.contains(&format!("orv {command}")), "{command}");
    }
}

#[test]
fn without_root_there_are_no_containers_and_it_is_said() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let readable = || std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), readable()).unwrap();
    let binary = folder.path().join("orv");
    std::fs::copy(env!("CARGO_BIN_EXE_orv"), &binary).unwrap();
    let copied = std::process::Command::new("cp")
        .args(["-r", &example()])
        .arg(folder.path().join("project"))
        .status();
    assert!(copied.unwrap().success());
    let source = interpreter();
    std::fs::copy(source.split('=').next().unwrap(), folder.path().join("lua")).unwrap();
    let mut command = std::process::Command::new(&binary);
    command.args([
        "--json",
        "project",
        "baseline",
        "project",
        "--image-file",
        "lua=bin/lua",
    ]);
    command
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .uid(65_534)
        .gid(65_534);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("ORV-C-070") && text.contains("user id 65534"), "{text}");
}

/// Answers every JSON-RPC question of one kind: chain id 16602, and this client version.
struct Node {
    url: String,
}

impl Node {
    fn start(version: &'static str) -> Self {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !String::from_utf8_lossy(&request).contains("\"jsonrpc\"") {
                    match stream.read(&mut buffer) {
                        Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
                        _ => break,
                    }
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let body = text.rsplit("\r\n\r\n").next().unwrap_or_default();
                let asked: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
                let result = if asked["method"] == "eth_chainId" {
                    r#""0x40da""#
                } else {
                    version
                };
                let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, asked["id"]);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    answer.len()
                );
                let _ = stream.write_all(format!("{head}{answer}").as_bytes());
            }
        });
        Self { url }
    }
}
