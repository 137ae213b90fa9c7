//! The chain itself: blocks, the pool, time; every change of it is one function here, called for an operation.

use std::collections::HashMap;
use std::sync::Arc;

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, U256};

use super::block::{Block, Draft, Mined, randomness};
use super::clock::Clock;
use super::error::ChainError;
use super::execute::{BlockContext, Envelope, execute, signed};
use super::fees::BASE_FEE;
use super::filter::Filters;
use super::pool::{self, Pool};
use super::world::{Ancestors, View, World};
use super::{ChainOptions, Mining};

/// Gas one block may use.
pub const BLOCK_GAS: u64 = 30_000_000;
/// How many of the newest blocks keep their state for calls at a block.
pub const STATE_DEPTH: usize = 1024;
/// Most blocks one `evm_mine` may make.
const MINE_LIMIT: u64 = 10_000;
/// How far BLOCKHASH reaches back.
const HASH_DEPTH: u64 = 256;

/// What `evm_snapshot` remembers; the blocks themselves stay in the ledger until a revert cuts them.
#[derive(Debug)]
struct Snapshot {
    id: u64,
    height: usize,
    state: Arc<World>,
    pool: Pool,
    clock: Clock,
}

/// The chain.
#[derive(Debug)]
pub struct Ledger {
    options: ChainOptions,
    blocks: Vec<Block>,
    head_state: Arc<World>,
    places: HashMap<B256, (usize, usize)>,
    numbers: HashMap<B256, usize>,
    snapshots: Vec<Snapshot>,
    taken: u64,
    branch: u64,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) filters: Filters,
}

impl Ledger {
    /// A chain with its first block at unix time `wall`.
    pub fn new(options: ChainOptions, accounts: &[(Address, U256)], wall: u64) -> Self {
        let mut world = World::default();
        for (address, balance) in accounts {
            world.set_balance(*address, *balance);
        }
        let mut ledger = Self {
            options,
            blocks: Vec::new(),
            head_state: Arc::new(world),
            places: HashMap::new(),
            numbers: HashMap::new(),
            snapshots: Vec::new(),
            taken: 0,
            branch: 0,
            pool: Pool::default(),
            clock: Clock::default(),
            filters: Filters::default(),
        };
        let context = ledger.context(0, wall, B256::ZERO);
        ledger.append(Draft::new(B256::ZERO, context).seal(Arc::clone(&ledger.head_state)));
        ledger
    }

    /// How this chain was set up.
    pub fn options(&self) -> &ChainOptions {
        &self.options
    }

    /// All blocks, first to newest.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Number of the newest block.
    pub fn height(&self) -> u64 {
        self.blocks.len().saturating_sub(1) as u64
    }

    /// The state after the newest block.
    pub fn head_state(&self) -> &Arc<World> {
        &self.head_state
    }

    /// Hash and timestamp of the newest block.
    fn tip(&self) -> (B256, u64) {
        self.blocks
            .last()
            .map_or((B256::ZERO, 0), |block| (block.header.hash(), block.header.timestamp))
    }

    /// A block by number, tag or hash; "pending" is the newest.
    pub fn block(&self, id: BlockId) -> Option<&Block> {
        let index = match id {
            BlockId::Hash(hash) => self.numbers.get(&hash.block_hash).copied(),
            BlockId::Number(BlockNumberOrTag::Number(number)) => usize::try_from(number).ok(),
            BlockId::Number(BlockNumberOrTag::Earliest) => Some(0),
            BlockId::Number(_) => self.blocks.len().checked_sub(1),
        };
        index.and_then(|index| self.blocks.get(index))
    }

    /// A mined transaction and its block.
    pub fn transaction(&self, hash: &B256) -> Option<(&Block, usize, &Mined)> {
        let (block, index) = *self.places.get(hash)?;
        let block = self.blocks.get(block)?;
        Some((block, index, block.transactions.get(index)?))
    }

