//! Putting content on 0G Storage: pay the Flow contract, hand the segments to the nodes that store them, and wait until
//! each of those nodes says that it has everything (0G Storage reference 5).

mod flow;
mod prepared;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use orv_chain::{
    Fate, TransactionOwner,
    primitives::{Address, B256, U256},
};
use orv_content::{
    Root,
    merkle::{Shape, Submission},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

pub(crate) use self::prepared::Source;
use self::{
    flow::Submitted,
    prepared::{Prepared, prepare},
};
use crate::{
    error::PublishError,
    fault::Fault,
    indexer::Indexer,
    node::{FileInfo, FileTransaction, NetworkIdentity, SegmentWithProof, StorageNode},
    progress::{Progress, Stage},
    shard::cover,
};

/// Segments under way at a time; nodes take 16 writes at once from everybody.
const PARALLEL: usize = 4;
/// How often a segment is offered to a node that is busy or silent.
const OFFERS: u32 = 5;
/// How long a node may take to see a submission, and to finalize a file.
const PATIENCE: Duration = Duration::from_secs(180);

/// Content that is on 0G Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Published {
    /// Its root: what goes on chain.
    pub root: Root,
    /// Its length in bytes, which the root does not bind.
    pub size: u64,
    /// Its number in the flow.
    pub sequence: u64,
    /// The transaction that paid; absent when the nodes had it already.
    pub transaction: Option<B256>,
}

pub(crate) struct Publication<'a> {
    pub(crate) indexer: &'a Indexer,
    pub(crate) owner: &'a TransactionOwner,
    pub(crate) highest_fee: U256,
    pub(crate) flow: Option<Address>,
    pub(crate) poll: Duration,
    pub(crate) progress: &'a Arc<dyn Progress>,
    pub(crate) paid: &'a Paid,
}

/// The transaction that paid for a root, for as long as the client lives: nodes that are slow to take content up must
/// not be paid for it twice.
pub(crate) type Paid = Mutex<BTreeMap<[u8; 32], B256>>;

