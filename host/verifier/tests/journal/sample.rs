//! What a journal is filled with.

use orv_chain::primitives::{Address, B256, I256, U256};
use orv_chain::{ProjectId, ProposalId};
use orv_verifier::journal::{Detail, Event, Journal, NewProposal, Statement, Ticket, Transaction, View};
use std::path::PathBuf;

/// Long enough for any test.
pub const LEASE: u64 = 600;

pub fn proposal(number: u64, project: u64) -> NewProposal {
    NewProposal {
        proposal: ProposalId::from(number),
        project: ProjectId::from(project),
        claimed_score: I256::ONE,
        stake: U256::MAX,
        submitted_at: 5,
        code_hash: B256::repeat_byte(0xc0),
        miner: Address::repeat_byte(0x31),
    }
}

pub fn ticket() -> Ticket {
    Ticket {
        id: B256::repeat_byte(1),
        key: Address::repeat_byte(2),
        attempt: 1,
        closes_at: 5000,
        incumbent_code_hash: B256::ZERO,
        incumbent_score: I256::try_from(-12).unwrap(),
    }
}

pub fn statement() -> Statement {
    Statement {
        verdict: 1,
        reason: "improved".to_owned(),
        score: I256::try_from(20).unwrap(),
        lower: I256::MIN,
        upper: I256::MAX,
        bundle_root: B256::repeat_byte(3),
        receipt: PathBuf::from("/receipts/0-4-1.orv"),
    }
}

pub fn receipt() -> Vec<u8> {
    (0..=255).cycle().take(70_000).collect()
}

pub fn judgement() -> Detail {
    Detail::Statement {
        statement: statement(),
        receipt: receipt(),
    }
}

pub fn mined() -> Transaction {
    Transaction {
        hash: B256::repeat_byte(9),
        gas_used: 235_000,
    }
}

/// Notes and claims a proposal, and applies the events of a plain attempt up to and including `Judge`.
pub async fn judged(journal: &Journal, proposal: NewProposal) -> ProposalId {
    let id = proposal.proposal;
    journal.note(&proposal, 10).await.unwrap();
    journal.claim(id, LEASE).await.unwrap();
    let way = [
        (Event::OpenTicket, Detail::Ticket(ticket())),
        (Event::Start, Detail::None),
        (Event::Judge, judgement()),
    ];
    for (event, detail) in way {
        journal.transition(id, event, "test", detail, 11).await.unwrap();
    }
    id
}

/// Applies an event without more.
pub async fn apply(journal: &Journal, id: ProposalId, event: Event) {
    journal.transition(id, event, "test", Detail::None, 12).await.unwrap();
}

/// What a round compares with the chain again: its state rests on what the chain said not long ago.
pub async fn watched(journal: &Journal) -> Vec<ProposalId> {
    let seen = journal.in_view(View::Whole).await.unwrap().into_iter();
    let young = seen.filter(|record| record.state.is_watched() && !record.confirmed);
    young.map(|record| record.proposal).collect()
}
