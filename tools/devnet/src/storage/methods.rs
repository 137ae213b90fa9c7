//! `zgs_*` and `indexer_*` JSON-RPC.

use std::sync::Arc;

use alloy::primitives::Address;
use orv_content::Root;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rpc::{Methods, Params, RpcError};

use super::error::NodeError;
use super::fault::Fault;
use super::node::{FileId, Node};
use super::service::Member;
use super::view::{SegmentView, base64, file_info};
use super::{Shard, Storage};

/// Answers JSON-RPC calls on one node of a network.
pub(super) struct StorageMethods {
    pub(super) storage: Storage,
    pub(super) members: Arc<[Member]>,
}

/// The argument of `zgs_checkFileFinalized`: a number or a root.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Sequence(u64),
    Root(Root),
}

impl Methods for StorageMethods {
    fn call(&self, method: &str, mut params: Params) -> Result<Value, RpcError> {
        let params = &mut params;
        match method {
            "indexer_getShardedNodes" | "indexer_getSelectedNodes" => {
                let trusted: Vec<_> = self.members.iter().map(location).collect();
                return Ok(json!({"trusted": trusted, "discovered": []}));
            }
            "indexer_getFileLocations" => return self.locations(root(params)?),
            "indexer_getNodeLocations" => return Ok(json!({})),
            "zgs_downloadSegment"
            | "zgs_downloadSegmentByTxSeq"
            | "zgs_downloadSegmentWithProof"
            | "zgs_downloadSegmentWithProofByTxSeq" => self.fail_on_purpose()?,
            _ => {}
        }
        let mut node = self.storage.synced()?;
        match method {
            "zgs_getStatus" => Ok(status(&node)?),
            "zgs_getShardConfig" => Ok(shard(node.shard)),
            "zgs_getFileInfo" => Ok(info(&node, root(params)?)),
            "zgs_getFileInfoByTxSeq" => Ok(info(&node, sequence(params, 0)?)),
            "zgs_checkFileFinalized" => finalized(&node, params),
            "zgs_uploadSegment" => upload_one(&mut node, params, None),
            "zgs_uploadSegmentByTxSeq" => {
                let sequence = params.required(1, "txSeq")?;
                upload_one(&mut node, params, Some(sequence))
            }
            "zgs_uploadSegments" => upload_many(&mut node, params, None),
            "zgs_uploadSegmentsByTxSeq" => {
                let sequence = params.required(1, "txSeq")?;
                upload_many(&mut node, params, Some(sequence))
            }
            "zgs_downloadSegment" => download(&node, root(params)?, params),
            "zgs_downloadSegmentByTxSeq" => download(&node, sequence(params, 0)?, params),
            "zgs_downloadSegmentWithProof" => prove(&node, root(params)?, params),
            "zgs_downloadSegmentWithProofByTxSeq" => prove(&node, sequence(params, 0)?, params),
            _ => Err(RpcError::method_not_found(method)),
        }
    }
}

impl StorageMethods {
    /// The faults that come before a download is looked for. The node is not locked.
    fn fail_on_purpose(&self) -> Result<(), RpcError> {
        let faults = self.storage.faults();
        faults.wait();
        if faults.has(Fault::Error200) {
            return Err(RpcError::server("injected fault"));
        }
        Ok(())
    }

    /// The nodes that have their part of a file. No two of them are locked at a time.
    fn locations(&self, id: FileId) -> Result<Value, RpcError> {
        let mut known = false;
        let mut have = Vec::new();
        for member in self.members.iter() {
            let status = member.storage.synced()?.status(id);
            known |= status.is_some();
            if status.is_some_and(|status| status.finalized) {
                have.push(location(member));
            }
        }
        match (known, have.is_empty()) {
            (false, _) => Err(RpcError::server("file not found")),
            (true, true) => Ok(Value::Null),
            (true, false) => Ok(Value::Array(have)),
        }
    }
}

fn location(member: &Member) -> Value {
    json!({"url": member.url, "config": shard(member.storage.shard()), "latency": 0, "since": 0})
}

fn shard(shard: Shard) -> Value {
    json!({"shardId": shard.id(), "numShard": shard.count()})
}

fn root(params: &mut Params) -> Result<FileId, RpcError> {
    params.required(0, "root").map(FileId::Root)
}

fn sequence(params: &mut Params, index: usize) -> Result<FileId, RpcError> {
    params.required(index, "txSeq").map(FileId::Sequence)
}

pub(super) fn status(node: &Node) -> Result<Value, NodeError> {
    let (height, hash) = node.submissions.head().unwrap_or_default();
    Ok(json!({
        "connectedPeers": 0,
        "logSyncHeight": height,
        "logSyncBlock": hash,
        "nextTxSeq": node.submissions.known().len(),
        "networkIdentity": {
            "chainId": node.submissions.chain_id()?,
            "flowAddress": node.submissions.flow().unwrap_or(Address::ZERO),
            "p2pProtocolVersion": {"major": 0, "minor": 0, "build": 0},
        },
    }))
}

fn info(node: &Node, id: FileId) -> Value {
    node.status(id).as_ref().map_or(Value::Null, file_info)
}

fn finalized(node: &Node, params: &mut Params) -> Result<Value, RpcError> {
    let id = match params.required(0, "txSeqOrRoot")? {
        Either::Sequence(sequence) => FileId::Sequence(sequence),
        Either::Root(root) => FileId::Root(root),
    };
    Ok(node.status(id).map_or(Value::Null, |status| status.finalized.into()))
}

/// How many segments were taken. The present reference node answers `null`, which its clients ignore and the older SDK
/// takes for a failure (0G Storage reference 10).
fn upload_one(node: &mut Node, params: &mut Params, sequence: Option<u64>) -> Result<Value, RpcError> {
    let segment: SegmentView = params.required(0, "segment")?;
    node.upload(segment.segment()?, sequence)?;
    Ok(1.into())
}

fn upload_many(node: &mut Node, params: &mut Params, sequence: Option<u64>) -> Result<Value, RpcError> {
    let segments: Vec<SegmentView> = params.required(0, "segments")?;
    let count = segments.len();
    for segment in segments {
        match node.upload(segment.segment()?, sequence) {
            // In a batch a segment that is here already is passed over.
            Ok(()) | Err(NodeError::Repeated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count.into())
}

fn download(node: &Node, id: FileId, params: &mut Params) -> Result<Value, RpcError> {
    let (start, end) = (params.required(1, "startChunk")?, params.required(2, "endChunk")?);
    Ok(node
        .chunks(id, start, end)?
        .map_or(Value::Null, |bytes| base64(&bytes).into()))
}

fn prove(node: &Node, id: FileId, params: &mut Params) -> Result<Value, RpcError> {
    let index = params.required(1, "segmentIndex")?;
    let segment = node.proved(id, index)?.map(SegmentView::from);
    serde_json::to_value(segment).map_err(RpcError::server)
}
