//! What a proposal came to by the chain and by the journal, against what its candidate deserves.

use crate::network::{Cast, STAKE};
use crate::project::{Candidate, Kind};
use alloy_primitives::U256;
use orv_chain::{Chain, Curve, Deployment, Project, Proposal, ProposalStatus};
use orv_verifier::StatusRow;
use std::fmt;

/// One proposal as chain and journal have it.
pub struct Standing {
    pub candidate: Candidate,
    pub chain: Proposal,
    /// The journal's state and cause.
    journal: (String, String),
}

impl Standing {
    pub fn new(candidate: Candidate, chain: Proposal, row: Option<&StatusRow>) -> Self {
        let journal = row.map_or_else(
            || ("nothing".to_owned(), String::new()),
            |row| (row.state.to_string(), row.cause.clone()),
        );
        Self {
            candidate,
            chain,
            journal,
        }
    }

    /// Whether what the chain has so far is what the candidate deserves.
    pub fn is_deserved(&self) -> bool {
        match self.chain.status {
            ProposalStatus::Approved => {
                self.candidate.kind == Kind::Improve && self.chain.verified_score == self.candidate.score()
            }
            ProposalStatus::Rejected => matches!(self.candidate.kind, Kind::Worsen | Kind::Equal),
            ProposalStatus::Submitted => true,
            ProposalStatus::Reviewing | ProposalStatus::Expired => false,
        }
    }

    /// Whether it was decided by so many settlements: by one, or not at all.
    pub fn is_decided_by(&self, settlements: usize) -> bool {
        settlements == usize::from(self.chain.status.is_terminal())
    }

    /// Whether the journal has the chain's outcome.
    pub fn agrees(&self) -> bool {
        let state = self.journal.0.as_str();
        match self.chain.status {
            ProposalStatus::Approved => state == "settled:approved",
            ProposalStatus::Rejected => state == "settled:rejected",
            _ => !state.starts_with("settled"),
        }
    }

    /// Whether the journal has nothing left to do for it.
    pub fn rests(&self) -> bool {
        let under_way = ["running", "settling", "judged", "ticket-open", "nothing", "seen"];
        !under_way.contains(&self.journal.0.as_str())
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, kind, status) = (self.chain.id, self.candidate.kind, self.chain.status);
        let (state, cause) = &self.journal;
        write!(
            formatter,
            "proposal {id} ({kind:?}): chain {status:?}, journal {state} ({cause})"
        )
    }
}

/// The projects of which the ledger holds anything but the stakes of what is undecided.
pub async fn misplaced_stakes(chain: &Chain, deployment: &Deployment, cast: &Cast) -> Vec<String> {
    let contracts = &deployment.openresearch;
    let mut misplaced = Vec::new();
    for id in &cast.projects {
        let project = Project::read(chain, contracts, *id).await.unwrap();
        let curve = Curve::new(chain.clone(), project.token);
        let held = curve.balance_of(contracts.proposal_ledger).await.unwrap();
        let mut open = 0;
        for proposal in cast.proposals.keys() {
            let proposal = Proposal::read(chain, contracts, *proposal).await.unwrap();
            open += u64::from(proposal.project_id == *id && !proposal.status.is_terminal());
        }
        if held != U256::from(open * STAKE) {
            misplaced.push(format!(
                "project {id}: the ledger holds {held} for {open} open proposals"
            ));
        }
    }
    misplaced
}
