//! What the chain has after a batch, against what is right, against the journal, and against the receipts.

use crate::batch::Batch;
use crate::host;
use crate::network::Cast;
use crate::process::program;
use crate::standing::{Standing, misplaced_stakes};
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::B256;
use orv_chain::bindings::VerifierGateway::{StatementInconclusive, StatementSetAside, TicketOpened, VerdictSettled};
use orv_chain::{Chain, Deployment, Gateway, Proposal, ProposalId, ProposalStatus, TicketState};
use orv_receipt::Receipt;
use orv_verifier::{Daemon, StatusRow, VerifierConfig};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// What is not as it should be, and how the proposals ended.
#[derive(Debug, Default)]
pub struct Findings {
    pub wrong: Vec<String>,
    pub locked: Vec<String>,
    pub lost: Vec<String>,
    /// Proposals by how they ended on chain.
    pub ends: BTreeMap<&'static str, u64>,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty() && self.locked.is_empty() && self.lost.is_empty()
    }

    pub fn add(&mut self, other: Self) {
        self.wrong.extend(other.wrong);
        self.locked.extend(other.locked);
        self.lost.extend(other.lost);
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
    }

    /// What is wrong or locked about one proposal, which so many statements settled.
    fn judge(&mut self, standing: &Standing, settled: usize) {
        let claimed = standing.chain.status == ProposalStatus::Reviewing;
        if claimed {
            self.locked.push(format!("{standing}: claimed and not settled"));
        }
        if !(claimed || standing.is_deserved()) || !standing.is_decided_by(settled) {
            let score = standing.chain.verified_score;
            self.wrong
                .push(format!("{standing}: {settled} settlements, score {score}"));
        }
        if !standing.agrees() {
            self.wrong.push(format!("{standing}: they disagree"));
        }
        if !standing.rests() {
            self.locked.push(format!("{standing}: not at rest"));
        }
    }
}

/// A statement that the chain has.
struct Stated {
    proposal: ProposalId,
    ticket: B256,
    bundle_root: B256,
    settled: bool,
}

/// Everything that is looked at.
struct Comparison<'a> {
    chain: Chain,
    deployment: Deployment,
    cast: &'a Cast,
    journal: BTreeMap<String, StatusRow>,
    receipts: BTreeMap<B256, (PathBuf, Receipt)>,
    findings: Findings,
}

/// Compares a batch that is at rest.
pub fn compare(batch: &Batch) -> Findings {
    batch.runtime.block_on(async {
        let config = VerifierConfig::load(&batch.operators[0].configuration()).unwrap();
        let rows = Daemon::status(&config).await.unwrap();
        let folders = batch
            .operators
            .iter()
            .map(|operator| operator.folder.join("data/receipts"));
        let mut comparison = Comparison {
            chain: batch.node.chain().await,
            deployment: batch.node.read(),
            cast: &batch.node.cast,
            journal: rows.into_iter().map(|row| (row.proposal.clone(), row)).collect(),
            receipts: folders.flat_map(receipts).collect(),
            findings: Findings::default(),
        };
        let stated = comparison.statements().await;
        comparison.proposals(&stated).await;
        let misplaced = misplaced_stakes(&comparison.chain, &comparison.deployment, comparison.cast).await;
        comparison.findings.locked.extend(misplaced);
        comparison.tickets().await;
        comparison.kept(&stated);
        comparison.findings
    })
}

/// The receipts of a folder by their ticket.
fn receipts(folder: PathBuf) -> Vec<(B256, (PathBuf, Receipt))> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let whole = paths.filter(|path| path.extension().is_some_and(|extension| extension == "orv"));
    whole
        .map(|path| {
            let receipt = Receipt::decode(&std::fs::read(&path).unwrap()).unwrap();
            (receipt.run.ticket, (path, receipt))
        })
        .collect()
}

