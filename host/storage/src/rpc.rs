//! JSON-RPC 2.0 over HTTP with positional parameters (0G Storage reference 3 and 4), every answer bounded.

use orv_chain::{Endpoint, HttpClient};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::fault::Fault;

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
        let malformed = |reason: String| Fault::Malformed {
            question: method.to_owned(),
            reason,
        };
        let reply: Reply = serde_json::from_slice(&answer.body)
            .map_err(|error| malformed(format!("HTTP status {}, {error}", answer.status)))?;
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

    /// Calls a method whose answer is never `null`.
    pub(crate) async fn require<T: DeserializeOwned>(&self, method: &str, parameters: Value) -> Result<T, Fault> {
        let answer = self.ask(method, parameters).await?;
        answer.ok_or_else(|| Fault::Malformed {
            question: method.to_owned(),
            reason: "null".into(),
        })
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
