//! The indexer's file gateway: plain HTTP beside JSON-RPC (0G Storage reference 4). Errors come with status 200.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::BytesMut;
use orv_content::merkle::Shape;
use serde_json::{Value, json};

use crate::http::rpc_router;
use crate::rpc::{Methods, Params, RpcError};

use super::Storage;
use super::error::NodeError;
use super::fault::Fault;
use super::methods::{StorageMethods, status};
use super::node::{FileId, Node};
use super::segments::FileKey;
use super::service::Member;
use super::view::file_info;

/// The gateway's own errors.
#[derive(Debug, Clone, Copy)]
enum Failure {
    InvalidParameter = 1,
    Internal = 2,
    NotFound = 101,
    NotFinalized = 103,
}

impl Failure {
    fn message(self) -> &'static str {
        match self {
            Self::InvalidParameter => "Invalid parameter",
            Self::Internal => "Internal server error",
            Self::NotFound => "File not found",
            Self::NotFinalized => "File not finalized",
        }
    }
}

/// The body of everything but a file: code 0 and the data, or another code and the reason.
fn reply(result: Result<Value, (Failure, Value)>) -> Response {
    Json(match result {
        Ok(data) => json!({"code": 0, "message": "Success", "data": data}),
        Err((failure, data)) => json!({"code": failure as u16, "message": failure.message(), "data": data}),
    })
    .into_response()
}

/// The whole port of one node of a network.
pub(super) fn router(storage: Storage, members: Arc<[Member]>) -> Router {
    let methods = Arc::new(StorageMethods {
        storage: storage.clone(),
        members,
    });
    let files = Router::new()
        .route("/file/info/{cid}", get(info))
        .route("/node/status", get(node_status))
        .with_state(storage);
    let over_all = Router::new()
        .route("/file", get(file))
        .route("/file/segment", post(segment))
        .with_state(Arc::clone(&methods));
    rpc_router(methods).merge(files).merge(over_all)
}

/// Runs `work` on the node, which may block, on a thread that may.
async fn with_node(
    storage: Storage,
    work: impl FnOnce(&mut Node) -> Result<Response, (Failure, Value)> + Send + 'static,
) -> Response {
    let done = tokio::task::spawn_blocking(move || match storage.synced() {
        Ok(mut node) => work(&mut node),
        Err(error) => Err((Failure::Internal, error.to_string().into())),
    });
    match done.await {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => reply(Err(failure)),
        Err(error) => reply(Err((Failure::Internal, error.to_string().into()))),
    }
}

/// A decimal sequence number or a root.
fn parse(cid: &str) -> Result<FileId, (Failure, Value)> {
    let sequence = cid.parse().map(FileId::Sequence).ok();
    let id = sequence.or_else(|| cid.parse().map(FileId::Root).ok());
    id.ok_or_else(|| {
        (
            Failure::InvalidParameter,
            format!("neither root nor txSeq: {cid}").into(),
        )
    })
}

async fn file(State(methods): State<Arc<StorageMethods>>, Query(query): Query<HashMap<String, String>>) -> Response {
    match tokio::task::spawn_blocking(move || whole_file(&methods, &query)).await {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => reply(Err(failure)),
        Err(error) => reply(Err((Failure::Internal, error.to_string().into()))),
    }
}

fn whole_file(methods: &StorageMethods, query: &HashMap<String, String>) -> Result<Response, (Failure, Value)> {
    let internal = |error: NodeError| (Failure::Internal, error.to_string().into());
    let cid = query.get("root").or_else(|| query.get("txSeq"));
    let cid = cid.ok_or((Failure::InvalidParameter, "neither root nor txSeq is given".into()))?;
    let id = parse(cid)?;
    let faults = methods.storage.faults();
    faults.wait();
    if faults.has(Fault::Error200) {
        return Err((Failure::Internal, "injected fault".into()));
    }
    let status = methods.storage.synced().map_err(internal)?.status(id);
    let submission = status.ok_or((Failure::NotFound, Value::Null))?.submission;
    let content = gathered(&methods.members, &submission.key()).map_err(internal)?;
    let content = content.ok_or((Failure::NotFinalized, Value::Null))?;
    let content = faults.spoil(content).ok_or((Failure::NotFound, Value::Null))?;
    let name = query.get("name").unwrap_or(cid);
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, content).into_response())
}