    /// The state after a block.
    ///
    /// # Errors
    /// A block this chain does not have, or one older than [`STATE_DEPTH`].
    pub fn world(&self, id: BlockId) -> Result<Arc<World>, ChainError> {
        let block = self.block(id).ok_or(ChainError::UnknownBlock)?;
        block.state.clone().ok_or(ChainError::StateGone {
            number: block.header.number,
            oldest: self.blocks.len().saturating_sub(STATE_DEPTH) as u64,
        })
    }

    /// State and surroundings for a call at a block. As in geth the call sees the block's own number and time;
    /// "pending" sees those of the block to come.
    ///
    /// # Errors
    /// As [`Ledger::world`].
    pub fn scene(&self, id: BlockId, wall: u64) -> Result<Scene, ChainError> {
        let world = self.world(id)?;
        let block = self.block(id).ok_or(ChainError::UnknownBlock)?;
        let context = match id {
            BlockId::Number(BlockNumberOrTag::Pending) => self.next_context(wall),
            _ => self.context(block.header.number, block.header.timestamp, block.header.mix_hash),
        };
        Ok(Scene {
            world,
            ancestors: self.ancestors(context.number),
            context,
        })
    }

    fn context(&self, number: u64, timestamp: u64, randomness: B256) -> BlockContext {
        let chain_id = self.options.chain_id;
        BlockContext {
            chain_id,
            number,
            timestamp,
            gas_limit: BLOCK_GAS,
            base_fee: BASE_FEE,
            randomness,
        }
    }

    /// Surroundings of the block to come.
    pub fn next_context(&self, wall: u64) -> BlockContext {
        let (parent, time) = self.tip();
        self.context(
            self.blocks.len() as u64,
            self.clock.peek(time, wall),
            randomness(parent, self.branch),
        )
    }

    fn ancestors(&self, number: u64) -> Ancestors {
        let first = number.saturating_sub(HASH_DEPTH);
        let range = usize::try_from(first).unwrap_or(usize::MAX)..usize::try_from(number).unwrap_or(usize::MAX);
        let hashes = self
            .blocks
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(|block| block.header.hash())
            .collect();
        Ancestors { first, hashes }
    }

    /// Takes in a raw transaction and, when the chain mines at once, makes blocks of all that are ready.
    ///
    /// # Errors
    /// What a node refuses at `eth_sendRawTransaction`.
    pub fn submit(&mut self, raw: &[u8], wall: u64) -> Result<B256, ChainError> {
        let transaction = pool::decode(raw)?;
        let hash = *transaction.tx_hash();
        let context = self.next_context(wall);
        self.pool
            .insert(transaction, &self.head_state, context, self.options.fees)?;
        if self.options.mining == Mining::Instant {
            while self.mine_with(wall, 1) > 0 {}
        }
        Ok(hash)
    }

    /// Makes one block of all waiting transactions that fit.
    pub fn mine(&mut self, wall: u64) {
        if self.mine_with(wall, usize::MAX) == 0 {
            let context = self.begin(wall);
            let block = Draft::new(self.tip().0, context).seal(Arc::clone(&self.head_state));
            self.append(block);
        }
    }

    /// Makes `count` blocks, each `spacing` seconds after the one before when that is given.
    ///
    /// # Errors
    /// More blocks than one request may ask for.
    pub fn mine_many(&mut self, count: u64, spacing: Option<u64>, wall: u64) -> Result<(), ChainError> {
        if count > MINE_LIMIT {
            return Err(ChainError::TooManyBlocks(MINE_LIMIT));
        }
        for made in 0..count {
            if let (Some(spacing), true) = (spacing, made > 0) {
                self.clock.fix_next(self.tip().1.saturating_add(spacing));
            }
            self.mine(wall);
        }
        Ok(())
    }

    /// Fixes the next block's timestamp.
    ///
    /// # Errors
    /// A time that is not after the newest block's.
    pub fn fix_next_timestamp(&mut self, timestamp: u64) -> Result<(), ChainError> {
        let newest = self.tip().1;
        if timestamp <= newest {
            return Err(ChainError::Timestamp {
                asked: timestamp,
                newest,
            });
        }
        self.clock.fix_next(timestamp);
        Ok(())
    }

