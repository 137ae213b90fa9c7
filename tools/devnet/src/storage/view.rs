//! Files and segments in the shapes clients read (0G Storage reference 3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use orv_content::Root;
use orv_content::merkle::SegmentProof;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rpc::RpcError;

use super::node::{FileStatus, Segment};

/// `SegmentWithProof`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentView {
    root: Root,
    data: String,
    index: u64,
    proof: SegmentProof,
    file_size: u64,
}

impl SegmentView {
    /// The segment, its data decoded.
    ///
    /// # Errors
    /// Data that is not base64 with padding.
    pub fn segment(self) -> Result<Segment, RpcError> {
        let data = STANDARD
            .decode(self.data)
            .map_err(|error| RpcError::invalid_params(format!("data: {error}")))?;
        let (root, index, proof, file_size) = (self.root, self.index, self.proof, self.file_size);
        Ok(Segment {
            root,
            data: data.into(),
            index,
            proof,
            file_size,
        })
    }
}

impl From<Segment> for SegmentView {
    fn from(segment: Segment) -> Self {
        let Segment {
            root,
            data,
            index,
            proof,
            file_size,
        } = segment;
        Self {
            root,
            data: base64(&data),
            index,
            proof,
            file_size,
        }
    }
}

/// Bytes as the node writes them.
pub fn base64(data: &Bytes) -> String {
    STANDARD.encode(data)
}

/// `FileInfo`. The heights in `merkleNodes` are one more than the contract's.
pub fn file_info(status: &FileStatus) -> Value {
    let submission = &status.submission;
    let nodes: Vec<_> = submission
        .nodes
        .iter()
        .map(|(height, root)| json!([height + 1, root]))
        .collect();
    json!({
        "tx": {
            "streamIds": [],
            "data": [],
            "dataMerkleRoot": submission.root,
            "merkleNodes": nodes,
            "startEntryIndex": submission.start,
            "size": status.told_size,
            "seq": submission.sequence,
        },
        "finalized": status.finalized,
        "isCached": false,
        "uploadedSegNum": status.uploaded,
        "pruned": false,
    })
}
