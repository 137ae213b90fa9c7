//! What changes a chain, as a value: the ledger follows from the operations in their order and nothing else.

use alloy::primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

use super::ChainOptions;
use super::error::ChainError;
use super::ledger::Ledger;

/// The first block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// How the chain is set up.
    pub options: ChainOptions,
    /// Who holds coins from the start, in wei.
    pub accounts: Vec<(Address, U256)>,
    /// Unix seconds.
    pub wall: u64,
}

impl Genesis {
    /// The chain before its first operation.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.options, &self.accounts, self.wall)
    }
}

/// A change of the ledger. `wall` is the time at which it was asked for, in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A raw transaction arrives.
    Submit { raw: Bytes, wall: u64 },
    /// A block is made, at a given time where one is given.
    Mine { timestamp: Option<u64>, wall: u64 },
    /// Several blocks are made, so many seconds apart.
    MineMany {
        count: u64,
        spacing: Option<u64>,
        wall: u64,
    },
    /// An account's coins are set.
    SetBalance { address: Address, balance: U256, wall: u64 },
    /// The next block's time is fixed.
    FixTimestamp { timestamp: u64 },
    /// Time is moved forward.
    Advance { seconds: u64 },
    /// This point is remembered.
    Snapshot,
    /// The chain goes back to a remembered point.
    Revert { id: u64 },
}

/// What came of an operation; serialised it is the answer of JSON-RPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Applied {
    /// Nothing that is told.
    Nothing,
    /// The transaction's hash.
    Transaction(B256),
    /// Seconds added to wall time so far.
    Added(i64),
    /// The snapshot's id.
    Snapshot(U64),
    /// Whether there was something to go back to.
    Reverted(bool),
}

impl Ledger {
    /// Carries an operation out.
    ///
    /// # Errors
    /// The refusal; it leaves the ledger as it was.
    pub fn apply(&mut self, operation: &Operation) -> Result<Applied, ChainError> {
        match operation {
            Operation::Submit { raw, wall } => return self.submit(raw, *wall).map(Applied::Transaction),
            Operation::Mine { timestamp, wall } => {
                if let Some(timestamp) = timestamp {
                    self.fix_next_timestamp(*timestamp)?;
                }
                self.mine(*wall);
            }
            Operation::MineMany { count, spacing, wall } => self.mine_many(*count, *spacing, *wall)?,
            Operation::SetBalance { address, balance, wall } => self.set_balance(*address, *balance, *wall),
            Operation::FixTimestamp { timestamp } => self.fix_next_timestamp(*timestamp)?,
            Operation::Advance { seconds } => return Ok(Applied::Added(self.clock.advance(*seconds))),
            Operation::Snapshot => return Ok(Applied::Snapshot(U64::from(self.snapshot()))),
            Operation::Revert { id } => return Ok(Applied::Reverted(self.revert(*id))),
        }
        Ok(Applied::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn operation() -> impl Strategy<Value = Operation> {
        let wall = 1_000_u64..2_000;
        prop_oneof![
            wall.clone().prop_map(|wall| Operation::Mine { timestamp: None, wall }),
            (0_u64..5, wall.clone()).prop_map(|(count, wall)| Operation::MineMany {
                count,
                spacing: Some(7),
                wall
            }),
            (any::<[u8; 20]>(), 0_u64..9, wall).prop_map(|(address, coins, wall)| Operation::SetBalance {
                address: address.into(),
                balance: U256::from(coins),
                wall
            }),
            (500_u64..3_000).prop_map(|timestamp| Operation::FixTimestamp { timestamp }),
            (0_u64..100).prop_map(|seconds| Operation::Advance { seconds }),
            Just(Operation::Snapshot),
            (0_u64..4).prop_map(|id| Operation::Revert { id }),
        ]
    }

    proptest! {
        #[test]
        fn the_same_operations_make_the_same_chain(operations in prop::collection::vec(operation(), 0..40)) {
            let genesis = Genesis { options: ChainOptions::default(), accounts: Vec::new(), wall: 1_000 };
            let replay = || {
                let mut ledger = genesis.ledger();
                let answers: Vec<_> =
                    operations.iter().map(|operation| ledger.apply(operation).map_err(|error| error.to_string())).collect();
                let hashes: Vec<_> = ledger.blocks().iter().map(|block| block.header.hash()).collect();
                (answers, hashes)
            };
            prop_assert_eq!(replay(), replay());
        }
    }
}
