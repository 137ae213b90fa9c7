//! The chain: an EVM over Cancun rules behind the JSON-RPC methods that alloy and viem call.
//!
//! Blocks are real ones (header hashes, transaction, receipt and state tries), there is just no consensus: one
//! process makes them, either at once for each transaction or at an interval. A reorganisation is played by
//! `evm_snapshot` and `evm_revert`; the same height differs in its hash afterwards.

mod block;
mod call;
mod clock;
mod error;
mod execute;
mod fees;
mod filter;
mod ledger;
mod methods;
mod pool;
mod view;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::{Filter, Log};

pub use error::ChainError;
pub use fees::{BASE_FEE, FeeRule};
pub use ledger::{BLOCK_GAS, STATE_DEPTH};
pub(crate) use methods::ChainMethods;

use ledger::Ledger;

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mining {
    /// One block for each transaction, as soon as it arrives.
    #[default]
    Instant,
    /// A block each interval, empty or not.
    Interval(Duration),
}

/// How a chain is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainOptions {
    /// Chain id.
    pub chain_id: u64,
    /// When blocks are made.
    pub mining: Mining,
    /// What tips are suggested and taken.
    pub fees: FeeRule,
}

/// Chain id of 0G Galileo, which the devnet bears unless told otherwise.
pub const GALILEO: u64 = 16602;

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            chain_id: GALILEO,
            mining: Mining::default(),
            fees: FeeRule::default(),
        }
    }
}

/// The running chain, as seen from inside the process. Clones share it.
#[derive(Debug, Clone)]
pub struct Chain {
    ledger: Arc<Mutex<Ledger>>,
}

impl Chain {
    /// A chain whose first block gives each account its coins (wei).
    pub fn new(options: ChainOptions, accounts: &[(Address, U256)]) -> Self {
        Self {
            ledger: Arc::new(Mutex::new(Ledger::new(options, accounts, wall_clock()))),
        }
    }

    /// Chain id.
    pub fn chain_id(&self) -> u64 {
        self.lock().options().chain_id
    }

    /// Number of the newest block.
    pub fn height(&self) -> u64 {
        self.lock().height()
    }

    /// Hash of a block, `None` above the newest.
    pub fn block_hash(&self, number: u64) -> Option<B256> {
        self.lock().block(number.into()).map(|block| block.header.hash())
    }

    /// Logs, as `eth_getLogs` gives them.
    ///
    /// # Errors
    /// As `eth_getLogs`: an unknown block, a backward range, too many logs.
    pub fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        filter::select(&self.lock(), filter)
    }

    /// Makes a block of all waiting transactions, an empty one when there are none.
    pub fn mine(&self) {
        self.lock().mine(wall_clock());
    }

    /// The ledger. A panic elsewhere does not make it unreadable: each change of it is complete or not begun.
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unix seconds; 0 on a clock before 1970.
fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