impl Publication<'_> {
    pub(crate) async fn run(&self, source: Source) -> Result<Published, PublishError> {
        let prepared = Arc::new(prepare(source).await?);
        let (root, size) = (prepared.submission.root, prepared.submission.length);
        let nodes = self.nodes().await?;
        if let Some(sequence) = already_there(&nodes, root, prepared.tree.shape()).await {
            return Ok(Published {
                root,
                size,
                sequence,
                transaction: None,
            });
        }
        let flow = self.network(&nodes).await?.flow_address;
        let (sequence, transaction) = match self.begun_before(&nodes, root, size, flow).await? {
            Some(begun) => begun,
            None => self.pay(&prepared.submission, flow).await?,
        };
        tracing::debug!(%root, sequence, "submission is on chain");
        self.upload(&prepared, &nodes, sequence).await?;
        Ok(Published {
            root,
            size,
            sequence,
            transaction,
        })
    }

    /// A submission of the same content whose upload did not end: of this client, if the chain still has it, or of
    /// anybody, if every node knows it.
    async fn begun_before(
        &self,
        nodes: &[StorageNode],
        root: Root,
        size: u64,
        flow: Address,
    ) -> Result<Option<(u64, Option<B256>)>, PublishError> {
        if let Some(paid) = self.paid_before(root, flow).await? {
            return Ok(Some((paid.sequence, Some(paid.mined.hash))));
        }
        let mut agreed = None;
        for node in nodes {
            let Ok(Some(info)) = node.info_by_root(&root).await else {
                return Ok(None);
            };
            let usable = !info.pruned && info.tx.size == size;
            if !usable || *agreed.get_or_insert(info.tx.seq) != info.tx.seq {
                return Ok(None);
            }
        }
        Ok(agreed.map(|sequence| {
            tracing::info!(%root, sequence, "going on with an upload that did not end");
            (sequence, None)
        }))
    }

    async fn pay(&self, submission: &Submission, flow: Address) -> Result<(u64, Option<B256>), PublishError> {
        let fee = flow::price(self.owner, flow, submission).await?;
        if fee > self.highest_fee {
            return Err(PublishError::TooExpensive {
                asked: fee,
                allowed: self.highest_fee,
            });
        }
        let submitted = flow::submit(self.owner, flow, submission, fee).await?;
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        paid.insert(submission.root.0, submitted.mined.hash);
        Ok((submitted.sequence, Some(submitted.mined.hash)))
    }

    /// An earlier submission of the same content whose upload did not end, if the chain still has it.
    async fn paid_before(&self, root: Root, flow: Address) -> Result<Option<Submitted>, PublishError> {
        let paid = self
            .paid
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&root.0)
            .copied();
        let Some(hash) = paid else { return Ok(None) };
        Ok(match self.owner.fate(hash).await? {
            Fate::Mined(mined) => flow::submitted(mined, flow).ok(),
            Fate::Failed(_) | Fate::Pending | Fate::NotKnown => None,
        })
    }

    async fn nodes(&self) -> Result<Vec<StorageNode>, PublishError> {
        let known = self.indexer.upload_nodes().await;
        let known = known.map_err(|fault| PublishError::Server {
            server: self.indexer.endpoint().to_string(),
            fault,
        })?;
        let shards: Vec<_> = known.iter().map(|node| node.shard).collect();
        let chosen = cover(&shards).ok_or(PublishError::NoNodes)?;
        Ok(chosen
            .into_iter()
            .filter_map(|position| known.get(position).cloned())
            .collect())
    }

    /// The contract to pay: all nodes must name the same, on the payer's own chain.
    async fn network(&self, nodes: &[StorageNode]) -> Result<NetworkIdentity, PublishError> {
        let mut agreed: Option<NetworkIdentity> = None;
        for node in nodes {
            let identity = node.network_identity().await.map_err(|fault| blame(node, fault))?;
            if *agreed.get_or_insert(identity) != identity {
                return Err(PublishError::FlowDisputed);
            }
        }
        let identity = agreed.ok_or(PublishError::NoNodes)?;
        if let Some(pinned) = self.flow.filter(|pinned| *pinned != identity.flow_address) {
            let named = identity.flow_address;
            return Err(PublishError::OtherFlow { named, pinned });
        }
        let payer = self.owner.chain().chain_id();
        if identity.chain_id != payer {
            return Err(PublishError::OtherChain {
                nodes: identity.chain_id,
                payer,
            });
        }
        Ok(identity)
    }

    async fn upload(&self, prepared: &Arc<Prepared>, nodes: &[StorageNode], sequence: u64) -> Result<(), PublishError> {
        let expected = prepared.submission.root;
        let mut offers = Vec::new();
        for node in nodes {
            let seen = "seen";
            let info = self.wait(node, sequence, seen, expected, |_| true).await?;
            // It needs no more, where an upload is gone on with.
            if !info.finalized {
                let held = held_by(node, prepared.tree.shape(), &info.tx);
                offers.extend(held.into_iter().map(|index| (node.clone(), index)));
            }
        }
        self.progress.begin(Stage::Upload, prepared.submission.length);
        self.offer_all(prepared, offers, sequence).await?;
        for node in nodes {
            let info = self
                .wait(node, sequence, "finalized", expected, |info| info.finalized)
                .await?;
            let sample = sample(node, expected, prepared.tree.shape(), &info.tx).await;
            sample.map_err(|fault| blame(node, fault))?;
        }
        Ok(())
    }

    async fn offer_all(
        &self,
        prepared: &Arc<Prepared>,
        offers: Vec<(StorageNode, u64)>,
        sequence: u64,
    ) -> Result<(), PublishError> {
        let mut waiting = offers.into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < PARALLEL {
                let Some((node, index)) = waiting.next() else { break };
                let (prepared, progress) = (Arc::clone(prepared), Arc::clone(self.progress));
                let poll = self.poll;
                running.spawn(async move {
                    let segment = prepared.segment(index).await?;
                    offer(&node, sequence, &segment, poll).await?;
                    progress.advance(prepared.tree.shape().segment_size(index).unwrap_or_default());
                    Ok::<_, PublishError>(())
                });
            }
            match running.join_next().await {
                None => return Ok(()),
                Some(joined) => joined.map_err(|_| PublishError::Stopped)??,
            }
        }
    }

    /// Asks a node about a submission until it has reached a state.
    async fn wait(
        &self,
        node: &StorageNode,
        sequence: u64,
        expected: &'static str,
        root: Root,
        reached: impl Fn(&FileInfo) -> bool,
    ) -> Result<FileInfo, PublishError> {
        let begun = Instant::now();
        loop {
            match node.info_by_sequence(sequence).await {
                Ok(Some(info)) if info.tx.data_merkle_root != root => {
                    let (server, found) = (node.endpoint().to_string(), info.tx.data_merkle_root);
                    return Err(PublishError::OtherRecord {
                        server,
                        sequence,
                        found,
                    });
                }
                Ok(Some(info)) if reached(&info) => return Ok(info),
                Ok(_) => {}
                Err(fault) => tracing::debug!(node = %node.endpoint(), %fault, "no answer about a submission"),
            }
            if begun.elapsed() >= PATIENCE {
                let (server, seconds) = (node.endpoint().to_string(), PATIENCE.as_secs());
                return Err(PublishError::TooSlow {
                    server,
                    expected,
                    sequence,
                    seconds,
                });
            }
            sleep(self.poll).await;
        }
    }
}

