//! A host that lies gets no statement, and is told why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use alloy_primitives::{Address, B256, U256};
use host::*;
use orv_content::merkle::root_of;
use orv_content::tree::{Executable, TreePath};
use orv_content::{archive, materialize};
use orv_wire::*;
use std::io::Write;
use std::os::unix::net::UnixStream;

fn refused(end: End) -> Failure {
    match end {
        End::Refused(failure) => failure,
        End::Judged(outcome, _) => panic!("a statement was signed: {:?}", outcome.run),
    }
}

fn introduced(enclave: &Enclave) -> Channel<UnixStream> {
    let mut channel = enclave.connect();
    introduce(&mut channel);
    channel
}

#[test]
fn swapped_code_benchmark_snapshot_or_protocol_is_refused() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("unchanged-copy"), 1);
    let better = candidate("improvement");
    let hashes = [
        job.proposal.code_hash,
        job.project.benchmark_hash,
        job.project.repo_snapshot_hash,
        job.project.protocol_hash,
    ];
    for hash in hashes {
        let mut lying = shelf.clone();
        lying.0.insert(hash, better.clone());
        let failure = refused(serve(&mut introduced(&enclave), &job, &lying));
        assert_eq!(failure.code, FailureCode::Malformed, "{failure:?}");
        assert!(failure.detail.contains("not those of the hash"), "{failure:?}");
    }
    assert_eq!(enclave.leftovers(), 0);
}

#[test]
fn bytes_that_were_not_asked_for_end_the_job() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("improvement"), 1);
    let mut channel = introduced(&enclave);
    channel.send(5, &Message::Job(Box::new(job.clone()))).unwrap();
    let Message::Progress(_) = channel.receive().unwrap().1 else {
        panic!()
    };
    let Message::Want(want) = channel.receive().unwrap().1 else {
        panic!()
    };
    let segment = Segment {
        hash: want.hash,
        offset: 1,
        total: 9,
        bytes: vec![0; 8],
    };
    channel.send(5, &Message::Segment(segment)).unwrap();
    let Message::Error(failure) = channel.receive().unwrap().1 else {
        panic!()
    };
    assert!(failure.detail.contains("segment at 1, wanted 0"), "{failure:?}");
}

#[test]
fn a_ticket_has_one_statement() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("crasher"), 1);
    let mut channel = introduced(&enclave);
    assert!(matches!(serve(&mut channel, &job, &shelf), End::Judged(..)));
    let again = refused(serve(&mut channel, &job, &shelf));
    assert_eq!(again.code, FailureCode::TicketUsed, "{again:?}");
}

/// Serves a job until its first trial has ended.
fn serve_to_first_trial(channel: &mut Channel<UnixStream>, job: &Job, shelf: &Shelf) {
    channel.send(5, &Message::Job(Box::new(job.clone()))).unwrap();
    loop {
        match channel.receive().unwrap().1 {
            Message::Want(want) => channel
                .send_segments(5, want.hash, &shelf.0[&want.hash], want.offset, want.length)
                .unwrap(),
            Message::Progress(Progress {
                stage: Stage::Trials, ..
            }) => return,
            Message::Progress(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_leaves_or_cancels_while_the_code_runs_does_not_roll_again() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let left = job(&mut shelf, candidate("improvement"), 1);
    let cancelled = Job {
        ticket: B256::repeat_byte(2),
        ..left.clone()
    };
    serve_to_first_trial(&mut introduced(&enclave), &left, &shelf);

    let mut channel = introduced(&enclave);
    serve_to_first_trial(&mut channel, &cancelled, &shelf);
    channel.send(5, &Message::Cancel(Cancel {})).unwrap();
    let failure = loop {
        if let Message::Error(failure) = channel.receive().unwrap().1 {
            break failure;
        }
    };
    assert_eq!(failure.code, FailureCode::Cancelled, "{failure:?}");

    for job in [left, cancelled] {
        let again = refused(serve(&mut channel, &job, &shelf));
        assert_eq!(again.code, FailureCode::TicketUsed, "{again:?}");
    }
    assert_eq!(enclave.leftovers(), 0);
}

#[test]
fn a_ticket_whose_bytes_did_not_come_may_be_tried_again() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("improvement"), 1);
    let mut channel = introduced(&enclave);
    let mut lying = shelf.clone();
    lying.0.insert(job.proposal.code_hash, candidate("unchanged-copy"));
    assert_eq!(refused(serve(&mut channel, &job, &lying)).code, FailureCode::Malformed);
    assert!(matches!(serve(&mut channel, &job, &shelf), End::Judged(..)));
}

#[test]
fn zeros_that_a_host_cuts_off_do_not_spoil_the_candidate() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("improvement"), 1);
    let whole = shelf.0[&job.proposal.code_hash].clone();
    let root = root_of(&whole).unwrap();
    let mut cut = whole.clone();
    // As much of the end marker as the root does not bind.
    while cut.last() == Some(&0) && root_of(&cut[..cut.len() - 1]) == Ok(root) {
        cut.pop();
    }
    assert_ne!(cut.len(), whole.len());
    shelf.0.insert(job.proposal.code_hash, cut);
    let End::Judged(_, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!("not judged")
    };
    assert_eq!(bundle.obstacle, None);
}

