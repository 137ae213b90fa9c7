//! Verdicts on Nitro documents against a program made of Python's cbor2 and cryptography.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod published_vectors;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use orv_evidence::{Platform, UnixTime};
use orv_simulator::root_der;
use orv_verify::{Collateral, ExpectedBinding, Policy, Roots, VerifyError, verify};
use published_vectors::vectors;
use serde_json::{Value, json};
use support::{NOW, right};

/// Python with the two packages, as `./dev` installs it.
fn python() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
    let python = cache.join("orv/tools/attestation/bin/python");
    if python.exists() {
        return Some(python);
    }
    eprintln!("NOT TESTED: {} is missing; ./dev setup installs it", python.display());
    None
}

struct Question {
    root: Vec<u8>,
    document: Vec<u8>,
    platform: Platform,
    at: UnixTime,
}

/// Both answers to one question.
struct Answers {
    ours: Result<(), VerifyError>,
    theirs: bool,
}

fn ask(python: &Path, questions: &[Question]) -> Vec<Answers> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/nitro.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let lines: String = questions.iter().map(Question::line).collect();
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("python's answers");
    writer.join().expect("written").expect("written");
    let text = String::from_utf8(output.stdout).expect("text");
    let theirs: Vec<bool> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an answer"))
        .collect();
    assert_eq!(theirs.len(), questions.len(), "an answer to each question");
    questions
        .iter()
        .zip(theirs)
        .map(|(question, theirs)| Answers {
            ours: question.ours(),
            theirs,
        })
        .collect()
}

impl Question {
    fn line(&self) -> String {
        let (root, document) = (hex::encode(&self.root), hex::encode(&self.document));
        format!(
            "{}\n",
            json!({ "root": root, "document": document, "at": self.at.seconds() })
        )
    }

    fn ours(&self) -> Result<(), VerifyError> {
        let roots = Roots::with_simulator(root_der()).expect("a root");
        let expected = ExpectedBinding::Unknown(self.platform);
        verify(
            &self.document,
            &Collateral::none(),
            self.at,
            &roots,
            &Policy::built_in(),
            &expected,
        )
        .map(drop)
    }
}

/// What we refuse and they do not must be for the form: they read more CBOR than a document may have.
fn agree(place: &str, answers: &Answers) {
    match (&answers.ours, answers.theirs) {
        (Ok(()), true) | (Err(_), false) | (Err(VerifyError::Document(_)), true) => {}
        (ours, theirs) => panic!("{place}: ours {ours:?}, theirs {theirs}"),
    }
}

#[test]
fn real_documents_are_judged_alike_in_their_time_and_outside_it() {
    let (Some(python), Some(folder)) = (python(), vectors()) else {
        return;
    };
    let text = std::fs::read(folder.join("expected.json")).expect("expected.json");
    let expected: Value = serde_json::from_slice(&text).expect("JSON");
    let root = std::fs::read(folder.join("roots/aws_nitro_root_g1.der")).expect("the root");
    let mut questions = Vec::new();
    for row in expected["nitro"].as_array().expect("rows") {
        let document = std::fs::read(folder.join(row["file"].as_str().expect("a name"))).expect("a document");
        let at = row["verify_at_unix"].as_u64().expect("seconds");
        for moment in [at, at + 3 * 60 * 60, at - 24 * 60 * 60] {
            questions.push(Question {
                root: root.clone(),
                document: document.clone(),
                platform: Platform::Nitro,
                at: UnixTime::from_seconds(moment),
            });
        }
    }
    let answers = ask(&python, &questions);
    assert!(answers.iter().any(|both| both.theirs), "something must be authentic");
    for (place, both) in answers.iter().enumerate() {
        agree(&format!("question {place}"), both);
    }
}

#[test]
fn every_eleventh_byte_of_a_document_flipped_is_judged_alike() {
    let Some(python) = python() else { return };
    let document = right();
    let flipped = (0..document.len()).step_by(11).map(|place| {
        let mut document = document.clone();
        document[place] ^= 1;
        document
    });
    let questions: Vec<Question> = std::iter::once(document.clone())
        .chain(flipped)
        .map(|document| Question {
            root: root_der().to_vec(),
            document,
            platform: Platform::SimNitro,
            at: NOW,
        })
        .collect();
    let answers = ask(&python, &questions);
    assert!(
        answers[0].ours.is_ok() && answers[0].theirs,
        "the document itself is authentic"
    );
    for (place, both) in answers.iter().enumerate().skip(1) {
        agree(&format!("byte {}", (place - 1) * 11), both);
        assert!(both.ours.is_err(), "byte {} is free", (place - 1) * 11);
    }
}
