//! A job that does not fit into what a job may take, or that nobody wants any more, costs the enclave nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use alloy_primitives::{B256, I256};
use host::*;
use orv_content::archive;
use orv_content::tree::{Executable, Node, TreePath};
use orv_receipt::Bundle;
use orv_wire::{Cancel, FailureCode, Job, Message, Stage};
use std::time::Duration;

/// Verdict, reason and record of a job that ends with a statement.
fn stated(enclave: &Enclave, job: &Job, shelf: &Shelf) -> (u8, String, Bundle) {
    let mut channel = enclave.connect();
    introduce(&mut channel);
    match serve(&mut channel, job, shelf) {
        End::Judged(outcome, bundle) => {
            let reason = String::from_utf8(outcome.run.reason.0.to_vec()).unwrap();
            (outcome.run.verdict, reason.trim_end_matches('\0').to_owned(), *bundle)
        }
        End::Refused(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn a_scratch_disk_that_is_too_small_is_inconclusive_and_ends_no_enclave() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let disk = SmallDisk::over(&enclave.scratch());
    let (verdict, reason, bundle) = stated(&enclave, &job, &shelf);
    assert_eq!((verdict, reason.as_str()), (3, "job-limit"), "{:?}", bundle.obstacle);
    drop(disk);

    job.ticket = B256::repeat_byte(2);
    let (verdict, reason, _) = stated(&enclave, &job, &shelf);
    assert_eq!((verdict, reason.as_str()), (1, "improved"));
}

#[test]
fn an_incumbent_that_is_no_archive_does_not_block_its_project() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    job.incumbent.code_hash = shelf.put(b"no archive at all\n".repeat(100));
    let (verdict, reason, bundle) = stated(&enclave, &job, &shelf);
    assert_eq!((verdict, reason.as_str()), (1, "improved"), "{:?}", bundle.obstacle);
    assert!(bundle.incumbent_unreadable.is_some());

    // Its score on chain still is what has to be beaten.
    job.ticket = B256::repeat_byte(2);
    job.incumbent.score = I256::try_from(-900).unwrap();
    let (verdict, ..) = stated(&enclave, &job, &shelf);
    assert_ne!(verdict, 1);
}

#[test]
fn a_cancel_is_noticed_while_arms_are_prepared() {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let programs = [("bin/lua", "lua"), ("bin/bash", "plain-shell")];
    job.project.benchmark_hash = shelf.put(benchmark("images/example/project/benchmark", &programs));
    // As many as may be, and the last one fails: a job that goes on to it ends with a statement.
    let commands = format!("{}\"/bin/lua missing.lua\"", "\"/bin/lua pack.lua\", ".repeat(31));
    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    let protocol = protocol.replace(r#""setupCommands": []"#, &format!(r#""setupCommands": [{commands}]"#));
    job.project.protocol_hash = shelf.put(protocol.into_bytes());

    channel.send(5, &Message::Job(Box::new(job))).unwrap();
    let failure = loop {
        match channel.receive().unwrap().1 {
            Message::Want(want) => channel
                .send_segments(5, want.hash, &shelf.0[&want.hash], want.offset, want.length)
                .unwrap(),
            Message::Progress(progress) if progress.stage == Stage::Prepare => {
                channel.send(5, &Message::Cancel(Cancel {})).unwrap();
            }
            Message::Progress(_) => {}
            Message::Error(failure) => break failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failure.code, FailureCode::Cancelled, "{failure:?}");
    assert_eq!(enclave.leftovers(), 0);
}

#[test]
fn an_incumbent_whose_setup_fails_does_not_block_its_project() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let programs = [("bin/lua", "lua"), ("bin/bash", "plain-shell")];
    job.project.benchmark_hash = shelf.put(benchmark("images/example/project/benchmark", &programs));
    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    // It runs what a proposal may change.
    let protocol = protocol.replace(r#""setupCommands": []"#, r#""setupCommands": ["/bin/lua pack.lua"]"#);
    job.project.protocol_hash = shelf.put(protocol.into_bytes());
    let mut bomb = read("images/example/project/repository");
    let path = TreePath::new("pack.lua").unwrap();
    bomb.remove(&path);
    let content = b"error('from today on')\n".as_slice().into();
    let executable = Executable::No;
    bomb.insert(path, Node::File { executable, content }).unwrap();
    job.incumbent.code_hash = shelf.put(archive::write(&bomb));

    let (verdict, reason, bundle) = stated(&enclave, &job, &shelf);
    assert_eq!((verdict, reason.as_str()), (1, "improved"), "{:?}", bundle.obstacle);
    assert!(bundle.incumbent_unreadable.unwrap().contains("setup command 0"));
}

/// Whether a process with this argument runs anywhere.
fn runs(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes()))
}

#[test]
fn a_cancel_ends_a_command_of_the_preparation_that_runs() {
    const ARGUMENT: &str = "until-it-is-cancelled";
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let mut repository = read("images/example/project/repository");
    let endless = format!("while arg[1] == '{ARGUMENT}' do end\n").into_bytes();
    let script = TreePath::new("endless.lua").unwrap();
    repository.insert(script, file(endless, Executable::No)).unwrap();
    job.project.repo_snapshot_hash = shelf.put(archive::write(&repository));
    let programs = [("bin/lua", "lua"), ("bin/bash", "plain-shell")];
    job.project.benchmark_hash = shelf.put(benchmark("images/example/project/benchmark", &programs));
    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    let commands = format!(r#""setupCommands": ["/bin/lua endless.lua {ARGUMENT}"]"#);
    let protocol = protocol.replace(r#""setupCommands": []"#, &commands);
    job.project.protocol_hash = shelf.put(protocol.into_bytes());

    channel.send(5, &Message::Job(Box::new(job))).unwrap();
    let failure = loop {
        match channel.receive().unwrap().1 {
            Message::Want(want) => channel
                .send_segments(5, want.hash, &shelf.0[&want.hash], want.offset, want.length)
                .unwrap(),
            Message::Progress(progress) if progress.stage == Stage::Prepare => {
                while !runs(ARGUMENT) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                channel.send(5, &Message::Cancel(Cancel {})).unwrap();
            }
            Message::Progress(_) => {}
            Message::Error(failure) => break failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failure.code, FailureCode::Cancelled, "{failure:?}");
    assert!(!runs(ARGUMENT));
    assert_eq!(enclave.leftovers(), 0);
}
