//! What the chain itself has, against what is right, the journal, and the receipts.

use crate::network::{Cast, STAKE};
use crate::project::Kind;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::{B256, U256};
use orv_chain::bindings::VerifierGateway::VerdictSettled;
use orv_chain::{Chain, Curve, Deployment, Project, Proposal, ProposalStatus};
use orv_devnet::Devnet;
use orv_receipt::Receipt;
use orv_verifier::{Daemon, VerifierConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A straight way to the chain, and what was submitted to it.
pub struct Truth {
    chain: Chain,
    deployment: Deployment,
    cast: Cast,
}

/// What is not as it should be, and how the proposals ended.
#[derive(Debug, Default)]
pub struct Findings {
    pub wrong: Vec<String>,
    pub locked: Vec<String>,
    pub lost: Vec<String>,
    /// Proposals that could have been decided and were not.
    pub undecided: Vec<String>,
    pub ends: BTreeMap<&'static str, u64>,
}

impl Truth {
    pub async fn of(devnet: &Devnet, folder: &Path, cast: Cast) -> Self {
        let chain = Chain::connect(&devnet.rpc_url(), orv_devnet::chain::GALILEO)
            .await
            .unwrap();
        let deployment = Deployment::load(&folder.join("deployment.json")).unwrap();
        Self {
            chain,
            deployment,
            cast,
        }
    }

    /// Whether everything that can be decided is, as far as the chain says now.
    pub async fn all_decided(&self) -> bool {
        for (id, candidate) in &self.cast.proposals {
            let proposal = Proposal::read(&self.chain, &self.deployment.openresearch, *id).await;
            // A chain that is being reorganised may be without it for a moment.
            let decided = proposal.is_ok_and(|proposal| proposal.status.is_terminal());
            if !decided && candidate.kind != Kind::Crash {
                return false;
            }
        }
        true
    }

    pub async fn compare(&self, config: &VerifierConfig) -> Findings {
        let mut findings = Findings::default();
        let rows = Daemon::status(config).await.unwrap();
        let journal: BTreeMap<_, _> = rows.into_iter().map(|row| (row.proposal.clone(), row)).collect();
        let settled = self.settled().await;
        let receipts = receipts(&config.data_directory.join("receipts"));
        for (id, candidate) in &self.cast.proposals {
            let proposal = Proposal::read(&self.chain, &self.deployment.openresearch, *id)
                .await
                .unwrap();
            let row = journal.get(&id.to_string());
            let state = row.map_or_else(|| "nothing".to_owned(), |row| row.state.to_string());
            let cause = row.map_or("", |row| row.cause.as_str());
            let told = format!(
                "proposal {id} ({:?}): chain {:?}, journal {state} ({cause})",
                candidate.kind, proposal.status
            );
            let right = match proposal.status {
                ProposalStatus::Approved => {
                    candidate.kind == Kind::Improve && proposal.verified_score == candidate.score()
                }
                ProposalStatus::Rejected => matches!(candidate.kind, Kind::Worsen | Kind::Equal),
                ProposalStatus::Submitted => true,
                ProposalStatus::Reviewing | ProposalStatus::Expired => false,
            };
            let of: Vec<_> = settled.iter().filter(|event| event.proposalId == id.0).collect();
            if !right || of.len() > 1 || (of.len() == 1) != proposal.status.is_terminal() {
                findings.wrong.push(format!(
                    "{told}: {} settlements, score {}",
                    of.len(),
                    proposal.verified_score
                ));
            }
            let agrees = match proposal.status {
                ProposalStatus::Approved => state == "settled:approved",
                ProposalStatus::Rejected => state == "settled:rejected",
                _ => !state.starts_with("settled"),
            };
            if !agrees {
                findings.wrong.push(format!("{told}: they disagree"));
            }
            if ["running", "settling", "judged", "ticket-open", "nothing", "seen"].contains(&state.as_str()) {
                findings.locked.push(format!("{told}: not at rest"));
            }
            for event in of.iter().filter(|event| !receipts.contains(&event.ticket)) {
                findings
                    .lost
                    .push(format!("{told}: no receipt of ticket {}", event.ticket));
            }
            if !proposal.status.is_terminal() && candidate.kind != Kind::Crash {
                findings.undecided.push(told);
            }
            let end = match proposal.status {
                ProposalStatus::Approved => "approved",
                ProposalStatus::Rejected => "rejected",
                _ => "undecided",
            };
            *findings.ends.entry(end).or_default() += 1;
        }
        self.stakes(&mut findings).await;
        findings
    }

    async fn settled(&self) -> Vec<VerdictSettled> {
        let filter = Filter::new()
            .address(self.deployment.enclave.unwrap().verifier_gateway)
            .event_signature(VerdictSettled::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.chain.logs(&filter).await.unwrap();
        logs.iter()
            .map(|log| VerdictSettled::decode_log(&log.inner).unwrap().data)
            .collect()
    }

    /// The ledger holds the stakes of what is undecided, and nothing else.
    async fn stakes(&self, findings: &mut Findings) {
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
                findings.locked.push(format!(
                    "project {id}: the ledger holds {held} for {open} open proposals"
                ));
            }
        }
    }
}

/// The tickets that a folder has readable receipts of.
fn receipts(folder: &Path) -> BTreeSet<B256> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let whole = paths.filter(|path| path.extension().is_some_and(|extension| extension == "orv"));
    let tickets = whole.map(|path| Receipt::decode(&std::fs::read(&path).unwrap()).unwrap().run.ticket);
    tickets.collect()
}
