//! What storage nodes say of a file, for people who want to know. Nothing of it is proved.

use std::time::Duration;

use orv_content::Root;
use serde::Serialize;
use tokio::{task::JoinSet, time::timeout};

use crate::{fault::Fault, node::StorageNode, shard::Shard};

/// How a file is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileId {
    /// By root.
    Root(Root),
    /// By its number in the flow.
    Sequence(u64),
}

/// One node's view of a file.
#[derive(Debug, Clone)]
pub struct NodeView {
    /// The node's origin.
    pub server: String,
    /// Which part of the flow the indexer says that it stores.
    pub shard: Shard,
    /// What it says, or what it did instead.
    pub file: Result<FileView, Fault>,
}

/// What a node says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// Its root.
    pub root: Root,
    /// Its size, in bytes.
    pub size: u64,
    /// Its number in the flow.
    pub sequence: u64,
    /// Its first sector in the flow.
    pub first_sector: u64,
    /// The node has all that it is to store of it.
    pub finalized: bool,
    /// The node has thrown it away.
    pub pruned: bool,
    /// Segments that have come, while it is not finalized.
    pub uploaded_segments: u64,
}

/// Asks all nodes at once; the answers are ordered by server.
pub(crate) async fn ask_all(nodes: Vec<StorageNode>, id: FileId, patience: Duration) -> Vec<NodeView> {
    let mut asked = JoinSet::new();
    for node in nodes {
        asked.spawn(async move {
            let file = timeout(patience, ask(&node, id)).await;
            NodeView {
                server: node.endpoint().to_string(),
                shard: node.shard,
                file: file.unwrap_or(Err(Fault::TooSlow {
                    bytes: 1,
                    seconds: patience.as_secs(),
                })),
            }
        });
    }
    let mut views = asked.join_all().await;
    views.sort_by(|one, other| one.server.cmp(&other.server));
    views
}

async fn ask(node: &StorageNode, id: FileId) -> Result<FileView, Fault> {
    let info = match id {
        FileId::Root(root) => node.info_by_root(&root).await?,
        FileId::Sequence(sequence) => node.info_by_sequence(sequence).await?,
    };
    let info = info.ok_or(Fault::Missing)?;
    Ok(FileView {
        root: info.tx.data_merkle_root,
        size: info.tx.size,
        sequence: info.tx.seq,
        first_sector: info.tx.start_entry_index,
        finalized: info.finalized,
        pruned: info.pruned,
        uploaded_segments: info.uploaded_seg_num,
    })
}
