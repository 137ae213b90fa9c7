//! A chain, and bad ways to it.

use std::time::Duration;

use alloy::rpc::types::Filter;
use orv_chain::{
    Call, Chain, FeeRules, Patience, TransactionOwner,
    bindings::VerifierRegistry,
    primitives::{Address, U256},
    wallet::Wallet,
};
use orv_devnet::{
    Devnet, DevnetOptions,
    chain::{ChainOptions, Mining},
    hostile::{HostileNode, Plan},
};
use zeroize::Zeroizing;

pub const CHAIN_ID: u64 = orv_devnet::chain::GALILEO;

/// Whom the tests send coins to.
pub const RECEIVER: Address = Address::repeat_byte(0x77);

/// A chain that makes a block of each transaction.
pub async fn instant() -> Devnet {
    Devnet::start(DevnetOptions::default()).await.unwrap()
}

/// A chain that makes blocks when it is told to.
pub async fn by_hand() -> Devnet {
    let chain = ChainOptions {
        mining: Mining::Interval(Duration::from_secs(3600)),
        ..ChainOptions::default()
    };
    let options = DevnetOptions {
        chain,
        ..DevnetOptions::default()
    };
    Devnet::start(options).await.unwrap()
}

/// A bad way to a chain.
pub async fn way(devnet: &Devnet, plan: Plan) -> HostileNode {
    HostileNode::start(&devnet.rpc_url(), plan).await.unwrap()
}

pub fn wallet(devnet: &Devnet) -> Wallet {
    let key = Zeroizing::new(devnet.accounts()[1].key.0);
    Wallet::from_raw_key_dangerously(&key).unwrap()
}

pub fn patience() -> Patience {
    Patience {
        limit: Duration::from_secs(20),
        interval: Duration::from_millis(15),
    }
}

/// Rules of somebody who offers more after a moment.
pub fn hasty() -> FeeRules {
    FeeRules {
        raise_after: Duration::from_millis(150),
        ..FeeRules::default()
    }
}

pub async fn owner<S: AsRef<str>>(devnet: &Devnet, endpoints: &[S], quorum: usize) -> TransactionOwner {
    // The first question may meet a fault, as any.
    for _ in 0..20 {
        if let Ok(chain) = Chain::connect_to(endpoints, quorum, CHAIN_ID).await {
            return TransactionOwner::start(chain, wallet(devnet), hasty(), patience());
        }
    }
    panic!("nobody connects");
}

/// A payment that shows how often it was made: its digit of the receiver's balance, in base 4.
pub fn payment(number: u32) -> Call {
    Call {
        to: RECEIVER,
        value: U256::from(4).pow(U256::from(number)),
        data: Default::default(),
    }
}

/// How often each payment was made.
pub async fn made(devnet: &Devnet, payments: u32) -> Vec<u64> {
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let balance = chain.balance(RECEIVER).await.unwrap();
    let digit = |number: u32| (balance >> (2 * number as usize)) & U256::from(3);
    (0..payments).map(|number| digit(number).to::<u64>()).collect()
}

/// Leaves logs on a chain; answers how many. Any contract that tells of its creation will do.
pub async fn leave_logs(devnet: &Devnet) -> usize {
    let provider = orv_devnet::client::connect(&devnet.rpc_url(), devnet.accounts()[0].signer.clone()).unwrap();
    for _ in 0..3 {
        VerifierRegistry::deploy(&provider, devnet.accounts()[0].address)
            .await
            .unwrap();
    }
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let left = chain.logs(&Filter::new().from_block(0)).await.unwrap().len();
    assert_ne!(left, 0, "the contract leaves no log");
    left
}
