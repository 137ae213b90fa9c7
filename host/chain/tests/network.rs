//! The chain client against the embedded development chain, and against anvil as the independent one.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use alloy::providers::Provider;
use orv_chain::{
    Call, Chain, ChainError, Constants, Curve, Deployment, FeeRules, NewProject, OpenResearchContracts, Patience,
    Project, ProjectId, Proposal, ProposalId, ProposalStatus, SendError, Submission, TransactionOwner,
    bindings::{ProjectRegistry, ProposalLedger, VerifierRegistry},
    intake::{Cursor, LedgerLogs, ProposalStream},
    primitives::{Address, B256, I256, U256},
    wallet::Wallet,
};
use orv_devnet::{
    client::connect,
    on_both_chains,
    peer::{Network, PeerKind},
};
use serde_json::json;
use zeroize::Zeroizing;

const CHAIN_ID: u64 = 16602;

on_both_chains!(
    connecting_tells_its_three_failures_apart,
    twenty_concurrent_sends_take_twenty_numbers,
    a_project_and_its_first_proposal_go_through,
    a_refusal_is_named_before_anything_is_sent,
    ids_that_were_never_given_out_are_not_read_as_zeros,
    a_reorganisation_withdraws_a_proposal_and_its_sender_submits_it_again,
    a_wallet_that_cannot_pay_sends_nothing_and_says_why,
    a_block_above_the_newest_is_told_from_one_that_cannot_be_read,
);

async fn owner(network: &Network, account: usize) -> TransactionOwner {
    let chain = Chain::connect(&network.rpc_url(), CHAIN_ID).await.unwrap();
    let key = Zeroizing::new(network.accounts()[account].key.0);
    let wallet = Wallet::from_raw_key_dangerously(&key).unwrap();
    let patience = Patience {
        limit: Duration::from_secs(120),
        interval: Duration::from_millis(20),
    };
    TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
}

async fn deploy(network: &Network) -> OpenResearchContracts {
    let deployer = network.accounts()[0].address;
    let provider = connect(&network.rpc_url(), network.accounts()[0].signer.clone()).unwrap();
    let verifiers = VerifierRegistry::deploy(&provider, deployer).await.unwrap();
    let nonce = provider.get_transaction_count(deployer).await.unwrap();
    let registry = ProjectRegistry::deploy(&provider, deployer.create(nonce + 1))
        .await
        .unwrap();
    let ledger = ProposalLedger::deploy(&provider, *registry.address(), *verifiers.address())
        .await
        .unwrap();
    OpenResearchContracts {
        project_registry: *registry.address(),
        proposal_ledger: *ledger.address(),
        verifier_registry: *verifiers.address(),
    }
}

fn new_project() -> NewProject {
    NewProject {
        protocol_hash: B256::repeat_byte(1),
        repo_snapshot_hash: B256::repeat_byte(2),
        benchmark_hash: B256::repeat_byte(3),
        baseline_score: I256::try_from(-5).unwrap(),
        baseline_metrics_hash: B256::repeat_byte(4),
        token_name: "Test".into(),
        token_symbol: "T".into(),
        base_price: U256::from(1_000_000),
        slope: U256::from(10),
        miner_pool_cap: U256::from(1000),
    }
}

/// Buys three units and lets the ledger take them.
async fn buy_stake(owner: &TransactionOwner, contracts: &OpenResearchContracts, token: Address) -> U256 {
    let curve = Curve::new(owner.chain().clone(), token);
    let cost = curve.cost_of(U256::from(3)).await.unwrap();
    let (bought, _) = curve.buy(owner, cost.0).await.unwrap();
    assert_eq!(bought, U256::from(3));
    curve.approve(owner, contracts.proposal_ledger, bought).await.unwrap();
    bought
}

fn submission(owner: &TransactionOwner, project_id: ProjectId, code: u8, stake: U256) -> Submission {
    Submission {
        project_id,
        code_hash: B256::repeat_byte(code),
        benchmark_log_hash: B256::repeat_byte(9),
        claimed_score: I256::ONE,
        stake,
        reward_recipient: owner.address(),
    }
}

async fn connecting_tells_its_three_failures_apart(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let wrong = Chain::connect(&network.rpc_url(), 1).await;
    assert!(
        matches!(
            wrong,
            Err(ChainError::WrongChainId {
                expected: 1,
                found: CHAIN_ID
            })
        ),
        "{wrong:?}"
    );
    let closed = Chain::connect("http://127.0.0.1:9", CHAIN_ID).await;
    assert!(matches!(closed, Err(ChainError::Unreachable(_))), "{closed:?}");
    let mut deployment = Deployment::galileo();
    deployment.network.rpc_url = network.rpc_url();
    let bare = deployment.connect().await;
    assert!(
        matches!(
            bare,
            Err(ChainError::NoCode {
                contract: "ProjectRegistry",
                ..
            })
        ),
        "{bare:?}"
    );
    network.stop().await;
}

async fn twenty_concurrent_sends_take_twenty_numbers(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let owner = owner(&network, 1).await;
    let receiver = Address::repeat_byte(0x77);
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let owner = owner.clone();
        sends.spawn(async move {
            owner
                .send(Call {
                    to: receiver,
                    value: U256::from(1),
                    data: Default::default(),
                })
                .await
        });
    }
    let hashes: std::collections::HashSet<_> = sends
        .join_all()
        .await
        .into_iter()
        .map(|sent| sent.unwrap().hash)
        .collect();
    assert_eq!(hashes.len(), 20);
    assert_eq!(owner.chain().balance(receiver).await.unwrap(), U256::from(20));
    network.stop().await;
}

