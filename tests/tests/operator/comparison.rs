//! What the chain has after a batch, against what is right, against the journal, and against the receipts.

use crate::batch::Batch;
use crate::host;
use crate::network::{Cast, STAKE};
use crate::process::program;
use crate::project::Kind;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::{B256, U256};
use orv_chain::bindings::VerifierGateway::{StatementInconclusive, StatementSetAside, TicketOpened, VerdictSettled};
use orv_chain::{Chain, Curve, Deployment, Gateway, Project, Proposal, ProposalId, ProposalStatus, TicketState};
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
        comparison.stakes().await;
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
            let proposal = Proposal::read(&self.chain, &self.deployment.openresearch, *id)
                .await
                .unwrap();
            let of = || stated.iter().filter(|statement| statement.proposal == *id);
            let (settled, recorded) = (
                of().filter(|one| one.settled).count(),
                of().filter(|one| !one.settled).count(),
            );
            let journal = self.journal.get(&id.to_string()).map(|row| row.state.to_string());
            let journal = journal.as_deref().unwrap_or("nothing");
            let told = format!(
                "proposal {id} ({:?}): chain {:?}, journal {journal}",
                candidate.kind, proposal.status
            );
            let findings = &mut self.findings;
            let right = match proposal.status {
                ProposalStatus::Approved => {
                    candidate.kind == Kind::Improve && proposal.verified_score == candidate.score()
                }
                ProposalStatus::Rejected => matches!(candidate.kind, Kind::Worsen | Kind::Equal),
                ProposalStatus::Submitted => true,
                ProposalStatus::Reviewing => {
                    findings.locked.push(format!("{told}: claimed and not settled"));
                    true
                }
                ProposalStatus::Expired => false,
            };
            if !right || settled > 1 || (settled == 1) != proposal.status.is_terminal() {
                findings.wrong.push(format!(
                    "{told}: {settled} settlements, score {}",
                    proposal.verified_score
                ));
            }
            let agrees = match proposal.status {
                ProposalStatus::Approved => journal == "settled:approved",
                ProposalStatus::Rejected => journal == "settled:rejected",
                _ => !journal.starts_with("settled"),
            };
            if !agrees {
                findings.wrong.push(format!("{told}: they disagree"));
            }
            let cause = self.journal.get(&id.to_string()).map_or("", |row| row.cause.as_str());
            if ["running", "settling", "judged", "ticket-open", "nothing", "seen"].contains(&journal) {
                findings.locked.push(format!("{told}: not at rest ({cause})"));
            }
            let end = match (proposal.status, recorded) {
                (ProposalStatus::Approved, _) => "approved",
                (ProposalStatus::Rejected, _) => "rejected",
                (_, 0) => "no outcome, attempts lost",
                _ => "no outcome, recorded",
            };
            *findings.ends.entry(end).or_default() += 1;
        }
    }

    /// The ledger holds the stakes of what is undecided, and nothing else.
    async fn stakes(&mut self) {
        for id in &self.cast.projects {
            let project = Project::read(&self.chain, &self.deployment.openresearch, *id)
                .await
                .unwrap();
            let curve = Curve::new(self.chain.clone(), project.token);
            let held = curve
                .balance_of(self.deployment.openresearch.proposal_ledger)
                .await
                .unwrap();
            let mut open = 0;
            for proposal in self.cast.proposals.keys() {
                let proposal = Proposal::read(&self.chain, &self.deployment.openresearch, *proposal)
                    .await
                    .unwrap();
                open += u64::from(proposal.project_id == *id && !proposal.status.is_terminal());
            }
            if held != U256::from(open * STAKE) {
                let text = format!("project {id}: the ledger holds {held} for {open} open proposals");
                self.findings.locked.push(text);
            }
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
