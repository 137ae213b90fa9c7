//! JSON-RPC 2.0 over HTTP with positional parameters (0G Storage reference 3 and 4), every answer bounded.

use orv_chain::{Endpoint, HttpClient};
use orv_content::merkle::Shape;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    indexer::{Location, ShardedNodes},
    node::{FileInfo, SegmentWithProof, Status},
};

/// Longest answer that is read, in bytes: a segment in base64 with its proof is about 360 kB.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// A server that is asked by name.
#[derive(Debug, Clone)]
pub(crate) struct RpcServer {
    client: HttpClient,
    endpoint: Endpoint,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<ReplyError>,
}

#[derive(Deserialize)]
struct ReplyError {
    code: i64,
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl RpcServer {
    pub(crate) fn new(client: HttpClient, endpoint: Endpoint) -> Self {
        Self { client, endpoint }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Calls a method; `null` is `None`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, parameters: Value) -> Result<Option<T>, Fault> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let answer = self
            .client
            .post_json(&self.endpoint, request.to_string().into_bytes(), MAX_ANSWER_BYTES)
            .await?;
        read_answer(method, answer.status, &answer.body)
    }

    /// Calls a method whose answer is never `null`.
    pub(crate) async fn require<T: DeserializeOwned>(&self, method: &str, parameters: Value) -> Result<T, Fault> {
        let answer = self.ask(method, parameters).await?;
        answer.ok_or_else(|| Fault::Malformed {
            question: method.to_owned(),
            reason: "null".into(),
        })
    }
}

/// The result in an answer's body; `null` is `None`. The HTTP status proves nothing, it is only told where there is no
/// JSON-RPC.
fn read_answer<T: DeserializeOwned>(method: &str, status: u16, body: &[u8]) -> Result<Option<T>, Fault> {
    let malformed = |reason: String| Fault::Malformed {
        question: method.to_owned(),
        reason,
    };
    let reply: Reply =
        serde_json::from_slice(body).map_err(|error| malformed(format!("HTTP status {status}, {error}")))?;
    if let Some(error) = reply.error {
        return Err(refusal(error));
    }
    match reply.result {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|error| malformed(error.to_string())),
    }
}

/// Reads bytes as each kind of answer that the client knows, and checks a segment's proof: what a fuzzer calls.
#[doc(hidden)]
pub fn examine_answer(body: &[u8]) {
    let _ = read_answer::<Vec<Location>>("indexer_getFileLocations", 200, body);
    let _ = read_answer::<ShardedNodes>("indexer_getShardedNodes", 200, body);
    let _ = read_answer::<FileInfo>("zgs_getFileInfo", 200, body);
    let _ = read_answer::<Status>("zgs_getStatus", 200, body);
    if let Ok(Some(segment)) = read_answer::<SegmentWithProof>("zgs_downloadSegmentWithProofByTxSeq", 200, body)
        && let Ok(shape) = Shape::of(segment.file_size)
    {
        let (root, index) = (segment.root, segment.index);
        let _ = segment.open(&root, &shape, index);
    }
}

/// The node's reason stands in `data`, its parameter's name in `message`; both are kept short.
fn refusal(error: ReplyError) -> Fault {
    let reason = match error.data {
        Some(Value::String(text)) => format!("{}: {text}", error.message),
        _ => error.message,
    };
    Fault::Refused {
        code: error.code,
        reason: reason.chars().take(300).collect(),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use orv_content::merkle::{prove, root_of};
    use proptest::prelude::*;

    use super::*;

    fn segment_answer() -> Vec<u8> {
        let content = vec![7; 512];
        let segment = SegmentWithProof {
            root: root_of(&content).unwrap(),
            data: STANDARD.encode(&content),
            index: 0,
            proof: prove(&content, 0).unwrap(),
            file_size: 512,
        };
        json!({"jsonrpc": "2.0", "id": 1, "result": segment})
            .to_string()
            .into_bytes()
    }

    fn answers() -> Vec<Vec<u8>> {
        let root = root_of(b"content").unwrap();
        let node = json!({"url": "http://node", "config": {"shardId": 0, "numShard": 2}});
        let results = [
            json!([node]),
            json!({"trusted": [node], "discovered": null}),
            json!({"tx": {"dataMerkleRoot": root, "startEntryIndex": 1, "size": 7, "seq": 0}, "finalized": true}),
            json!({"networkIdentity": {"chainId": 16602, "flowAddress": format!("0x{}", "11".repeat(20))}}),
        ];
        let answers = results.map(|result| json!({"result": result}).to_string().into_bytes());
        answers.into_iter().chain([segment_answer()]).collect()
    }

    #[test]
    fn an_error_object_is_a_refusal_whatever_the_status() {
        let body =
            br#"{"error":{"code":-32602,"message":"Invalid params: root","data":"already pruned"},"result":null}"#;
        for status in [200, 500, 600] {
            let refused = read_answer::<Value>("zgs_getFileInfo", status, body);
            let Err(Fault::Refused { code: -32602, reason }) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(reason, "Invalid params: root: already pruned");
        }
    }

    #[test]
    fn the_gateways_error_document_is_no_result() {
        let body = br#"{"code":101,"message":"File not found","data":null}"#;
        assert!(matches!(
            read_answer::<FileInfo>("zgs_getFileInfo", 200, body),
            Ok(None)
        ));
    }

    proptest! {
        #[test]
        fn reading_an_answer_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            examine_answer(&bytes);
        }

        #[test]
        fn reading_an_answer_never_panics_on_a_damaged_one(which in 0_usize..5, at: prop::sample::Index, byte: u8) {
            let mut body = answers()[which].clone();
            let at = at.index(body.len());
            body[at] = byte;
            examine_answer(&body);
            examine_answer(&body[..at]);
        }

        #[test]
        fn a_damaged_segment_is_the_same_segment_or_none(at: prop::sample::Index, byte: u8) {
            let mut body = segment_answer();
            let (index, root) = (at.index(body.len()), root_of(&[7; 512]).unwrap());
            body[index] = byte;
            let answer = read_answer::<SegmentWithProof>("segment", 200, &body);
            if let Ok(Some(segment)) = answer
                && let Ok(data) = segment.open(&root, &Shape::of(512).unwrap(), 0)
            {
                prop_assert_eq!(data, vec![7; 512]);
            }
        }
    }
}
