//! Puts a whole orv network onto a chain: upstream's contracts, ours, and 0G's Flow, and says where they are.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};
use alloy::providers::{PendingTransactionError, Provider};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::{RpcError, TransportErrorKind};
use orv_contracts::admission::{AttesterQuorum, EnclaveRegistry, MeasurementPolicy};
use orv_contracts::development::{FixedPrice, Flow};
use orv_contracts::gateway::{SharedProjects, VerifierGateway};
use orv_contracts::upstream::{ProjectRegistry, ProposalLedger, VerifierRegistry};
use serde::{Deserialize, Serialize};

pub use orv_contracts::admission::MeasurementPolicy::ListedMeasurement;

use crate::client::{self, NotUrl};

/// Wei per sector that the devnet's storage market asks: 0G's turbo price (0G Storage reference 2).
const PRICE_PER_SECTOR: u64 = 30_733_644_962;

/// What a new network is set up with.
#[derive(Debug, Clone)]
pub struct DeploymentPlan {
    /// A name for people.
    pub network_name: String,
    /// Pays for the deployment and owns what has an owner.
    pub owner: PrivateKeySigner,
    /// Where the storage indexer answers.
    pub indexer_rpc: String,
    /// Seconds between the announcement and the effect of what widens trust; at least 1.
    pub public_delay: u64,
    /// Measurements that count from the start.
    pub measurements: Vec<ListedMeasurement>,
    /// Accounts that admit keys.
    pub attesters: Vec<Address>,
    /// How many of them it takes.
    pub attester_threshold: u32,
    /// Seconds between a key's admission and its first ticket, in which attesters may object.
    pub challenge_delay: u64,
    /// Statements of different operators that settle a timed verdict: 1 to 3.
    pub timed_quorum: u8,
    /// Seconds a ticket lives.
    pub ticket_life: u64,
    /// Seconds in which only the first operator may open a ticket again.
    pub priority_window: u64,
    /// Seconds before an announced payout address takes effect.
    pub payout_delay: u64,
    /// The operator's part of what a rejection pays, in basis points.
    pub fee_bips: u16,
}

impl DeploymentPlan {
    /// A network where one attester admits keys, which work at once, and one statement settles. Tickets live an hour,
    /// the first operator has a day to open one again, payout addresses change after an hour, and the operator's part
    /// is a tenth. What a network has otherwise is said over it.
    pub fn of_one_attester(
        network_name: &str,
        owner: PrivateKeySigner,
        attester: Address,
        listed: ListedMeasurement,
        indexer_rpc: String,
    ) -> Self {
        Self {
            network_name: network_name.to_owned(),
            owner,
            indexer_rpc,
            public_delay: 1,
            measurements: vec![listed],
            attesters: vec![attester],
            attester_threshold: 1,
            challenge_delay: 0,
            timed_quorum: 1,
            ticket_life: 3600,
            priority_window: 86_400,
            payout_delay: 3600,
            fee_bips: 1000,
        }
    }
}

/// Simulated Nitro enclaves of a measurement, whose timed verdicts count too. Real ones prove nothing on a chain without
/// consensus.
pub fn simulated_nitro(measurement: B256) -> ListedMeasurement {
    ListedMeasurement {
        measurement,
        platform: B256::right_padding_from(b"sim-nitro"),
        platformTier: 0,
        timedAllowed: true,
    }
}

/// Where everything is: upstream's `deployment.json` (openresearch.md 1.1) with our contracts among its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The chain.
    pub network: Network,
    /// The storage network.
    pub storage: StorageNetwork,
    /// Contracts by name.
    pub contracts: BTreeMap<String, Contract>,
}

/// A chain and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// A name for people.
    pub name: String,
    /// Chain id.
    pub chain_id: u64,
    /// JSON-RPC address.
    pub rpc_url: String,
    /// The first block that can hold an event of these contracts.
    pub first_block: u64,
}

/// A storage network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageNetwork {
    /// Upstream's name of the network.
    pub mode: String,
    /// Indexer address.
    pub indexer_rpc: String,
}

/// One contract; `null` for the project token, of which each project has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Where it is.
    pub address: Option<Address>,
}

impl Deployment {
    /// The address of a contract.
    pub fn address(&self, name: &str) -> Option<Address> {
        self.contracts.get(name).and_then(|contract| contract.address)
    }

