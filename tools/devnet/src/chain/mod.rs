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
mod log;
mod methods;
mod operation;
mod pool;
mod view;
mod world;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::{Filter, Log};
use serde::{Deserialize, Serialize};

pub use error::ChainError;
pub use fees::{BASE_FEE, FeeRule};
pub use ledger::{BLOCK_GAS, STATE_DEPTH};
pub use log::LogError;
pub(crate) use methods::ChainMethods;

use ledger::Ledger;
use log::OperationLog;
use operation::{Applied, Genesis, Operation};

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mining {
    /// One block for each transaction, as soon as it arrives.
    #[default]
    Instant,
    /// A block each interval, empty or not.
    Interval(Duration),
}

/// How a chain is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    recorded: Arc<Mutex<Recorded>>,
}

/// The ledger, and the log that it follows from where it is kept.
#[derive(Debug)]
struct Recorded {
    ledger: Ledger,
    log: Option<OperationLog>,
}

impl Deref for Recorded {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

/// For what is no part of the chain: installed filters. The chain itself changes by [`Chain::change`] alone.
impl DerefMut for Recorded {
    fn deref_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
}

impl Chain {
    /// A chain in memory, whose first block gives each account its coins (wei).
    pub fn new(options: ChainOptions, accounts: &[(Address, U256)]) -> Self {
        Self::of(genesis(options, accounts).ledger(), None)
    }

    /// The chain of the log at `path`, as it was when its process ended; a new one where there is no log yet. Every
    /// change is on disk before anybody sees it.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn kept(path: &Path, options: ChainOptions, accounts: &[(Address, U256)]) -> Result<Self, LogError> {
        let (log, ledger) = OperationLog::open(path, &genesis(options, accounts))?;
        Ok(Self::of(ledger, Some(log)))
    }

    fn of(ledger: Ledger, log: Option<OperationLog>) -> Self {
        Self {
            recorded: Arc::new(Mutex::new(Recorded { ledger, log })),
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
    ///
    /// # Errors
    /// [`ChainError::Log`].
    pub fn mine(&self) -> Result<(), ChainError> {
        let (timestamp, wall) = (None, wall_clock());
        self.change(&Operation::Mine { timestamp, wall }).map(drop)
    }

    /// Carries an operation out, once the log has it. Nobody sees the chain in between.
    fn change(&self, operation: &Operation) -> Result<Applied, ChainError> {
        let mut recorded = self.lock();
        if let Some(log) = &mut recorded.log {
            log.write(operation).map_err(ChainError::Log)?;
        }
        recorded.apply(operation)
    }

    /// The ledger. A panic elsewhere does not make it unreadable: each change of it is complete or not begun.
    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn genesis(options: ChainOptions, accounts: &[(Address, U256)]) -> Genesis {
    Genesis {
        options,
        accounts: accounts.to_vec(),
        wall: wall_clock(),
    }
}

/// Unix seconds; 0 on a clock before 1970.
fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
