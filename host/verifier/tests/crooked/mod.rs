//! A node that lies about one thing and passes everything else on, and a way to a node that is opened later.

#![allow(dead_code, clippy::unwrap_used)]

use alloy::providers::Provider;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use orv_chain::Chain;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What it answers itself, by method and parameters.
type Lie = fn(&str, &Value) -> Option<Value>;

/// Starts one; answers its address.
pub async fn start(behind: &str, lie: Lie) -> String {
    let node = Chain::connect(behind, orv_devnet::chain::GALILEO).await.unwrap();
    let router = Router::new().route("/", post(answer)).with_state(Arc::new((node, lie)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(State(state): State<Arc<(Chain, Lie)>>, body: Bytes) -> Vec<u8> {
    let (node, lie) = state.as_ref();
    let call: Value = serde_json::from_slice(&body).unwrap();
    let method = call["method"].as_str().unwrap().to_owned();
    let parameters = call.get("params").cloned().unwrap_or_else(|| json!([]));
    let mut told = json!({ "jsonrpc": "2.0", "id": call["id"] });
    let result = match lie(&method, &parameters) {
        Some(lie) => Ok(lie),
        None => {
            let asked = node.provider().raw_request::<Value, Value>(method.into(), parameters);
            asked.await
        }
    };
    match result {
        Ok(result) => told["result"] = result,
        Err(error) => told["error"] = json!(error.as_error_resp().unwrap()),
    }
    serde_json::to_vec(&told).unwrap()
}

/// A way to a node that is opened later, or never. It has its address to itself; until it is open, whoever connects is
/// refused.
pub struct ClosedWay(TcpSocket);

impl ClosedWay {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self(socket)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// From now on whoever connects reaches `behind`.
    pub fn open(self, behind: &str) {
        let behind = behind.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = self.0.listen(1024).unwrap();
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let behind = behind.clone();
                tokio::spawn(async move {
                    let mut to = TcpStream::connect(behind).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
    }
}