    /// `deployment.json`.
    ///
    /// # Errors
    /// None in practice: the shape has string keys only.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// Why a network could not be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The endpoint is no URL.
    #[error(transparent)]
    Url(#[from] NotUrl),
    /// The endpoint does not answer as a node.
    #[error("chain: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// A contract is refused.
    #[error("contract: {0}")]
    Contract(#[from] alloy::contract::Error),
    /// A transaction was sent but not seen in a block.
    #[error("transaction: {0}")]
    Pending(#[from] PendingTransactionError),
    /// A transaction was mined and reverted.
    #[error("{0} reverted")]
    Reverted(&'static str),
    /// The ledger did not come to the address that the registry was told.
    #[error("the ledger is at {found}, the registry expects {expected}: the owner's account was used meanwhile")]
    LedgerMoved {
        /// Where it is.
        found: Address,
        /// Where the registry looks.
        expected: Address,
    },
}

/// Deploys a network on the chain at `rpc_url`, which may be any node.
///
/// # Errors
/// See [`DeployError`]; what was deployed before the error stays on the chain.
pub async fn deploy(rpc_url: &str, plan: DeploymentPlan) -> Result<Deployment, DeployError> {
    let owner = plan.owner.address();
    let provider = client::connect(rpc_url, plan.owner.clone())?;
    let chain_id = provider.get_chain_id().await?;
    let first_block = provider.get_block_number().await?;
    let mut contracts = upstream(&provider, owner).await?;
    contracts.extend(storage(&provider).await?);
    let named = |contracts: &BTreeMap<&str, Address>, name| contracts.get(name).copied().unwrap_or_default();
    let (ledger, verifiers) = (
        named(&contracts, "ProposalLedger"),
        named(&contracts, "VerifierRegistry"),
    );
    contracts.extend(gateway(&provider, &plan, ledger, verifiers).await?);
    let placed = contracts
        .into_iter()
        .map(|(name, address)| (name.to_owned(), Contract { address: Some(address) }));
    let token = ("ProjectToken".to_owned(), Contract { address: None });
    Ok(Deployment {
        network: Network {
            name: plan.network_name,
            chain_id,
            rpc_url: rpc_url.to_owned(),
            first_block,
        },
        storage: StorageNetwork {
            mode: "turbo".to_owned(),
            indexer_rpc: plan.indexer_rpc,
        },
        contracts: placed.chain([token]).collect(),
    })
}

type Placed = BTreeMap<&'static str, Address>;

/// The registry's constructor wants the ledger and the ledger's the registry, so the ledger's address is computed from
/// the nonce it will be created with.
async fn upstream(provider: &impl Provider, owner: Address) -> Result<Placed, DeployError> {
    let verifiers = *VerifierRegistry::deploy(provider, owner).await?.address();
    let nonce = provider.get_transaction_count(owner).await?;
    let expected = owner.create(nonce + 1);
    let projects = *ProjectRegistry::deploy(provider, expected).await?.address();
    let found = *ProposalLedger::deploy(provider, projects, verifiers).await?.address();
    if found != expected {
        return Err(DeployError::LedgerMoved { found, expected });
    }
    Ok([
        ("VerifierRegistry", verifiers),
        ("ProjectRegistry", projects),
        ("ProposalLedger", found),
    ]
    .into())
}

async fn storage(provider: &impl Provider) -> Result<Placed, DeployError> {
    let market = *FixedPrice::deploy(provider, U256::from(PRICE_PER_SECTOR))
        .await?
        .address();
    let flow = *Flow::deploy(provider, market).await?.address();
    Ok([("FixedPrice", market), ("Flow", flow)].into())
}

/// Our contracts, the gateway bound to the enclave registry and entered among upstream's verifiers.
async fn gateway(
    provider: &impl Provider,
    plan: &DeploymentPlan,
    ledger: Address,
    verifiers: Address,
) -> Result<Placed, DeployError> {
    let (owner, delay) = (plan.owner.address(), plan.public_delay);
    let policy = *MeasurementPolicy::deploy(provider, owner, delay, plan.measurements.clone())
        .await?
        .address();
    let (attesters, threshold) = (plan.attesters.clone(), plan.attester_threshold);
    let quorum = *AttesterQuorum::deploy(provider, owner, delay, attesters, threshold)
        .await?
        .address();
    let enclaves = EnclaveRegistry::deploy(provider, owner, delay, policy, quorum, plan.challenge_delay).await?;
    let shared = *SharedProjects::deploy(provider, owner, delay).await?.address();
    let configuration = VerifierGateway::Configuration {
        ledger,
        enclaves: *enclaves.address(),
        sharedProjects: shared,
        timedQuorum: plan.timed_quorum,
        ticketLife: plan.ticket_life,
        priorityWindow: plan.priority_window,
        payoutDelay: plan.payout_delay,
        feeBips: plan.fee_bips,
    };
    let gateway = *VerifierGateway::deploy(provider, configuration).await?.address();
    let bound = enclaves.bindGateway(gateway).send().await?.get_receipt().await?;
    let verifier_registry = VerifierRegistry::new(verifiers, provider);
    let entered = verifier_registry
        .addVerifier(gateway)
        .send()
        .await?
        .get_receipt()
        .await?;
    for (receipt, what) in [(bound, "bindGateway"), (entered, "addVerifier")] {
        if !receipt.status() {
            return Err(DeployError::Reverted(what));
        }
    }
    Ok([
        ("MeasurementPolicy", policy),
        ("AttesterQuorum", quorum),
        ("EnclaveRegistry", *enclaves.address()),
        ("SharedProjects", shared),
        ("VerifierGateway", gateway),
    ]
    .into())
}
