//! A journal with a proposal in every kind of state.

use super::{GATEWAY, NOW};
use orv_chain::primitives::{Address, B256, I256, U256};
use orv_chain::{ProjectId, ProposalId};
use orv_verifier::journal::{
    CloseCause, DaemonId, Detail, Ending, Event, Journal, JournalPlace, NewProposal, Settlement, Statement, Ticket,
    Transaction, WaitCause,
};
use std::path::{Path, PathBuf};

/// What a miner or a contract might like a browser to run.
pub const HOSTILE: &str = "<script>window.broken=1</script><img src=x onerror=\"window.broken=1\">\u{202e}' -->";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Writes one life after another into a journal.
struct Pen {
    journal: Journal,
}

/// How an attempt ends.
struct Finding {
    project: u64,
    incumbent: i64,
    score: i64,
    verdict: u8,
    reason: &'static str,
}

/// The journal of some days with three projects.
pub async fn prepared(directory: &Path) -> Journal {
    let place = JournalPlace::File(directory.join("journal.sqlite"));
    let journal = Journal::open(&place, GATEWAY, DaemonId::new([1; 16])).await.unwrap();
    let pen = Pen { journal };
    pen.first_project().await;
    pen.second_project().await;
    pen.open_ones().await;
    pen.journal
}

impl Pen {
    /// A project that maximises, with a frontier of its own.
    async fn first_project(&self) {
        let approve = |incumbent, score| Finding {
            project: 3,
            incumbent,
            score,
            verdict: 1,
            reason: "improved",
        };
        let approved = Ending::Settled(Settlement::Approved);
        self.settled(4, 70 * HOUR, approve(1_204_000, 1_260_000), approved)
            .await;
        self.settled(7, 52 * HOUR, approve(1_260_000, 1_391_000), approved)
            .await;
        let reject = Finding {
            verdict: 2,
            reason: "no-improvement",
            ..approve(1_391_000, 1_310_000)
        };
        self.settled(9, 45 * HOUR, reject, Ending::Settled(Settlement::Rejected))
            .await;
        self.settled(12, 30 * HOUR, approve(1_391_000, 1_418_000), approved)
            .await;
        let noisy = Finding {
            verdict: 3,
            reason: "interval-straddles",
            ..approve(1_418_000, 1_421_000)
        };
        self.settled(15, 12 * HOUR, noisy, Ending::Inconclusive).await;
        self.settled(18, 3 * HOUR, approve(1_418_000, 1_502_000), approved)
            .await;
    }

    /// A project that minimises: its scores are negated.
    async fn second_project(&self) {
        let approve = |incumbent, score| Finding {
            project: 11,
            incumbent,
            score,
            verdict: 1,
            reason: "improved",
        };
        let approved = Ending::Settled(Settlement::Approved);
        self.settled(5, 66 * HOUR, approve(-48_210_334, -44_900_120), approved)
            .await;
        self.settled(10, 41 * HOUR, approve(-44_900_120, -31_775_008), approved)
            .await;
        let exit = Finding {
            verdict: 3,
            reason: "candidate-exit",
            ..approve(-31_775_008, 0)
        };
        self.settled(16, 9 * HOUR, exit, Ending::Inconclusive).await;
    }