/// The number under which every chosen node has the whole content already, at this very length.
async fn already_there(nodes: &[StorageNode], root: Root, shape: &Shape) -> Option<u64> {
    let mut sequence = None;
    for node in nodes {
        let file = node.available(&root).await.ok()?;
        let file = Some(file).filter(|file| file.size == shape.size())?;
        sample(node, root, shape, &file).await.ok()?;
        sequence = Some(file.seq);
    }
    sequence
}

/// The data segments of a file that a node is to store.
fn held_by(node: &StorageNode, shape: &Shape, file: &FileTransaction) -> Vec<u64> {
    let indices = 0..shape.data_segments();
    indices
        .filter(|index| node.shard.holds(file.start_entry_index, *index))
        .collect()
}

/// Has a node that says it has everything give back one segment, which it cannot foresee, with its proof.
async fn sample(node: &StorageNode, root: Root, shape: &Shape, file: &FileTransaction) -> Result<(), Fault> {
    let held = held_by(node, shape, file);
    let mut random = [0_u8; 8];
    // Without randomness it is the first one, which is better than none.
    let _ = getrandom::fill(&mut random);
    let position = u64::from_le_bytes(random).checked_rem(held.len() as u64);
    let position = position.and_then(|position| usize::try_from(position).ok());
    match position.and_then(|position| held.get(position)) {
        // The file has no segment in this node's shard.
        None => Ok(()),
        Some(index) => node.segment(&root, shape, file.seq, *index).await.map(drop),
    }
}

/// Offers one segment until it is taken. A node that is busy or silent is asked again, one that refuses the proof is not.
async fn offer(
    node: &StorageNode,
    sequence: u64,
    segment: &SegmentWithProof,
    poll: Duration,
) -> Result<(), PublishError> {
    let mut offers = 1;
    loop {
        match node.upload(sequence, segment).await {
            Ok(()) => return Ok(()),
            Err(fault) if offers < OFFERS && is_passing(&fault) => sleep(poll * offers).await,
            Err(fault) => return Err(blame(node, fault)),
        }
        offers += 1;
    }
}

fn is_passing(fault: &Fault) -> bool {
    match fault {
        Fault::Http(_) => true,
        Fault::Refused { reason, .. } => reason.contains("too many data writing"),
        _ => false,
    }
}

fn blame(node: &StorageNode, fault: Fault) -> PublishError {
    PublishError::Server {
        server: node.endpoint().to_string(),
        fault,
    }
}