async fn a_project_and_its_first_proposal_go_through(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let contracts = deploy(&network).await;
    let owner = owner(&network, 1).await;
    let chain = owner.chain().clone();
    assert_eq!(Constants::read(&chain, &contracts).await.unwrap(), Constants::PUBLISHED);

    let created = new_project().create(&owner, &contracts).await.unwrap();
    let project = Project::read(&chain, &contracts, created.id).await.unwrap();
    assert_eq!((project.token, project.creator), (created.token, owner.address()));
    assert_eq!(project.current_best_score, I256::try_from(-5).unwrap());

    let bought = buy_stake(&owner, &contracts, project.token).await;
    let submission = submission(&owner, created.id, 8, bought);
    let submitted = submission.submit(&owner, &contracts).await.unwrap();
    let proposal = Proposal::read(&chain, &contracts, submitted.id).await.unwrap();
    assert_eq!((proposal.status, proposal.stake), (ProposalStatus::Submitted, bought));

    let logs = LedgerLogs::new(chain.clone(), contracts.proposal_ledger);
    let seen = ProposalStream::new(logs, Cursor::before(0)).look().await.unwrap().added;
    assert_eq!(
        seen.iter().map(|event| (event.id, event.code_hash)).collect::<Vec<_>>(),
        [(submitted.id, B256::repeat_byte(8))]
    );
    network.stop().await;
}

async fn a_refusal_is_named_before_anything_is_sent(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let contracts = deploy(&network).await;
    let owner = owner(&network, 1).await;
    let created = new_project().create(&owner, &contracts).await.unwrap();
    let before = owner.chain().balance(owner.address()).await.unwrap();
    let submission = Submission {
        project_id: created.id,
        code_hash: B256::ZERO,
        benchmark_log_hash: B256::ZERO,
        claimed_score: I256::ZERO,
        stake: U256::ZERO,
        reward_recipient: owner.address(),
    };
    let refused = submission.submit(&owner, &contracts).await;
    assert!(
        matches!(&refused, Err(SendError::Reverted(revert)) if revert.is::<ProposalLedger::ZeroStake>()),
        "{refused:?}"
    );
    let unpaid = Submission {
        stake: U256::from(7),
        ..submission
    }
    .submit(&owner, &contracts)
    .await;
    let Err(SendError::Reverted(revert)) = unpaid else {
        panic!("{unpaid:?}")
    };
    assert!(revert.to_string().contains("needed: 7"), "{revert}");
    assert_eq!(owner.chain().balance(owner.address()).await.unwrap(), before);
    network.stop().await;
}

async fn ids_that_were_never_given_out_are_not_read_as_zeros(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let contracts = deploy(&network).await;
    let chain = Chain::connect(&network.rpc_url(), CHAIN_ID).await.unwrap();
    let project = Project::read(&chain, &contracts, ProjectId::from(5)).await;
    assert!(matches!(project, Err(ChainError::NoProject(_))));
    let proposal = Proposal::read(&chain, &contracts, ProposalId::from(5)).await;
    assert!(matches!(proposal, Err(ChainError::NoProposal(_))));
    network.stop().await;
}

/// The owner offers what the reorganisation took out of the chain again, before anything new.
async fn a_reorganisation_withdraws_a_proposal_and_its_sender_submits_it_again(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let contracts = deploy(&network).await;
    let owner = owner(&network, 1).await;
    let chain = owner.chain().clone();
    let created = new_project().create(&owner, &contracts).await.unwrap();
    let stake = buy_stake(&owner, &contracts, created.token).await;
    let logs = LedgerLogs::new(chain.clone(), contracts.proposal_ledger);
    let mut stream = ProposalStream::new(logs, Cursor::before(0));
    assert_eq!(stream.look().await.unwrap().added, []);

    let snapshot = network.steer("evm_snapshot", json!([])).await.unwrap();
    let first = submission(&owner, created.id, 8, U256::ONE);
    first.submit(&owner, &contracts).await.unwrap();
    let before = stream.look().await.unwrap();
    assert_eq!((before.added.len(), before.withdrawn.len()), (1, 0));
    assert_eq!(network.steer("evm_revert", json!([snapshot])).await.unwrap(), true);
    // Another block takes the place of the lost one; without the pause both might be the same.
    network.steer("evm_increaseTime", json!([60])).await.unwrap();
    network.steer("evm_mine", json!([])).await.unwrap();

    let second = submission(&owner, created.id, 7, stake - U256::ONE);
    second.submit(&owner, &contracts).await.unwrap();
    let after = stream.look().await.unwrap();
    let codes = after.added.iter().map(|event| event.code_hash).collect::<Vec<_>>();
    assert_eq!(after.withdrawn, before.added);
    assert_eq!(codes, [8, 7].map(B256::repeat_byte));
    network.stop().await;
}

async fn a_wallet_that_cannot_pay_sends_nothing_and_says_why(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let owner = owner(&network, 1).await;
    let chain = owner.chain().clone();
    let dear = Call {
        to: Address::repeat_byte(0x77),
        value: chain.balance(owner.address()).await.unwrap() + U256::ONE,
        data: Default::default(),
    };
    let Err(SendError::Chain(ChainError::Refused { message, .. })) = owner.send(dear).await else {
        panic!("more was sent than there is")
    };
    assert!(message.to_lowercase().contains("insufficient funds"), "{message}");
    network.stop().await;
}

async fn a_block_above_the_newest_is_told_from_one_that_cannot_be_read(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let chain = Chain::connect(&network.rpc_url(), CHAIN_ID).await.unwrap();
    let above = chain.head().await.unwrap().reference.number + 5;
    let block = chain.block(above).await;
    assert!(
        matches!(block, Err(ChainError::NoBlock(number)) if number == above),
        "{block:?}"
    );
    network.stop().await;
}
