//! What the chain itself has, against what is right, the journal, and the receipts.

use crate::network::Cast;
use crate::project::Kind;
use crate::standing::{Standing, misplaced_stakes};
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::B256;
use orv_chain::bindings::VerifierGateway::VerdictSettled;
use orv_chain::{Chain, Deployment, Proposal, ProposalStatus};
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

impl Findings {
    /// What is to be said about one proposal, which so many statements settled.
    fn judge(&mut self, standing: &Standing, settled: usize) {
        let status = standing.chain.status;
        if !standing.is_deserved() || !standing.is_decided_by(settled) {
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
        if !status.is_terminal() && standing.candidate.kind != Kind::Crash {
            self.undecided.push(standing.to_string());
        }
        let end = match status {
            ProposalStatus::Approved => "approved",
            ProposalStatus::Rejected => "rejected",
            _ => "undecided",
        };
        *self.ends.entry(end).or_default() += 1;
    }
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
            let chain = Proposal::read(&self.chain, &self.deployment.openresearch, *id).await;
            let standing = Standing::new(*candidate, chain.unwrap(), journal.get(&id.to_string()));
            let of: Vec<_> = settled.iter().filter(|event| event.proposalId == id.0).collect();
            for event in of.iter().filter(|event| !receipts.contains(&event.ticket)) {
                let text = format!("{standing}: no receipt of ticket {}", event.ticket);
                findings.lost.push(text);
            }
            findings.judge(&standing, of.len());
        }
        let misplaced = misplaced_stakes(&self.chain, &self.deployment, &self.cast).await;
        findings.locked.extend(misplaced);
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
