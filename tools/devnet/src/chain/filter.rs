//! Log queries and installed filters.

use std::collections::BTreeMap;

use alloy::primitives::B256;
use alloy::rpc::types::{Filter, FilterBlockOption, Log};

use super::block::Block;
use super::error::ChainError;
use super::ledger::Ledger;

/// Most logs one answer holds.
const LOG_LIMIT: usize = 10_000;
/// Most filters that may be installed.
const FILTER_LIMIT: usize = 1024;

/// Logs of the blocks a filter names, oldest first.
///
/// # Errors
/// An unknown block hash, a backward range, too many logs.
pub fn select(ledger: &Ledger, filter: &Filter) -> Result<Vec<Log>, ChainError> {
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let block = ledger.block(hash.into()).ok_or(ChainError::UnknownBlock)?;
            in_blocks(std::slice::from_ref(block), filter)
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let newest = ledger.height();
            let number = |tag: Option<alloy::eips::BlockNumberOrTag>| match tag {
                None => newest,
                Some(tag) => tag.as_number().unwrap_or(if tag.is_earliest() { 0 } else { newest }),
            };
            let (from, to) = (number(from_block), number(to_block).min(newest));
            if from > to && from <= newest {
                return Err(ChainError::BlockRange);
            }
            in_range(ledger, from, to, filter)
        }
    }
}

fn in_range(ledger: &Ledger, from: u64, to: u64, filter: &Filter) -> Result<Vec<Log>, ChainError> {
    let bound = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    in_blocks(
        ledger
            .blocks()
            .get(bound(from)..bound(to).saturating_add(1))
            .unwrap_or_default(),
        filter,
    )
}

fn in_blocks(blocks: &[Block], filter: &Filter) -> Result<Vec<Log>, ChainError> {
    let mut found = Vec::new();
    for block in blocks
        .iter()
        .filter(|block| filter.matches_bloom(block.header.logs_bloom))
    {
        found.extend(block_logs(block).filter(|log| filter.matches(&log.inner)));
        if found.len() > LOG_LIMIT {
            return Err(ChainError::TooManyLogs(LOG_LIMIT));
        }
    }
    Ok(found)
}

/// All logs of a block as clients see them.
pub fn block_logs(block: &Block) -> impl Iterator<Item = Log> + '_ {
    (0..block.transactions.len()).flat_map(move |index| transaction_logs(block, index))
}

/// All logs of one transaction as clients see them.
pub fn transaction_logs(block: &Block, index: usize) -> impl Iterator<Item = Log> + '_ {
    let mined = block.transactions.get(index);
    mined.into_iter().flat_map(move |mined| {
        mined
            .receipt
            .logs()
            .iter()
            .zip(mined.first_log..)
            .map(move |(log, log_index)| Log {
                inner: log.clone(),
                block_hash: Some(block.header.hash()),
                block_number: Some(block.header.number),
                block_timestamp: Some(block.header.timestamp),
                transaction_hash: Some(*mined.transaction.tx_hash()),
                transaction_index: Some(index as u64),
                log_index: Some(log_index),
                removed: false,
            })
    })
}

#[derive(Debug)]
enum Kind {
    Blocks,
    Logs(Box<Filter>),
}

#[derive(Debug)]
struct Installed {
    kind: Kind,
    next_block: u64,
}

/// What an installed filter has to report.
#[derive(Debug)]
pub enum Changes {
    /// Hashes of new blocks.
    Blocks(Vec<B256>),
    /// New logs.
    Logs(Vec<Log>),
}

/// The installed filters.
#[derive(Debug, Default)]
pub struct Filters {
    installed: BTreeMap<u64, Installed>,
    given: u64,
}

impl Filters {
    /// Installs a filter for logs, or for blocks when there is none; it reports from block `next_block` on.
    ///
    /// # Errors
    /// Too many filters.
    pub fn install(&mut self, filter: Option<Filter>, next_block: u64) -> Result<u64, ChainError> {
        if self.installed.len() >= FILTER_LIMIT {
            return Err(ChainError::TooManyFilters(FILTER_LIMIT));
        }
        let kind = filter.map_or(Kind::Blocks, |filter| Kind::Logs(Box::new(filter)));
        self.given += 1;
        self.installed.insert(self.given, Installed { kind, next_block });
        Ok(self.given)
    }

    /// Removes a filter; false when there is none such.
    pub fn uninstall(&mut self, id: u64) -> bool {
        self.installed.remove(&id).is_some()
    }

    /// After a revert to `height` blocks, filters report from there again.
    pub fn cut(&mut self, height: u64) {
        for installed in self.installed.values_mut() {
            installed.next_block = installed.next_block.min(height);
        }
    }
}

/// What is new for a filter since it was last asked.
///
/// # Errors
/// An unknown filter, too many logs.
pub fn changes(ledger: &mut Ledger, id: u64) -> Result<Changes, ChainError> {
    let installed = ledger.filters.installed.get(&id).ok_or(ChainError::UnknownFilter)?;
    let (from, newest) = (installed.next_block, ledger.height());
    let changes = match &installed.kind {
        Kind::Blocks => {
            let skip = usize::try_from(from).unwrap_or(usize::MAX);
            Changes::Blocks(
                ledger
                    .blocks()
                    .iter()
                    .skip(skip)
                    .map(|block| block.header.hash())
                    .collect(),
            )
        }
        Kind::Logs(filter) => {
            let to = filter.get_to_block().unwrap_or(newest).min(newest);
            Changes::Logs(in_range(
                ledger,
                from.max(filter.get_from_block().unwrap_or(0)),
                to,
                filter,
            )?)
        }
    };
    if let Some(installed) = ledger.filters.installed.get_mut(&id) {
        installed.next_block = newest.saturating_add(1);
    }
    Ok(changes)
}

/// All logs of an installed log filter.
///
/// # Errors
/// An unknown filter or one for blocks, and as [`select`].
pub fn all(ledger: &Ledger, id: u64) -> Result<Vec<Log>, ChainError> {
    match ledger.filters.installed.get(&id).map(|installed| &installed.kind) {
        Some(Kind::Logs(filter)) => select(ledger, filter),
        Some(Kind::Blocks) | None => Err(ChainError::UnknownFilter),
    }
}
