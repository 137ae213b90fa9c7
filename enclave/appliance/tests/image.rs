//! The service as an image's init starts it: what it says of its end reaches whoever waits for it.

#![allow(clippy::unwrap_used, clippy::panic)]

use orv_wire::{Exit, ExitCode, Frame, Message};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// What the service of an image says here, where there is no image.
fn last_words(arguments: &[&str]) -> Option<Exit> {
    let (mut words, theirs) = UnixStream::pair().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_orv-enclave"))
        .args(arguments)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let mut said = Vec::new();
    words.read_to_end(&mut said).unwrap();
    let frame = Frame::read_from(&mut said.as_slice()).ok()?;
    match Message::from_frame(&frame).unwrap() {
        Message::Exit(exit) => Some(exit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_that_cannot_begin_tells_its_init_why_with_a_code() {
    let exit = last_words(&["service"]).unwrap();
    assert_eq!(exit.code, ExitCode::Configuration);
    assert!(exit.detail.contains("/orv/configuration.json"), "{exit}");
    assert!(exit.to_string().starts_with("ORV-E-002 "), "{exit}");
}

#[test]
fn a_program_that_is_started_by_hand_has_no_init_to_tell() {
    assert_eq!(last_words(&["--listen", "nowhere"]), None);
}

#[test]
fn a_console_that_takes_no_byte_stops_nothing() {
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let (mut words, theirs) = UnixStream::pair().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_orv-enclave"))
        .arg("service")
        .stdin(OwnedFd::from(theirs))
        .stdout(full())
        .stderr(full())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1), "it ended by its own will, and not by a panic");
    assert!(Frame::read_from(&mut words).is_ok(), "init was told all the same");
}
