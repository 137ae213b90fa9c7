//! One storage node, by its JSON-RPC (0G Storage reference 3). Its answers are decoded and believed nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use orv_chain::{Endpoint, HttpClient, primitives::Address};
use orv_content::{
    Root,
    merkle::{SegmentProof, Shape},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{fault::Fault, rpc::RpcServer, shard::Shard};

/// A storage node.
#[derive(Debug, Clone)]
pub(crate) struct StorageNode {
    server: RpcServer,
    pub(crate) shard: Shard,
}

/// What a node says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileInfo {
    pub(crate) tx: FileTransaction,
    pub(crate) finalized: bool,
    #[serde(default)]
    pub(crate) pruned: bool,
    #[serde(default)]
    pub(crate) uploaded_seg_num: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileTransaction {
    pub(crate) data_merkle_root: Root,
    pub(crate) start_entry_index: u64,
    pub(crate) size: u64,
    pub(crate) seq: u64,
}

/// Which chain and Flow contract a node follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkIdentity {
    pub(crate) chain_id: u64,
    pub(crate) flow_address: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    network_identity: NetworkIdentity,
}

/// A segment on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SegmentWithProof {
    pub(crate) root: Root,
    pub(crate) data: String,
    pub(crate) index: u64,
    pub(crate) proof: SegmentProof,
    pub(crate) file_size: u64,
}

/// How a segment is asked for.
const DOWNLOAD: &str = "zgs_downloadSegmentWithProofByTxSeq";

impl SegmentWithProof {
    /// Its bytes, if it is segment `index` of this root; without the fill of its last chunk. What it says of root and
    /// size is not looked at.
    pub(crate) fn open(&self, root: &Root, shape: &Shape, index: u64) -> Result<Vec<u8>, Fault> {
        if self.index != index {
            return Err(Fault::WrongSegment {
                expected: index,
                found: self.index,
            });
        }
        let mut data = STANDARD.decode(&self.data).map_err(|error| Fault::Malformed {
            question: DOWNLOAD.into(),
            reason: error.to_string(),
        })?;
        self.proof
            .verify(root, shape, index, &data)
            .map_err(|reason| Fault::FalseSegment { index, reason })?;
        let size = shape.segment_size(index).unwrap_or_default();
        data.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(data)
    }
}

impl StorageNode {
    pub(crate) fn new(client: HttpClient, endpoint: Endpoint, shard: Shard) -> Self {
        Self {
            server: RpcServer::new(client, endpoint),
            shard,
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.server.endpoint()
    }

    pub(crate) async fn network_identity(&self) -> Result<NetworkIdentity, Fault> {
        Ok(self
            .server
            .require::<Status>("zgs_getStatus", json!([]))
            .await?
            .network_identity)
    }

    /// What the node knows of a root.
    pub(crate) async fn info_by_root(&self, root: &Root) -> Result<Option<FileInfo>, Fault> {
        let info: Option<FileInfo> = self.server.ask("zgs_getFileInfo", json!([root, true])).await?;
        match info {
            Some(info) if info.tx.data_merkle_root != *root => Err(Fault::WrongRoot {
                expected: *root,
                found: info.tx.data_merkle_root,
            }),
            info => Ok(info),
        }
    }

    /// A file of which this node has its shard. A file not finalized or pruned is missing.
    pub(crate) async fn available(&self, root: &Root) -> Result<FileTransaction, Fault> {
        let info = self.info_by_root(root).await?.ok_or(Fault::Missing)?;
        if !info.finalized || info.pruned {
            return Err(Fault::Missing);
        }
        Ok(info.tx)
    }

    /// What the node knows of a transaction of the Flow contract.
    pub(crate) async fn info_by_sequence(&self, sequence: u64) -> Result<Option<FileInfo>, Fault> {
        self.server.ask("zgs_getFileInfoByTxSeq", json!([sequence])).await
    }

    /// One segment, checked against the root; without the fill of its last chunk.
    pub(crate) async fn segment(
        &self,
        root: &Root,
        shape: &Shape,
        sequence: u64,
        index: u64,
    ) -> Result<Vec<u8>, Fault> {
        let answer: SegmentWithProof = self
            .server
            .ask(DOWNLOAD, json!([sequence, index]))
            .await?
            .ok_or(Fault::Missing)?;
        answer.open(root, shape, index)
    }

    /// Hands over one segment. That the node has it already is success.
    pub(crate) async fn upload(&self, sequence: u64, segment: &SegmentWithProof) -> Result<(), Fault> {
        let sent = self
            .server
            .ask::<serde_json::Value>("zgs_uploadSegmentsByTxSeq", json!([[segment], sequence]));
        match sent.await {
            Ok(_) => Ok(()),
            Err(Fault::Refused { reason, .. }) if reason.contains("already uploaded") => Ok(()),
            Err(Fault::Refused { reason, .. }) if reason.contains("has already been uploaded") => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
