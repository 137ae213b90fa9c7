//! What the chain has.

use crate::operator::Operator;
use crate::stage::Stage;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::{Address, B256, U256};
use orv_chain::bindings::VerifierGateway::VerdictSettled;
use orv_chain::{Chain, Curve, Gateway, Project, ProjectId, Proposal, ProposalId, ProposalStatus, TicketState};

/// An event of the gateway, and the transaction that it is of.
pub struct Told<E> {
    pub event: E,
    pub transaction: B256,
}

impl Stage {
    pub async fn chain(&self) -> Chain {
        self.deployment.connect().await.unwrap()
    }

    pub async fn gateway(&self) -> Gateway {
        Gateway::new(self.chain().await, self.deployment.enclave.unwrap().verifier_gateway)
    }

    pub async fn proposal(&self, id: ProposalId) -> Proposal {
        let read = Proposal::read(&self.chain().await, &self.deployment.openresearch, id).await;
        read.unwrap()
    }

    pub async fn status(&self, id: ProposalId) -> ProposalStatus {
        self.proposal(id).await.status
    }

    /// What became of a proposal's tickets, oldest first.
    pub async fn tickets(&self, id: ProposalId) -> Vec<TicketState> {
        let gateway = self.gateway().await;
        let mut states = Vec::new();
        for ticket in gateway.tickets(id).await.unwrap() {
            states.push(gateway.ticket_state(ticket).await.unwrap());
        }
        states
    }

    /// Every event of a kind that the gateway ever told.
    pub async fn told<E: SolEvent>(&self) -> Vec<Told<E>> {
        let filter = Filter::new()
            .address(self.deployment.enclave.unwrap().verifier_gateway)
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.chain().await.logs(&filter).await.unwrap();
        let told = logs.iter().map(|log| Told {
            event: E::decode_log(&log.inner).unwrap().data,
            transaction: log.transaction_hash.unwrap(),
        });
        told.collect()
    }

    /// The settlements of a proposal: one, or none.
    pub async fn settlements(&self, id: ProposalId) -> usize {
        let told = self.told::<VerdictSettled>().await;
        told.iter().filter(|told| told.event.proposalId == id.0).count()
    }

    /// What an operator has earned in a project and not drawn.
    pub async fn owed(&self, project: ProjectId, operator: &Operator) -> U256 {
        let gateway = self.gateway().await;
        gateway.owed(project, operator.address).await.unwrap()
    }

    /// A project's tokens of an account.
    pub async fn tokens(&self, project: ProjectId, account: Address) -> U256 {
        let chain = self.chain().await;
        let read = Project::read(&chain, &self.deployment.openresearch, project).await;
        let curve = Curve::new(chain, read.unwrap().token);
        curve.balance_of(account).await.unwrap()
    }

    /// What the ledger holds of a project's tokens: the stakes of what is undecided.
    pub async fn staked(&self, project: ProjectId) -> U256 {
        let ledger = self.deployment.openresearch.proposal_ledger;
        self.tokens(project, ledger).await
    }
}
