//! Accounts, code and storage at one point of the chain. Cloning is cheap: accounts are shared until they change.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use alloy::consensus::TrieAccount;
use alloy::consensus::constants::KECCAK_EMPTY;
use alloy::consensus::proofs::{state_root_unhashed, storage_root_unhashed};
use alloy::primitives::{Address, B256, Bytes, U256};
use revm::DatabaseRef;
use revm::state::{Account as Change, AccountInfo, Bytecode, EvmState};

/// One account.
#[derive(Debug, Clone)]
struct Account {
    nonce: u64,
    balance: U256,
    code_hash: B256,
    /// Slots that are not zero.
    storage: HashMap<U256, U256>,
    /// Root of `storage`, computed when first asked for and forgotten on change.
    storage_root: OnceLock<B256>,
}

impl Default for Account {
    fn default() -> Self {
        let (nonce, balance) = (0, U256::ZERO);
        Self {
            nonce,
            balance,
            code_hash: KECCAK_EMPTY,
            storage: HashMap::new(),
            storage_root: OnceLock::new(),
        }
    }
}

impl Account {
    /// EIP-161: an account without nonce, coins and code does not exist.
    fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK_EMPTY
    }

    fn in_trie(&self) -> TrieAccount {
        let slots = || self.storage.iter().map(|(slot, value)| (B256::from(*slot), *value));
        let storage_root = *self.storage_root.get_or_init(|| storage_root_unhashed(slots()));
        TrieAccount {
            nonce: self.nonce,
            balance: self.balance,
            storage_root,
            code_hash: self.code_hash,
        }
    }
}

/// The state of all accounts.
#[derive(Debug, Clone, Default)]
pub struct World {
    accounts: HashMap<Address, Arc<Account>>,
    code: HashMap<B256, Bytecode>,
}

impl World {
    /// Coins of an account, in wei.
    pub fn balance(&self, address: Address) -> U256 {
        self.accounts
            .get(&address)
            .map_or(U256::ZERO, |account| account.balance)
    }

    /// The nonce the account's next transaction bears.
    pub fn nonce(&self, address: Address) -> u64 {
        self.accounts.get(&address).map_or(0, |account| account.nonce)
    }

    /// Deployed code, empty when there is none.
    pub fn code(&self, address: Address) -> Bytes {
        let hash = self
            .accounts
            .get(&address)
            .map_or(KECCAK_EMPTY, |account| account.code_hash);
        self.code.get(&hash).map_or_else(Bytes::new, Bytecode::original_bytes)
    }

    /// One storage slot.
    pub fn slot(&self, address: Address, slot: U256) -> U256 {
        let account = self.accounts.get(&address);
        account
            .and_then(|account| account.storage.get(&slot))
            .copied()
            .unwrap_or(U256::ZERO)
    }

    /// Sets an account's coins.
    pub fn set_balance(&mut self, address: Address, balance: U256) {
        Arc::make_mut(self.accounts.entry(address).or_default()).balance = balance;
        self.drop_if_empty(address);
    }

    /// Takes over what a transaction changed.
    pub fn apply(&mut self, changes: EvmState) {
        for (address, change) in changes {
            if change.is_touched() {
                self.apply_one(address, change);
            }
        }
    }

    fn apply_one(&mut self, address: Address, change: Change) {
        if change.is_selfdestructed() {
            self.accounts.remove(&address);
            return;
        }
        if let Some(code) = change.info.code.as_ref().filter(|code| !code.is_empty()) {
            self.code.entry(change.info.code_hash).or_insert_with(|| code.clone());
        }
        let created = change.is_created();
        let account = Arc::make_mut(self.accounts.entry(address).or_default());
        account.nonce = change.info.nonce;
        account.balance = change.info.balance;
        account.code_hash = change.info.code_hash;
        if created {
            account.storage.clear();
            account.storage_root = OnceLock::new();
        }
        for (slot, value) in change.changed_storage_slots() {
            account.storage_root = OnceLock::new();
            if value.present_value().is_zero() {
                account.storage.remove(slot);
            } else {
                account.storage.insert(*slot, value.present_value());
            }
        }
        self.drop_if_empty(address);
    }

    fn drop_if_empty(&mut self, address: Address) {
        if self.accounts.get(&address).is_some_and(|account| account.is_empty()) {
            self.accounts.remove(&address);
        }
    }

    /// Root of the state trie.
    pub fn root(&self) -> B256 {
        state_root_unhashed(
            self.accounts
                .iter()
                .map(|(address, account)| (*address, account.in_trie())),
        )
    }
}

/// Hashes of the blocks just below one block, for the BLOCKHASH opcode.
#[derive(Debug, Clone, Default)]
pub struct Ancestors {
    /// Number of the first hash.
    pub first: u64,
    /// Hashes in ascending order.
    pub hashes: Vec<B256>,
}

/// A world together with the ancestors' hashes: what the EVM reads.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Accounts.
    pub world: &'a World,
    /// Block hashes.
    pub ancestors: &'a Ancestors,
}

impl DatabaseRef for View<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.world.accounts.get(&address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.world.code.get(&code_hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        Ok(self.world.slot(address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let offset = number
            .checked_sub(self.ancestors.first)
            .and_then(|offset| usize::try_from(offset).ok());
        Ok(offset
            .and_then(|offset| self.ancestors.hashes.get(offset))
            .copied()
            .unwrap_or(B256::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::consensus::EMPTY_ROOT_HASH;

    #[test]
    fn a_world_without_accounts_has_the_empty_trie_root() {
        assert_eq!(World::default().root(), EMPTY_ROOT_HASH);
    }

    #[test]
    fn a_copy_keeps_its_balance_when_the_original_changes() {
        let mut world = World::default();
        world.set_balance(Address::ZERO, U256::from(1));
        let before = world.clone();
        world.set_balance(Address::ZERO, U256::from(2));
        assert_eq!(before.balance(Address::ZERO), U256::from(1));
        assert_ne!(before.root(), world.root());
    }

    #[test]
    fn an_account_emptied_of_coins_leaves_the_trie() {
        let mut world = World::default();
        world.set_balance(Address::ZERO, U256::from(1));
        world.set_balance(Address::ZERO, U256::ZERO);
        assert_eq!(world.root(), EMPTY_ROOT_HASH);
    }
}