/// A whole file from the nodes that hold its parts; `None` while one is missing. No two nodes are locked at a time.
fn gathered(members: &[Member], key: &FileKey) -> Result<Option<Bytes>, NodeError> {
    let Ok(shape) = Shape::of(key.size) else {
        return Ok(None);
    };
    let mut content = BytesMut::new();
    'segments: for index in 0..shape.data_segments() {
        for member in members {
            if let Some(data) = member.storage.synced()?.honest(key, index) {
                content.extend_from_slice(&data);
                continue 'segments;
            }
        }
        return Ok(None);
    }
    content.truncate(usize::try_from(key.size).unwrap_or(usize::MAX));
    Ok(Some(content.freeze()))
}

async fn info(State(storage): State<Storage>, Path(cid): Path<String>) -> Response {
    with_node(storage, move |node| {
        let status = node.status(parse(&cid)?).ok_or((Failure::NotFound, Value::Null))?;
        Ok(reply(Ok(file_info(&status))))
    })
    .await
}

async fn node_status(State(storage): State<Storage>) -> Response {
    with_node(storage, |node| match status(node) {
        Ok(status) => Ok(reply(Ok(status))),
        Err(error) => Err((Failure::Internal, error.to_string().into())),
    })
    .await
}

/// Uploads one segment: the JSON-RPC method's rules behind the gateway's shape.
async fn segment(State(methods): State<Arc<StorageMethods>>, body: Bytes) -> Response {
    let done = tokio::task::spawn_blocking(move || upload(&methods, &body)).await;
    match done {
        Ok(Ok(result)) => reply(Ok(result)),
        Ok(Err(error)) => {
            let reason = error.data.unwrap_or_else(|| error.message.clone().into());
            let failure = if error.code == -32602 {
                Failure::InvalidParameter
            } else {
                Failure::Internal
            };
            reply(Err((failure, reason)))
        }
        Err(error) => reply(Err((Failure::Internal, error.to_string().into()))),
    }
}

fn upload(methods: &StorageMethods, body: &[u8]) -> Result<Value, RpcError> {
    let Value::Object(mut fields) = serde_json::from_slice(body).map_err(RpcError::invalid_params)? else {
        return Err(RpcError::invalid_params("a segment is a JSON object"));
    };
    let id = match (fields.remove("root"), fields.remove("txSeq")) {
        (Some(Value::String(root)), None) => root.parse().map(FileId::Root).map_err(RpcError::invalid_params)?,
        (None, Some(Value::Number(sequence))) => match sequence.as_u64() {
            Some(sequence) => FileId::Sequence(sequence),
            None => return Err(RpcError::invalid_params(format!("txSeq: {sequence}"))),
        },
        _ => return Err(RpcError::invalid_params("either root or txSeq is given")),
    };
    fields.remove("expectedReplica");
    let known = methods.storage.synced()?.find(id).cloned();
    let submission = known.ok_or_else(|| RpcError::server("file not found"))?;
    fields.insert("root".to_owned(), json!(submission.root));
    fields.insert("fileSize".to_owned(), json!(submission.size));
    let index = fields.get("index").and_then(Value::as_u64).unwrap_or_default();
    let holder = methods.members.iter().map(|member| &member.storage);
    let holder = holder
        .filter(|storage| storage.shard().holds(submission.start, index))
        .find(|storage| !Arc::ptr_eq(&storage.node, &methods.storage.node));
    let params = Params::from(vec![Value::Object(fields), json!(submission.sequence)]);
    match holder {
        Some(storage) => StorageMethods {
            storage: storage.clone(),
            members: Arc::clone(&methods.members),
        }
        .call("zgs_uploadSegmentByTxSeq", params),
        None => methods.call("zgs_uploadSegmentByTxSeq", params),
    }
}
