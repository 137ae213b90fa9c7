//! The interpreter as a script sees it.
// Clippy knows tests by their attribute; what they call is test code too.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs `script` as `main.lua` in a folder of its own, with arguments, and neither channel nor metric.
fn run(script: &str) -> Output {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("main.lua"), script).unwrap();
    fs::write(folder.path().join("beside.lua"), "return 'found'").unwrap();
    Command::new(env!("CARGO_BIN_EXE_lua"))
        .args(["main.lua", "one", "two"])
        .current_dir(folder.path())
        .env("LUA_PATH", "/nowhere/?.lua")
        .output()
        .unwrap()
}

fn printed(script: &str) -> String {
    let output = run(script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_script_sees_its_arguments() {
    assert_eq!(
        printed("print(arg[0], arg[1], arg[2], #arg)"),
        "main.lua\tone\ttwo\t2\n"
    );
}

#[test]
fn modules_are_found_beside_the_script_whatever_the_environment_says() {
    assert_eq!(printed("print((require('beside')))"), "found\n");
}

#[test]
fn chance_is_the_same_in_every_run() {
    let script = "print(math.random(1 << 30), math.random(1 << 30))";
    assert_eq!(printed(script), printed(script));
}

#[test]
fn an_error_names_its_place_and_exits_1() {
    let output = run("\nerror('broken')");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("main.lua:2: broken"));
}

#[test]
fn a_script_that_uses_an_absent_descriptor_is_told_so() {
    for (call, name) in [
        ("channel.receive()", "channel"),
        ("channel.send('')", "channel"),
        ("metric.write('1')", "metric"),
    ] {
        let output = run(call);
        assert_eq!(output.status.code(), Some(1), "{call}");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains(&format!("this process has no {name}")), "{message}");
    }
}

#[test]
fn a_missing_script_exits_1_and_a_missing_argument_2() {
    let lua = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_lua"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let missing = lua(&["/nowhere.lua"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read /nowhere.lua"));
    assert_eq!(lua(&[]).status.code(), Some(2));
}

#[test]
fn the_plain_shell_becomes_the_program_of_its_line() {
    let shell = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_plain-shell"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let lua = env!("CARGO_BIN_EXE_lua");
    assert_eq!(shell(&["-c", &format!("{lua} /nowhere.lua")]).status.code(), Some(1));
    assert_eq!(shell(&["-c", "/nowhere"]).status.code(), Some(127));
    assert_eq!(shell(&["-c", "true && true"]).status.code(), Some(2));
    assert_eq!(shell(&["true"]).status.code(), Some(2));
}
