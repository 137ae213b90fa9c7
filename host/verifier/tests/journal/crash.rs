//! Whatever ends in the middle of a transition, the program or the database: the old state or the new one, never half.

use crate::postgres::Server;
use crate::sample::{LEASE, proposal, statement, ticket};
use crate::stage::{GATEWAY, Stage};
use orv_chain::ProposalId;
use orv_chain::primitives::B256;
use orv_verifier::journal::{
    Change, DaemonId, Detail, Event, Journal, JournalError, JournalPlace, Record, State, Statement, Ticket,
};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::sleep;

/// Tells a child process which journal it shall write until it is killed.
const WRITES: &str = "ORV_TEST_JOURNAL_TO_WRITE";

/// How often the writer is killed.
const KILLS: u64 = 12;

/// The proposal that is written.
fn id() -> ProposalId {
    ProposalId::from(0)
}

/// The ticket of an attempt, and the receipt that its statement has.
fn of_attempt(number: u32) -> (Ticket, Vec<u8>) {
    let mut word = B256::ZERO;
    word[28..].copy_from_slice(&number.to_be_bytes());
    let ticket = Ticket {
        id: word,
        closes_at: u64::from(number),
        ..ticket()
    };
    (ticket, number.to_be_bytes().repeat(5000))
}

/// One attempt from its ticket to its loss.
pub async fn attempt(journal: &Journal, number: u32) -> Result<(), JournalError> {
    let (ticket, receipt) = of_attempt(number);
    let judgement = Detail::Statement {
        statement: Statement {
            bundle_root: ticket.id,
            ..statement()
        },
        receipt,
    };
    let way = [
        (Event::OpenTicket, Detail::Ticket(ticket)),
        (Event::Start, Detail::None),
        (Event::Judge, judgement),
        (Event::LoseTicket, Detail::None),
    ];
    for (event, detail) in way {
        journal.transition(id(), event, "attempt", detail, 7).await?;
    }
    Ok(())
}

/// The row, its history and the receipts of its attempts and of the next, read while nothing came between: a server ends
/// what it was sent by a program that is dead.
async fn settled_reading(journal: &Journal) -> (Record, Vec<Change>, Vec<Option<Vec<u8>>>) {
    loop {
        let record = journal.get(id()).await.unwrap();
        let changes = journal.changes(id()).await.unwrap();
        let tickets = changes.iter().filter(|change| change.to == State::TicketOpen);
        let mut receipts = Vec::new();
        for number in 0..=tickets.count() {
            let ticket = of_attempt(number.try_into().unwrap()).0.id;
            receipts.push(journal.receipt(ticket).await.unwrap());
        }
        if journal.get(id()).await.unwrap() == record {
            return (record, changes, receipts);
        }
    }
}

/// Compares the row, its history and its receipts: each transition is there with all that it brought, or not at all.
/// Answers how many there are.
pub async fn check_whole(journal: &Journal) -> usize {
    let (record, changes, receipts) = settled_reading(journal).await;
    let (mut state, mut tickets, mut runs, mut judged) = (State::Seen, 0, 0, Vec::new());
    for change in &changes {
        assert_eq!(change.from, state);
        state = change.to;
        match state {
            State::TicketOpen => (tickets, runs) = (tickets + 1, 0),
            State::Running => runs += 1,
            State::Judged => judged.push(tickets - 1),
            _ => {}
        }
    }
    assert_eq!((record.state, record.runs), (state, runs));
    assert_eq!(record.ticket, (tickets > 0).then(|| of_attempt(tickets - 1).0));
    let last = judged.last().map(|last| of_attempt(*last).0.id);
    assert_eq!(record.statement.map(|statement| statement.bundle_root), last);
    for (number, kept) in (0..=tickets).zip(receipts) {
        let made = judged.contains(&number).then(|| of_attempt(number).1);
        assert!(kept == made, "receipt {number}");
    }
    changes.len()
}

/// Ends a broken-off attempt, and goes on with the next until something fails. Tells how many changes there are.
async fn write_on(journal: &Journal, tell: impl Fn(usize)) -> JournalError {
    loop {
        let written = async {
            let state = journal.get(id()).await?.state;
            if matches!(state, State::TicketOpen | State::Running | State::Judged) {
                journal
                    .transition(id(), Event::LoseTicket, "broken off", Detail::None, 8)
                    .await?;
            }
            let changes = journal.changes(id()).await?;
            tell(changes.len());
            let tickets = changes.iter().filter(|change| change.to == State::TicketOpen).count();
            attempt(journal, u32::try_from(tickets).unwrap()).await
        };
        if let Err(error) = written.await {
            return error;
        }
    }
}

/// Not a test of its own: what the tests below start and kill.
#[tokio::test]
async fn writer() {
    let Ok(address) = std::env::var(WRITES) else { return };
    let place = match address.parse() {
        Ok(url) => JournalPlace::Postgres(url),
        Err(_) => JournalPlace::File(address.into()),
    };
    let journal = Journal::open(&place, GATEWAY, DaemonId::new([1; 16])).await.unwrap();
    journal.claim(id(), LEASE).await.unwrap();
    let error = write_on(&journal, |changes| println!("changes {changes}")).await;
    panic!("{error}");
}

/// Starts a writer and kills it a while after its first word. Answers how many changes it was sure of.
fn write_and_kill(address: &str, after: Duration) -> usize {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--nocapture"])
        .env(WRITES, address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut told = || loop {
        let line = lines.next()?.unwrap();
        // The test harness writes into the first line before the writer does.
        if let Some((_, changes)) = line.split_once("changes ") {
            return Some(changes.parse::<usize>().unwrap());
        }
    };
    let mut last = told().unwrap();
    std::thread::sleep(after);
    writer.kill().unwrap();
    while let Some(changes) = told() {
        last = changes;
    }
    writer.wait().unwrap();
    last
}

on_both_databases! {
    async fn a_program_that_is_killed_leaves_the_old_state_or_the_new_one(stage: Stage) {
        let journal = stage.open_as(2).await;
        journal.note(&proposal(0, 0), 1).await.unwrap();
        let mut before = 0;
        for kill in 0..KILLS {
            let address = stage.writer_address();
            let after = Duration::from_millis(kill * 7 % 40);
            let told = tokio::task::spawn_blocking(move || write_and_kill(&address, after)).await.unwrap();
            let changes = check_whole(&journal).await;
            assert!(changes >= told && told >= before, "{changes} changes, {told} told, {before} before");
            before = changes;
        }
        assert!(before > 0);
    }
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_the_old_state_or_the_new_one() {
    let started = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let Some(mut server) = started else { return };
    let stage = Stage::in_server(&server);
    let journal = stage.open().await;
    journal.note(&proposal(0, 0), 1).await.unwrap();
    journal.claim(id(), LEASE).await.unwrap();
    for kill in 0..5 {
        let told = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let writing = tokio::spawn({
            let (journal, told) = (journal.clone(), std::sync::Arc::clone(&told));
            async move {
                let tell = |changes| told.store(changes, std::sync::atomic::Ordering::SeqCst);
                write_on(&journal, tell).await
            }
        });
        sleep(Duration::from_millis(40 + kill * 37)).await;
        server = tokio::task::spawn_blocking(move || {
            server.kill();
            server.restart();
            server
        })
        .await
        .unwrap();
        // A writer between two statements does not notice: its pool waits for the server and connects again.
        writing.abort();
        if let Ok(error) = writing.await {
            assert!(error.may_pass(), "{error:?}");
        }
        let changes = check_whole(&journal).await;
        assert!(changes >= told.load(std::sync::atomic::Ordering::SeqCst));
    }
}