    /// Sets an account's coins. The change is a block of its own, so that every header's state root stays true.
    pub fn set_balance(&mut self, address: Address, balance: U256, wall: u64) {
        let mut world = World::clone(&self.head_state);
        world.set_balance(address, balance);
        let context = self.begin(wall);
        self.append(Draft::new(self.tip().0, context).seal(Arc::new(world)));
    }

    /// Remembers this point; returns the id to go back to.
    pub fn snapshot(&mut self) -> u64 {
        self.taken += 1;
        self.snapshots.push(Snapshot {
            id: self.taken,
            height: self.blocks.len(),
            state: Arc::clone(&self.head_state),
            pool: self.pool.clone(),
            clock: self.clock,
        });
        self.taken
    }

    /// Goes back to a snapshot, which is used up together with all later ones. False when there is none such.
    pub fn revert(&mut self, id: u64) -> bool {
        let Some(at) = self.snapshots.iter().position(|snapshot| snapshot.id == id) else {
            return false;
        };
        let Some(snapshot) = self.snapshots.drain(at..).next() else {
            return false;
        };
        self.blocks.truncate(snapshot.height);
        self.places.retain(|_, (block, _)| *block < snapshot.height);
        self.numbers.retain(|_, block| *block < snapshot.height);
        self.head_state = snapshot.state;
        self.pool = snapshot.pool;
        self.clock = snapshot.clock;
        self.branch += 1;
        self.filters.cut(self.blocks.len() as u64);
        true
    }

    fn begin(&mut self, wall: u64) -> BlockContext {
        let (parent, time) = self.tip();
        let timestamp = self.clock.tick(time, wall);
        self.context(self.blocks.len() as u64, timestamp, randomness(parent, self.branch))
    }

    /// Makes a block of at most `limit` waiting transactions, none when none is ready. Returns how many it holds.
    fn mine_with(&mut self, wall: u64, limit: usize) -> usize {
        let mut pool = std::mem::take(&mut self.pool);
        let mut world = World::clone(&self.head_state);
        let mut next = pool.next_ready(&world, BLOCK_GAS);
        if next.is_none() {
            self.pool = pool;
            return 0;
        }
        let context = self.begin(wall);
        let ancestors = self.ancestors(context.number);
        let mut draft = Draft::new(self.tip().0, context);
        let mut count = 0;
        while let Some(transaction) = next.take() {
            let view = View {
                world: &world,
                ancestors: &ancestors,
            };
            match execute(view, context, signed(&transaction), Envelope::Signed) {
                Ok(executed) => {
                    world.apply(executed.state);
                    draft.push(transaction, executed.result);
                }
                Err(error) => tracing::warn!(hash = %transaction.tx_hash(), %error, "waiting transaction dropped"),
            }
            count += 1;
            if count < limit {
                next = pool.next_ready(&world, draft.gas_left());
            }
        }
        self.pool = pool;
        self.append(draft.seal(Arc::new(world)));
        count
    }

    fn append(&mut self, block: Block) {
        let number = self.blocks.len();
        for (index, mined) in block.transactions.iter().enumerate() {
            self.places.insert(*mined.transaction.tx_hash(), (number, index));
        }
        self.numbers.insert(block.header.hash(), number);
        if let Some(state) = &block.state {
            self.head_state = Arc::clone(state);
        }
        self.blocks.push(block);
        if let Some(old) = number.checked_sub(STATE_DEPTH).and_then(|old| self.blocks.get_mut(old)) {
            old.state = None;
        }
    }
}

/// What a call needs, apart from the ledger, so that it runs without holding it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Accounts.
    pub world: Arc<World>,
    /// Block hashes.
    pub ancestors: Ancestors,
    /// The block the call believes to be in.
    pub context: BlockContext,
}
