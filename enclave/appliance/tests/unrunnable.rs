//! What no machine can run is said of the project that asks for it, and costs the enclave nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use host::*;

/// Reason of the statement on a project whose protocol has `put` in place of its `found`.
fn reason_with(enclave: &mut Enclave, found: &str, put: &str) -> String {
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    assert!(protocol.contains(found));
    job.project.protocol_hash = shelf.put(protocol.replace(found, put).into_bytes());
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let outcome = match serve(&mut channel, &job, &shelf) {
        End::Judged(outcome, _) => outcome,
        End::Refused(failure) => panic!("{put:.40}: {failure:?}"),
    };
    assert_eq!(outcome.run.verdict, 3);
    drop(channel);
    // It goes on: another job is served.
    introduce(&mut enclave.connect());
    let reason = String::from_utf8(outcome.run.reason.0.to_vec()).unwrap();
    reason.trim_end_matches('\0').to_owned()
}

#[test]
fn a_setup_command_that_no_kernel_takes_is_the_projects_fault() {
    let (none, unfit) = (r#""setupCommands": []"#, r#""setupCommands": ["a\u0000b"]"#);
    assert_eq!(reason_with(&mut Enclave::start(), none, unfit), "project-archive");
}
