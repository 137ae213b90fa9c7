//! Submissions as the Flow contract's `Submit` events tell them.

use alloy::primitives::{Address, B256, keccak256};
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use orv_content::Root;
use orv_contracts::development::Flow;

use crate::chain::Chain;

use super::error::NodeError;

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
    block: (u64, B256),
}

impl Submission {
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
    chain: Chain,
    flow: Option<Address>,
    known: Vec<Submission>,
    next_block: u64,
}

impl Submissions {
    /// None yet; nothing is read before a Flow contract is named.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            flow: None,
            known: Vec::new(),
            next_block: 0,
        }
    }

    /// Reads the events of this contract, from the chain's beginning.
    pub fn follow(&mut self, flow: Address) {
        (self.flow, self.next_block) = (Some(flow), 0);
        self.known.clear();
    }

    /// The contract that is followed.
    pub fn flow(&self) -> Option<Address> {
        self.flow
    }

    /// The chain that is read.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// All submissions, by sequence number.
    pub fn known(&self) -> &[Submission] {
        &self.known
    }

    /// Reads what is new, after forgetting what a reorganisation took back.
    ///
    /// # Errors
    /// The chain refuses the query.
    pub fn sync(&mut self) -> Result<(), NodeError> {
        let Some(flow) = self.flow else { return Ok(()) };
        let height = self.chain.height();
        self.next_block = self.next_block.min(height + 1);
        while let Some(last) = self.known.last() {
            let (number, hash) = last.block;
            if self.chain.block_hash(number) == Some(hash) {
                break;
            }
            self.next_block = self.next_block.min(number);
            self.known.pop();
        }
        let filter = Filter::new()
            .address(flow)
            .event_signature(Flow::Submit::SIGNATURE_HASH);
        let logs = self.chain.logs(&filter.from_block(self.next_block).to_block(height))?;
        self.next_block = height + 1;
        let expected = |known: &Vec<Submission>| known.len() as u64;
        for submission in logs.iter().filter_map(Submission::read) {
            if submission.sequence == expected(&self.known) {
                self.known.push(submission);
            }
        }
        Ok(())
    }
}
