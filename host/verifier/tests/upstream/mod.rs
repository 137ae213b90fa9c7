//! Accounts of a development network, and what creators and miners do with them on upstream's contracts.

#![allow(dead_code, clippy::unwrap_used)]

use orv_chain::primitives::{Address, B256, I256, U256};
use orv_chain::wallet::Wallet;
use orv_chain::{
    Chain, Curve, FeeRules, NewProject, OpenResearchContracts, Patience, Project, ProjectId, ProposalId, Submission,
    TransactionOwner,
};
use orv_devnet::account::DevAccount;
use orv_receipt::ProjectFacts;
use std::time::Duration;
use zeroize::Zeroizing;

/// A wallet's account, as a sender that looks often and waits long.
pub fn sender(chain: Chain, wallet: Wallet) -> TransactionOwner {
    let patience = Patience {
        limit: Duration::from_secs(120),
        interval: Duration::from_millis(20),
    };
    TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
}

/// A development account, as a sender.
pub async fn account(rpc_url: &str, account: &DevAccount) -> TransactionOwner {
    let chain = Chain::connect(rpc_url, orv_devnet::chain::GALILEO).await.unwrap();
    let wallet = Wallet::from_raw_key_dangerously(&Zeroizing::new(account.key.0)).unwrap();
    sender(chain, wallet)
}

/// A project of these documents and this baseline, whose token costs next to nothing.
pub fn project(facts: &ProjectFacts) -> NewProject {
    NewProject {
        protocol_hash: facts.protocol_hash,
        repo_snapshot_hash: facts.repo_snapshot_hash,
        benchmark_hash: facts.benchmark_hash,
        baseline_score: facts.baseline_score,
        baseline_metrics_hash: facts.baseline_metrics_hash,
        token_name: "Test".into(),
        token_symbol: "T".into(),
        base_price: U256::from(1_000_000),
        slope: U256::from(10),
        miner_pool_cap: U256::from(1000),
    }
}

/// A candidate that the miner claims to be worth -1.
pub fn submission(miner: Address, project_id: ProjectId, code_hash: B256, stake: u64) -> Submission {
    Submission {
        project_id,
        code_hash,
        benchmark_log_hash: B256::repeat_byte(9),
        claimed_score: I256::MINUS_ONE,
        stake: U256::from(stake),
        reward_recipient: miner,
    }
}

/// Buys tokens of a project, and lets the ledger take them as stakes.
pub async fn buy(miner: &TransactionOwner, contracts: &OpenResearchContracts, project: ProjectId, tokens: U256) {
    let project = Project::read(miner.chain(), contracts, project).await.unwrap();
    let curve = Curve::new(miner.chain().clone(), project.token);
    let cost = curve.cost_of(tokens).await.unwrap();
    curve.buy(miner, cost.0).await.unwrap();
    curve.approve(miner, contracts.proposal_ledger, tokens).await.unwrap();
}

/// Buys what a submission stakes, and submits it.
pub async fn submit(miner: &TransactionOwner, contracts: &OpenResearchContracts, submission: Submission) -> ProposalId {
    buy(miner, contracts, submission.project_id, submission.stake).await;
    submission.submit(miner, contracts).await.unwrap().id
}
