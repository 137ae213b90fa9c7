//! A whole network of contracts on a node, and the accounts that use it.

use super::upstream;
use alloy::providers::Provider;
use alloy_primitives::{Address, B256};
use k256::ecdsa::SigningKey;
use orv_chain::{Chain, Deployment, EnclaveContracts, Gateway, HttpClient, OpenResearchContracts, TransactionOwner};
use orv_devnet::account::dev_accounts;
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{self, PeerKind};
use std::time::Duration;

/// The chain id of both chains.
pub const CHAIN_ID: u64 = 16602;

/// Seconds a ticket lives.
pub const TICKET_LIFE: u64 = 600;

/// Seconds for which an undecided proposal keeps later ones waiting; less than an admission's three hours.
pub const PRIORITY_WINDOW: u64 = 1800;

/// Who does what: places among the ten development accounts.
pub const GOVERNANCE: usize = 0;
pub const OPERATOR: usize = 1;
pub const OTHER_OPERATOR: usize = 2;
pub const CREATOR: usize = 3;
pub const MINER: usize = 4;
pub const COPYIST: usize = 5;
pub const STRANGER: usize = 6;

/// The one attester of the network.
pub fn attester() -> SigningKey {
    SigningKey::from_slice(&[0x0a; 32]).unwrap()
}

/// Contracts on a chain.
pub struct Network {
    pub chain: Chain,
    pub contracts: OpenResearchContracts,
    pub enclave: EnclaveContracts,
    node: peer::Network,
}

impl Network {
    /// Deploys everything, with one listed measurement whose exact and timed verdicts count.
    pub async fn deploy(kind: PeerKind, measurement: B256) -> Self {
        let node = peer::Network::start(kind).await.unwrap();
        // This client brings the TLS provider that the deployer's own HTTP client needs.
        HttpClient::new(Duration::from_secs(1)).unwrap();
        let plan = DeploymentPlan {
            ticket_life: TICKET_LIFE,
            priority_window: PRIORITY_WINDOW,
            payout_delay: 1,
            ..DeploymentPlan::of_one_attester(
                "hostile host",
                dev_accounts().unwrap()[GOVERNANCE].signer.clone(),
                Address::from_private_key(&attester()),
                simulated_nitro(measurement),
                "http://127.0.0.1:9".to_owned(),
            )
        };
        let deployed = deploy(&node.rpc_url(), plan).await.unwrap();
        let deployment = Deployment::parse(deployed.to_json().unwrap().as_bytes()).unwrap();
        let chain = Chain::connect(&node.rpc_url(), CHAIN_ID).await.unwrap();
        Self {
            chain,
            contracts: deployment.openresearch,
            enclave: deployment.enclave.unwrap(),
            node,
        }
    }

    /// One of the development accounts, as a sender.
    pub async fn account(&self, place: usize) -> TransactionOwner {
        upstream::account(&self.node.rpc_url(), &dev_accounts().unwrap()[place]).await
    }

    /// The gateway.
    pub fn gateway(&self) -> Gateway {
        Gateway::new(self.chain.clone(), self.enclave.verifier_gateway)
    }

    /// Makes a block this much later than the newest one; time runs on from there. Block time may be ahead of the wall's
    /// where blocks are made faster than one a second, so it is told and not added to.
    pub async fn pass(&self, seconds: u64) {
        let provider = self.chain.provider();
        let later = self.chain.head().await.unwrap().timestamp + seconds;
        let _: serde_json::Value = provider
            .raw_request("evm_setNextBlockTimestamp".into(), (later,))
            .await
            .unwrap();
        let _: serde_json::Value = provider.raw_request("evm_mine".into(), ()).await.unwrap();
    }
}