#[test]
fn the_key_works_for_one_chain_gateway_registry_and_operator() {
    let enclave = Enclave::start();
    let mut channel = introduced(&enclave);
    let others = [
        Hello {
            registry: Address::ZERO,
            ..hello()
        },
        Hello {
            operator: Address::ZERO,
            ..hello()
        },
        Hello {
            domain: orv_receipt::Domain { chain_id: 1, ..DOMAIN },
            ..hello()
        },
        Hello {
            domain: orv_receipt::Domain {
                gateway: Address::ZERO,
                ..DOMAIN
            },
            ..hello()
        },
    ];
    for other in others {
        channel.send(0, &Message::Hello(other)).unwrap();
        let Message::Error(failure) = channel.receive().unwrap().1 else {
            panic!()
        };
        assert_eq!(failure.code, FailureCode::OtherBinding);
    }
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    job.domain.chain_id = 1;
    assert_eq!(
        refused(serve(&mut channel, &job, &shelf)).code,
        FailureCode::OtherBinding
    );
}

#[test]
fn claims_about_project_proposal_and_incumbent_end_in_the_statement_and_nowhere_else() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let honest = job(&mut shelf, candidate("crasher"), 1);
    let mut lying = honest.clone();
    lying.ticket = B256::repeat_byte(2);
    lying.proposal.id = U256::from(8);
    lying.proposal.stake = U256::from(1);
    let mut channel = introduced(&enclave);
    let End::Judged(one, _) = serve(&mut channel, &honest, &shelf) else {
        panic!()
    };
    let End::Judged(other, _) = serve(&mut channel, &lying, &shelf) else {
        panic!()
    };
    // The gateway recomputes both digests from the ledger: the second statement fits no proposal there.
    assert_ne!(one.run.proposal_digest, other.run.proposal_digest);
    assert_eq!(other.run.proposal_id, U256::from(8));
    assert_eq!(one.run.project_digest, other.run.project_digest);
}

#[test]
fn missing_bytes_are_inconclusive_and_say_so() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("improvement"), 1);
    shelf.0.remove(&job.proposal.code_hash);
    let End::Judged(outcome, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(outcome.run.verdict, 3);
    assert_eq!(bundle.obstacle.unwrap().reason, "missing-bytes");
}

#[test]
fn a_candidate_that_is_no_archive_is_inconclusive_not_a_reject() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, b"this is no tar".to_vec(), 1);
    let End::Judged(outcome, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(outcome.run.verdict, 3);
    assert_eq!(bundle.obstacle.unwrap().reason, "candidate-archive");
}

/// A tar of as many files with as long names as an archive may have.
fn archive_of_names() -> Vec<u8> {
    let mut tree = read("images/example/project/repository");
    let folder = format!("{0}/{0}/{0}", "d".repeat(255));
    for number in 0..60_000 {
        let path = TreePath::new(format!("{folder}/{number:0>200}")).unwrap();
        tree.insert(path, file(Vec::new(), Executable::No)).unwrap();
    }
    archive::write(&tree)
}

