//! The proxy itself.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy::primitives::Address;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::draw::{Drawn, Draws, Plan};
use super::fault::RpcFault;
use super::lie;
use crate::http::{Port, Server};
use crate::storage::{AddressError, RemoteChain};

/// Largest request, in bytes.
const BODY_LIMIT: usize = 4 << 20;
/// Longest delay, in milliseconds.
const LONGEST_DELAY: u64 = 400;
/// How long a request waits for a later one.
const OVERTAKEN_WITHIN: Duration = Duration::from_millis(300);
/// How often a hidden receipt is asked for in vain at most.
const HIDDEN_TIMES: u64 = 6;

/// A running proxy. Dropping it closes its port.
#[derive(Debug)]
pub struct HostileNode {
    server: Server,
    mischief: Arc<Mischief>,
}

#[derive(Debug)]
struct Mischief {
    chain: RemoteChain,
    state: Mutex<Mood>,
    served: Notify,
}

#[derive(Debug)]
struct Mood {
    draws: Draws,
    /// By transaction: how often it will still not be shown.
    hidden: HashMap<String, u64>,
    /// A log that was told before.
    remembered: Option<Value>,
    told: Vec<String>,
}

impl HostileNode {
    /// Starts a proxy on a free port before the chain at `behind`.
    ///
    /// # Errors
    /// An address that cannot be a chain's, or no free port.
    pub async fn start(behind: &str, plan: Plan) -> Result<Self, io::Error> {
        let chain = RemoteChain::at(behind).map_err(|error: AddressError| io::Error::other(error.to_string()))?;
        tracing::info!(seed = plan.seed(), ?plan, "a hostile node");
        let mischief = Arc::new(Mischief {
            chain,
            state: Mutex::new(Mood {
                draws: Draws::new(plan),
                hidden: HashMap::new(),
                remembered: None,
                told: Vec::new(),
            }),
            served: Notify::new(),
        });
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&mischief));
        let server = Port::bind(0).await?.serve(router, BODY_LIMIT);
        Ok(Self { server, mischief })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Changes what it does from here on.
    pub fn set(&self, plan: Plan) {
        let mut mood = self.mischief.mood();
        mood.hidden.clear();
        mood.draws.set(plan);
    }

    /// What it has done, one line for each fault: the method, the call's number among the method's, the fault.
    pub fn told(&self) -> Vec<String> {
        self.mischief.mood().told.clone()
    }

    /// Closes the port.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl Mischief {
    /// A panic elsewhere leaves it usable: each change is complete.
    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one call; `None` is silence.
    async fn serve(self: Arc<Self>, call: Value) -> Option<Value> {
        let id = call.get("id").cloned().unwrap_or(Value::Null);
        let method = call
            .get("method")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let parameters = call.get("params").cloned().unwrap_or_else(|| json!([]));
        let drawn = self.draw(&method, &parameters);
        if let Some(drawn) = drawn {
            match drawn.fault {
                RpcFault::LoseRequest => return None,
                RpcFault::Refuse => return Some(refusal(id, drawn.shape)),
                RpcFault::Delay => tokio::time::sleep(Duration::from_millis(drawn.shape % LONGEST_DELAY)).await,
                RpcFault::Reorder => {
                    // Somebody overtakes it, or nobody comes.
                    let _ = tokio::time::timeout(OVERTAKEN_WITHIN, self.served.notified()).await;
                }
                RpcFault::Duplicate => drop(self.forward(call.clone()).await),
                _ => {}
            }
        }
        let answer = self.forward(call).await?;
        self.served.notify_one();
        if drawn.is_some_and(|drawn| drawn.fault == RpcFault::LoseAnswer) {
            return None;
        }
        Some(self.spoil(&parameters, drawn, answer))
    }

    fn draw(&self, method: &str, parameters: &Value) -> Option<Drawn> {
        let newest = parameters.get(0).and_then(Value::as_str) == Some("latest");
        let mut mood = self.mood();
        let (number, drawn) = mood.draws.next(method, newest);
        if let Some(drawn) = drawn {
            let line = format!("{method} {number}: {}", drawn.fault);
            tracing::debug!(line, "a hostile node misbehaves");
            mood.told.push(line);
        }
        drawn
    }

    fn spoil(&self, parameters: &Value, drawn: Option<Drawn>, mut answer: Value) -> Value {
        let mut mood = self.mood();
        let asked = parameters.get(0).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(drawn) = drawn.filter(|drawn| drawn.fault == RpcFault::HideReceipt) {
            mood.hidden
                .entry(asked.clone())
                .or_insert(1 + drawn.shape % HIDDEN_TIMES);
        }
        let Some(result) = answer.get_mut("result") else {
            return answer;
        };
        if let Some(times) = mood.hidden.get_mut(&asked).filter(|times| **times > 0) {
            *times -= 1;
            *result = Value::Null;
        }
        if receiver(result).is_some_and(|receiver| mood.draws.hidden() == Some(receiver)) {
            *result = Value::Null;
        }
        if let Some(drawn) = drawn {
            *result = lie::spoil(drawn.fault, drawn.shape, result.take(), mood.remembered.as_ref());
        } else if let Some(log) = result.get(0).filter(|log| log.get("topics").is_some()) {
            mood.remembered = Some(log.clone());
        }
        answer
    }

    /// The chain's own answer; `None` where it gives none.
    async fn forward(self: &Arc<Self>, call: Value) -> Option<Value> {
        let chain = self.chain.clone();
        let asked = tokio::task::spawn_blocking(move || chain.pass(&call));
        asked.await.ok()?.ok()
    }
}

/// To whom a transaction goes, where this is one or its receipt.
fn receiver(result: &Value) -> Option<Address> {
    result.get("to")?.as_str()?.parse().ok()
}

fn refusal(id: Value, shape: u64) -> Value {
    let (code, message) = match shape % 3 {
        0 => (-32005, "limit exceeded"),
        1 => (-32603, "internal error"),
        _ => (-32000, "header not found"),
    };
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

async fn answer(State(mischief): State<Arc<Mischief>>, body: Bytes) -> Response {
    let silence = || (StatusCode::GATEWAY_TIMEOUT, "").into_response();
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Array(calls)) => {
            let mut answers = Vec::new();
            for call in calls {
                match Arc::clone(&mischief).serve(call).await {
                    Some(answer) => answers.push(answer),
                    None => return silence(),
                }
            }
            Json(Value::Array(answers)).into_response()
        }
        Ok(call) => match mischief.serve(call).await {
            Some(answer) => Json(answer).into_response(),
            None => silence(),
        },
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