impl Comparison<'_> {
    async fn events<E: SolEvent>(&self) -> Vec<E> {
        let gateway = self.deployment.enclave.unwrap().verifier_gateway;
        let filter = Filter::new()
            .address(gateway)
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.chain.logs(&filter).await.unwrap();
        logs.iter().map(|log| E::decode_log(&log.inner).unwrap().data).collect()
    }

    async fn statements(&self) -> Vec<Stated> {
        let settled = self.events::<VerdictSettled>().await;
        let settled = settled
            .into_iter()
            .map(|event| (event.proposalId, event.ticket, event.bundleRoot, true));
        let recorded = self.events::<StatementInconclusive>().await;
        let recorded = recorded
            .into_iter()
            .map(|event| (event.proposalId, event.ticket, event.bundleRoot, false));
        let aside = self.events::<StatementSetAside>().await;
        let aside = aside
            .into_iter()
            .map(|event| (event.proposalId, event.ticket, event.bundleRoot, false));
        let all = settled.chain(recorded).chain(aside);
        all.map(|(proposal, ticket, bundle_root, settled)| Stated {
            proposal: ProposalId(proposal),
            ticket,
            bundle_root,
            settled,
        })
        .collect()
    }

    /// One outcome or none, the right one, and the journal's.
    async fn proposals(&mut self, stated: &[Stated]) {
        for (id, candidate) in &self.cast.proposals {
            let chain = Proposal::read(&self.chain, &self.deployment.openresearch, *id).await;
            let standing = Standing::new(*candidate, chain.unwrap(), self.journal.get(&id.to_string()));
            let of = || stated.iter().filter(|statement| statement.proposal == *id);
            let settled = of().filter(|one| one.settled).count();
            self.findings.judge(&standing, settled);
            let end = match (standing.chain.status, of().count() - settled) {
                (ProposalStatus::Approved, _) => "approved",
                (ProposalStatus::Rejected, _) => "rejected",
                (_, 0) => "no outcome, attempts lost",
                _ => "no outcome, recorded",
            };
            *self.findings.ends.entry(end).or_default() += 1;
        }
    }

    /// No ticket is open that does not lapse.
    async fn tickets(&mut self) {
        let now = self.chain.head().await.unwrap().timestamp;
        let gateway = self.deployment.enclave.unwrap().verifier_gateway;
        let gateway = Gateway::new(self.chain.clone(), gateway);
        for event in self.events::<TicketOpened>().await {
            let state = gateway.ticket_state(event.ticket).await.unwrap();
            if state == TicketState::Open && event.closesAt > now {
                let text = format!("proposal {}: ticket {} is still open", event.proposalId, event.ticket);
                self.findings.locked.push(text);
            }
        }
    }

    /// A receipt of everything that the chain has; one of each kind goes to the auditor.
    fn kept(&mut self, stated: &[Stated]) {
        let mut audited = [false; 2];
        for statement in stated {
            let Stated {
                proposal,
                ticket,
                bundle_root,
                settled,
            } = statement;
            let Some((path, receipt)) = self.receipts.get(ticket) else {
                self.findings
                    .lost
                    .push(format!("proposal {proposal}: no receipt of ticket {ticket}"));
                continue;
            };
            if receipt.run.bundle_root != *bundle_root {
                self.findings
                    .lost
                    .push(format!("proposal {proposal}: its receipt is another statement's"));
            }
            if std::mem::replace(&mut audited[usize::from(*settled)], true) {
                continue;
            }
            let mut audit = Command::new(program("orv-audit"));
            audit
                .arg("receipt")
                .arg(path)
                .args(["--json", "--allow-simulated", "--measurement"]);
            let output = audit.arg(host::measurement().to_string()).output().unwrap();
            // What is recorded without a verdict verifies with the exit code of that.
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stdout);
                self.findings
                    .lost
                    .push(format!("proposal {proposal}: the auditor refuses its receipt: {said}"));
            }
        }
    }
}
