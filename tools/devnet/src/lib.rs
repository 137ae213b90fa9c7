//! An embedded development network: an EVM chain and a 0G storage node with its indexer, both in this process,
//! both on the loopback interface. It is what `orv devnet`, the demo and the end-to-end tests run on; the same
//! clients (alloy, the 0G SDKs) talk to it as to the real network. It has no consensus, its keys are public and
//! nothing in it is private: for development only.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use alloy::providers::Provider;
//! use orv_devnet::{Devnet, DevnetOptions, client};
//!
//! let devnet = Devnet::start(DevnetOptions::default()).await.unwrap();
//! let provider = client::connect(&devnet.rpc_url(), devnet.accounts()[0].signer.clone()).unwrap();
//! assert_eq!(provider.get_chain_id().await.unwrap(), 16602);
//! devnet.stop().await;
//! # });
//! ```

pub mod account;
pub mod chain;
pub mod client;
pub mod deployment;
mod devnet;
pub mod hostile;
mod http;
pub mod peer;
pub mod rpc;
pub mod storage;

pub use devnet::{Devnet, DevnetOptions, StartError};
