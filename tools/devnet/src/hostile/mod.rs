//! A node that misbehaves: a proxy before any chain's JSON-RPC that loses, delays, repeats, reorders and refuses
//! requests, hides receipts, lies about logs and the head, and a hand that reorganises the chain behind it.
//!
//! What it does is drawn from a seed, one draw for each call of each method, and told: the same seed, faults and calls
//! give the same lies.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use orv_devnet::hostile::{HostileNode, Plan, RpcFault};
//! use orv_devnet::{Devnet, DevnetOptions};
//!
//! let devnet = Devnet::start(DevnetOptions::default()).await.unwrap();
//! let plan = Plan::new(7).with(RpcFault::Refuse, 200);
//! let node = HostileNode::start(&devnet.rpc_url(), plan).await.unwrap();
//! println!("a bad way to the chain: {}", node.url());
//! # node.stop().await;
//! # devnet.stop().await;
//! # });
//! ```

mod draw;
mod fault;
mod lie;
mod proxy;
mod reorganisation;
mod storage;

pub use draw::Plan;
pub use fault::{NoSuchRpcFault, RpcFault};
pub use proxy::HostileNode;
pub use reorganisation::{Reorganiser, Stuck};
pub use storage::StorageTrouble;