    /// What is not decided yet, and what never will be.
    async fn open_ones(&self) {
        self.note(23, 3, 1_570_000, 14 * MINUTE).await;
        self.begin(23, 3, 1_502_000, 9 * MINUTE).await;
        self.note(22, 11, -30_000_000, 40 * MINUTE).await;
        let judged = Finding {
            project: 11,
            incumbent: -31_775_008,
            score: -30_114_219,
            verdict: 1,
            reason: "improved",
        };
        self.judge(22, 6 * MINUTE, &judged).await;
        self.step(
            22,
            Event::Settle,
            "the statement goes to the chain",
            Detail::None,
            2 * MINUTE,
        )
        .await;
        self.note(24, 3, 1_800_000, 5 * MINUTE).await;
        let earlier = Event::Wait(WaitCause::EarlierUndecided);
        self.step(24, earlier, "proposal 23 is undecided", Detail::None, 4 * MINUTE)
            .await;
        self.note(25, 40, 77_000, MINUTE).await;
        self.note(21, 40, 75_000, 50 * MINUTE).await;
        let refused = format!("ORV-V-032: the enclave refused: {HOSTILE}");
        self.begin(21, 40, 70_000, 45 * MINUTE).await;
        self.step(21, Event::LoseTicket, &refused, Detail::None, 35 * MINUTE)
            .await;
        self.note(2, 40, 69_000, 80 * HOUR).await;
        let late = Event::Close(CloseCause::TooLate);
        self.step(
            2,
            late,
            "too little time is left before anyone may expire it",
            Detail::None,
            80 * HOUR,
        )
        .await;
    }

    async fn settled(&self, proposal: u64, ago: u64, finding: Finding, ending: Ending) {
        self.note(proposal, finding.project, finding.score, ago + 2 * HOUR)
            .await;
        self.judge(proposal, ago, &finding).await;
        self.step(
            proposal,
            Event::Settle,
            "the statement goes to the chain",
            Detail::None,
            ago,
        )
        .await;
        let mined = Transaction {
            hash: B256::repeat_byte(u8::try_from(proposal).unwrap()),
            gas_used: 235_412,
        };
        self.step(
            proposal,
            Event::Finish(ending),
            "the chain has it",
            Detail::Transaction(mined),
            ago,
        )
        .await;
    }

    async fn judge(&self, proposal: u64, ago: u64, finding: &Finding) {
        self.begin(proposal, finding.project, finding.incumbent, ago).await;
        let score = |value: i64| I256::try_from(value).unwrap();
        let statement = Statement {
            verdict: finding.verdict,
            reason: finding.reason.to_owned(),
            score: score(finding.score),
            lower: score(finding.score - 900),
            upper: score(finding.score + 900),
            bundle_root: B256::repeat_byte(0xbb),
            receipt: PathBuf::from("elsewhere.orv"),
        };
        let cause = format!("{} in the interval: {}", finding.score, finding.reason);
        let receipt = format!("receipt of proposal {proposal}").into_bytes();
        self.step(
            proposal,
            Event::Judge,
            &cause,
            Detail::Statement { statement, receipt },
            ago,
        )
        .await;
    }

    /// A ticket, and the enclave's work on it.
    async fn begin(&self, proposal: u64, project: u64, incumbent: i64, ago: u64) {
        let ticket = Ticket {
            id: B256::from(U256::from(proposal * 1000 + project)),
            key: Address::repeat_byte(0xa1),
            attempt: 1,
            closes_at: NOW + HOUR,
            incumbent_code_hash: B256::repeat_byte(5),
            incumbent_score: I256::try_from(incumbent).unwrap(),
        };
        let cause = format!("attempt 1 with key {}", ticket.key);
        self.step(proposal, Event::OpenTicket, &cause, Detail::Ticket(ticket), ago)
            .await;
        self.step(proposal, Event::Start, "the enclave has the job", Detail::None, ago)
            .await;
    }

    async fn note(&self, proposal: u64, project: u64, claimed: i64, ago: u64) {
        let new = NewProposal {
            proposal: ProposalId::from(proposal),
            project: ProjectId::from(project),
            claimed_score: I256::try_from(claimed).unwrap(),
            stake: U256::from(100),
            submitted_at: NOW - ago,
            code_hash: B256::repeat_byte(4),
            miner: Address::repeat_byte(6),
        };
        self.journal.note(&new, NOW - ago).await.unwrap();
    }

    async fn step(&self, proposal: u64, event: Event, cause: &str, detail: Detail, ago: u64) {
        let proposal = ProposalId::from(proposal);
        self.journal.claim(proposal, 600).await.unwrap();
        let written = self.journal.transition(proposal, event, cause, detail, NOW - ago).await;
        written.unwrap();
    }
}
