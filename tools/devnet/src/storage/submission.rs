//! Submissions as the Flow contract's `Submit` events tell them.

use alloy::primitives::{Address, B256, keccak256};
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use orv_content::Root;
use orv_contracts::development::Flow;

use super::error::NodeError;
use super::segments::FileKey;
use super::source::ChainSource;

/// Blocks that one `eth_getLogs` covers; public endpoints refuse long ranges.
const BLOCKS_PER_QUERY: u64 = 1000;

/// Number and hash.
pub type BlockId = (u64, B256);

/// One submitted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Sequence number on the Flow contract.
    pub sequence: u64,
    /// Root of the file, folded from the nodes.
    pub root: Root,
    /// Size in bytes.
    pub size: u64,
    /// First sector in the flow.
    pub start: u64,
    /// Subtrees: height and root, left to right.
    pub nodes: Vec<(u64, Root)>,
    block: BlockId,
}

impl Submission {
    /// What its segments are kept under.
    pub fn key(&self) -> FileKey {
        FileKey {
            root: self.root,
            size: self.size,
        }
    }

    /// `None` for an event that no valid submission makes: no nodes, or numbers beyond 64 bits.
    fn read(log: &Log) -> Option<Self> {
        let event = Flow::Submit::decode_log(&log.inner).ok()?.data;
        let data = event.submission;
        let nodes = data
            .nodes
            .iter()
            .map(|node| Some((u64::try_from(node.height).ok()?, Root(node.root.0))));
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        Some(Self {
            sequence: event.submissionIndex.try_into().ok()?,
            root: fold(&nodes)?,
            size: data.length.try_into().ok()?,
            start: event.startPos.try_into().ok()?,
            nodes,
            block: (log.block_number?, log.block_hash?),
        })
    }
}

/// Root of the file: the nodes folded from the right (0G Storage reference 1).
fn fold(nodes: &[(u64, Root)]) -> Option<Root> {
    let mut from_right = nodes.iter().rev().map(|(_, root)| *root);
    let last = from_right.next()?;
    Some(from_right.fold(last, |right, left| Root(keccak256([left.0, right.0].concat()).0)))
}

/// The submissions read so far.
#[derive(Debug)]
pub struct Submissions {
    chain: Box<dyn ChainSource>,
    flow: Option<Address>,
    known: Vec<Submission>,
    /// The newest block that was read, and its hash then.
    head: Option<BlockId>,
}

impl Submissions {
    /// None yet; nothing is read before a Flow contract is named.
    pub fn new(chain: Box<dyn ChainSource>) -> Self {
        Self {
            chain,
            flow: None,
            known: Vec::new(),
            head: None,
        }
    }

    /// Reads the events of this contract, from the chain's beginning when it is another than before.
    pub fn follow(&mut self, flow: Address) {
        if self.flow != Some(flow) {
            (self.flow, self.head) = (Some(flow), None);
            self.known.clear();
        }
    }

    /// The contract that is followed.
    pub fn flow(&self) -> Option<Address> {
        self.flow
    }

    /// Number and hash of the newest block that was read; `None` while no contract is followed.
    pub fn head(&self) -> Option<BlockId> {
        self.head
    }

    /// Id of the chain that is read.
    ///
    /// # Errors
    /// The chain cannot be read.
    pub fn chain_id(&self) -> Result<u64, NodeError> {
        self.chain.chain_id()
    }

    /// All submissions, by sequence number.
    pub fn known(&self) -> &[Submission] {
        &self.known
    }

    /// Reads what is new, after forgetting what a reorganisation took back.
    ///
    /// The head's hash is asked before the logs: when the chain is reorganised between the two, the hash does not hold
    /// at the next reading and the blocks are read again.
    ///
    /// # Errors
    /// The chain cannot be read or refuses the query; what was read before stays.
    pub fn sync(&mut self) -> Result<(), NodeError> {
        let Some(flow) = self.flow else { return Ok(()) };
        let height = self.chain.height()?;
        let Some(hash) = self.chain.block_hash(height)? else {
            return Ok(());
        };
        if self.head == Some((height, hash)) {
            return Ok(());
        }
        let mut from = self.first_unread()?;
        let events = Filter::new()
            .address(flow)
            .event_signature(Flow::Submit::SIGNATURE_HASH);
        while from <= height {
            let to = height.min(from.saturating_add(BLOCKS_PER_QUERY - 1));
            let logs = self.chain.logs(&events.clone().from_block(from).to_block(to))?;
            for submission in logs.iter().filter_map(Submission::read) {
                if submission.sequence == self.known.len() as u64 {
                    self.known.push(submission);
                }
            }
            from = to + 1;
        }
        self.head = Some((height, hash));
        Ok(())
    }

    /// The block to go on from: after the head while that is still part of the chain, else at the newest submission
    /// that is.
    fn first_unread(&mut self) -> Result<u64, NodeError> {
        if let Some((number, hash)) = self.head {
            if self.chain.block_hash(number)? == Some(hash) {
                return Ok(number + 1);
            }
            self.head = None;
        }
        while let Some((number, hash)) = self.known.last().map(|last| last.block) {
            if self.chain.block_hash(number)? == Some(hash) {
                return Ok(number);
            }
            self.known.pop();
        }
        Ok(0)
    }
}