#[test]
fn a_record_that_nobody_would_read_is_replaced_by_one_that_says_so() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, archive_of_names(), 1);
    let End::Judged(outcome, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(outcome.run.verdict, 3);
    assert_eq!(bundle.obstacle.as_ref().unwrap().reason, "job-limit");
    assert!(bundle.encode().len() < 1 << 20);
    assert_eq!(enclave.leftovers(), 0);
}

#[test]
fn a_protocol_whose_zeros_fill_chunks_of_their_own_is_refused_and_not_recorded() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("crasher"), 1);
    let mut protocol = shelf.0[&job.project.protocol_hash].clone();
    protocol.extend([0; 512]);
    job.project.protocol_hash = shelf.put(protocol);
    let End::Judged(_, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(bundle.obstacle.as_ref().unwrap().reason, "protocol-malformed");
    assert!(bundle.protocol_json.is_empty());
}

#[test]
fn a_manifest_that_is_too_long_is_refused_and_not_recorded() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let mut benchmark = read("images/example/project/benchmark");
    let path = TreePath::new("openresearch.json").unwrap();
    benchmark
        .insert(path, file(vec![b' '; 70_000], Executable::No))
        .unwrap();
    job.project.benchmark_hash = shelf.put(archive::write(&benchmark));
    let End::Judged(_, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(bundle.obstacle.as_ref().unwrap().reason, "manifest-malformed");
    assert_eq!(bundle.project_json, None);
}

#[test]
fn a_protocol_of_the_miners_own_is_not_read() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let path = workspace().join("images/example/project/repository");
    let mut tree = materialize::read_directory(&path, &archive::Quota::project()).unwrap();
    let protocol = file(b"{}".to_vec(), Executable::No);
    tree.insert(TreePath::new(".autoresearch/publish/protocol.json").unwrap(), protocol)
        .unwrap();
    let job = job(&mut shelf, archive::write(&tree), 1);
    let End::Judged(outcome, bundle) = serve(&mut introduced(&enclave), &job, &shelf) else {
        panic!()
    };
    assert_eq!(outcome.run.verdict, 2);
    assert!(
        bundle
            .differences
            .iter()
            .any(|difference| difference.path.ends_with("protocol.json"))
    );
}

#[test]
fn a_job_before_hello_and_a_message_out_of_place_are_refused_and_the_connection_lives() {
    let enclave = Enclave::start();
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("crasher"), 1);
    let mut channel = enclave.connect();
    assert_eq!(refused(serve(&mut channel, &job, &shelf)).code, FailureCode::NoIdentity);
    let exit = Exit::new(ExitCode::Silent, "no");
    channel.send(0, &Message::Exit(exit)).unwrap();
    let Message::Error(failure) = channel.receive().unwrap().1 else {
        panic!()
    };
    assert_eq!(failure.code, FailureCode::OutOfOrder);
    introduce(&mut channel);
    assert!(matches!(serve(&mut channel, &job, &shelf), End::Judged(..)));
}

#[test]
fn the_same_hello_on_another_connection_finds_the_same_envelope_and_another_challenge_a_new_one() {
    let enclave = Enclave::start();
    let first = introduce(&mut enclave.connect());
    assert_eq!(introduce(&mut enclave.connect()), first);
    let mut channel = enclave.connect();
    let fresh = Hello {
        challenge: B256::repeat_byte(0x78),
        ..hello()
    };
    channel.send(0, &Message::Hello(fresh)).unwrap();
    let Message::Identity(second) = channel.receive().unwrap().1 else {
        panic!()
    };
    assert_ne!(second.envelope, first);
}

#[test]
fn nonsense_on_the_wire_closes_that_connection_and_no_other() {
    let enclave = Enclave::start();
    let mut good = introduced(&enclave);
    for nonsense in [
        vec![0xff; 64],
        vec![0, 0, 0, 6, 99, 0, 0, 0, 0, 0],
        vec![0, 0, 0, 6, 3, 0, 0, 0, 0, 0xa0],
    ] {
        let mut bad = enclave.connect();
        let mut stream: &UnixStream = bad.stream();
        stream.write_all(&nonsense).unwrap();
        let Message::Error(failure) = bad.receive().unwrap().1 else {
            panic!()
        };
        assert_eq!(failure.code, FailureCode::Malformed);
    }
    introduce(&mut good);
}
