//! Transactions that wait for a block: checked on arrival, ordered by arrival within their nonces.

use std::collections::{BTreeMap, HashMap};

use alloy::consensus::transaction::{Recovered, SignerRecoverable};
use alloy::consensus::{Transaction, TxEnvelope, TxType};
use alloy::eips::eip2718::Decodable2718;
use alloy::primitives::{Address, B256, U256};
use revm::handler::validation::validate_initial_tx_gas;
use revm::primitives::hardfork::SpecId;

use super::error::ChainError;
use super::execute::{BlockContext, signed};
use super::fees::FeeRule;
use super::world::World;

/// Most transactions that may wait.
const CAPACITY: usize = 4096;

/// Decodes a raw transaction and recovers its sender.
///
/// # Errors
/// Undecodable bytes, a type other than 0, 1, 2, a signature that is not valid.
pub fn decode(raw: &[u8]) -> Result<Recovered<TxEnvelope>, ChainError> {
    let transaction = TxEnvelope::decode_2718_exact(raw)?;
    match transaction.tx_type() {
        TxType::Legacy | TxType::Eip2930 | TxType::Eip1559 => {}
        other => return Err(ChainError::TransactionType(other.into())),
    }
    transaction
        .try_into_recovered()
        .map_err(|error| ChainError::Signature(error.to_string()))
}

#[derive(Debug, Clone)]
struct Waiting {
    arrival: u64,
    transaction: Recovered<TxEnvelope>,
}

/// The waiting transactions.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    senders: HashMap<Address, BTreeMap<u64, Waiting>>,
    arrivals: u64,
    count: usize,
}

impl Pool {
    /// Takes a transaction in.
    ///
    /// # Errors
    /// What a node's mempool refuses: see [`ChainError`].
    pub fn insert(
        &mut self,
        transaction: Recovered<TxEnvelope>,
        world: &World,
        block: BlockContext,
        fees: FeeRule,
    ) -> Result<(), ChainError> {
        check(&transaction, world, block, fees)?;
        let queue = self.senders.entry(transaction.signer()).or_default();
        match queue.get(&transaction.nonce()) {
            Some(present) if present.transaction.tx_hash() == transaction.tx_hash() => {
                return Err(ChainError::Known(*transaction.tx_hash()));
            }
            Some(present) if !outbids(&transaction, &present.transaction) => return Err(ChainError::Underpriced),
            Some(_) => {}
            None if self.count >= CAPACITY => return Err(ChainError::PoolFull),
            None => self.count += 1,
        }
        self.arrivals += 1;
        queue.insert(
            transaction.nonce(),
            Waiting {
                arrival: self.arrivals,
                transaction,
            },
        );
        Ok(())
    }

    /// The next transaction that can run on `world`: the earliest arrival among those whose nonce is due.
    pub fn next_ready(&mut self, world: &World, gas_left: u64) -> Option<Recovered<TxEnvelope>> {
        let (sender, nonce) = self
            .senders
            .iter()
            .filter_map(|(sender, queue)| {
                let nonce = world.nonce(*sender);
                queue.get(&nonce).map(|waiting| (waiting, *sender, nonce))
            })
            .filter(|(waiting, ..)| waiting.transaction.gas_limit() <= gas_left)
            .min_by_key(|(waiting, ..)| waiting.arrival)
            .map(|(_, sender, nonce)| (sender, nonce))?;
        self.take(sender, nonce)
    }

    fn take(&mut self, sender: Address, nonce: u64) -> Option<Recovered<TxEnvelope>> {
        let queue = self.senders.get_mut(&sender)?;
        let taken = queue.remove(&nonce)?;
        if queue.is_empty() {
            self.senders.remove(&sender);
        }
        self.count = self.count.saturating_sub(1);
        Some(taken.transaction)
    }

    /// The nonce after all waiting transactions of `sender` that follow on each other.
    pub fn pending_nonce(&self, sender: Address, world: &World) -> u64 {
        let queue = self.senders.get(&sender);
        let mut nonce = world.nonce(sender);
        while queue.is_some_and(|queue| queue.contains_key(&nonce)) {
            nonce += 1;
        }
        nonce
    }

    /// A waiting transaction by its hash.
    pub fn find(&self, hash: &B256) -> Option<&Recovered<TxEnvelope>> {
        let mut all = self.senders.values().flat_map(BTreeMap::values);
        all.find(|waiting| waiting.transaction.tx_hash() == hash)
            .map(|waiting| &waiting.transaction)
    }
}

/// geth's rule: both fee fields at least a tenth higher.
fn outbids(new: &TxEnvelope, old: &TxEnvelope) -> bool {
    let tenth_more = |fee: u128| fee.saturating_add(fee / 10);
    new.max_fee_per_gas() >= tenth_more(old.max_fee_per_gas()).max(1)
        && new.priority_fee_or_price() >= tenth_more(old.priority_fee_or_price())
        && new.max_fee_per_gas() > old.max_fee_per_gas()
}

fn check(
    transaction: &Recovered<TxEnvelope>,
    world: &World,
    block: BlockContext,
    fees: FeeRule,
) -> Result<(), ChainError> {
    let sender = transaction.signer();
    if transaction.chain_id() != Some(block.chain_id) {
        return Err(ChainError::ChainId {
            found: transaction.chain_id(),
            expected: block.chain_id,
        });
    }
    if transaction.gas_limit() > block.gas_limit {
        return Err(ChainError::GasLimit {
            found: transaction.gas_limit(),
            limit: block.gas_limit,
        });
    }
    validate_initial_tx_gas(signed(transaction), SpecId::CANCUN, true, false, block.gas_limit, None)
        .map_err(|reason| ChainError::Invalid(format!("intrinsic gas too low: {reason}")))?;
    let next = world.nonce(sender);
    if transaction.nonce() < next {
        return Err(ChainError::NonceTooLow {
            sender,
            found: transaction.nonce(),
            next,
        });
    }
    if transaction.max_fee_per_gas() < u128::from(block.base_fee) {
        return Err(ChainError::FeeCap {
            found: transaction.max_fee_per_gas(),
            base_fee: block.base_fee,
        });
    }
    fees.check_tip(transaction)?;
    let gas = U256::from(transaction.gas_limit()).saturating_mul(U256::from(transaction.max_fee_per_gas()));
    let cost = gas.saturating_add(transaction.value());
    let balance = world.balance(sender);
    if balance < cost {
        return Err(ChainError::Funds { sender, balance, cost });
    }
    Ok(())
}
