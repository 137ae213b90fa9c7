//! A server that answers JSON-RPC as a test wants it: an indexer of one's own, or a node that is hostile in ways that the
//! storage node's faults do not cover.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is sent back.
pub enum Reply {
    /// A JSON-RPC result.
    Result(Value),
    /// These bytes in place of a body.
    Raw(Vec<u8>),
    /// A body that never ends, a byte at a time.
    Drip,
}

/// A running server; it ends with its value.
pub struct Server {
    pub url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers each call by method and parameters; a GET has the method "GET" and its path.
    pub async fn start(respond: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let respond = Arc::new(respond);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let respond = Arc::clone(&respond);
                // A client that hangs up early is what some tests are about.
                tokio::spawn(async move { drop(serve(stream, respond.as_ref()).await) });
            }
        });
        Self { url, task }
    }

    /// An indexer that names these nodes, whole or sharded, for every file.
    pub async fn indexer(nodes: Vec<Value>) -> Self {
        Self::start(move |method, _| {
            Reply::Result(match method {
                "indexer_getFileLocations" => json!(nodes),
                "indexer_getShardedNodes" => json!({"trusted": nodes, "discovered": null}),
                _ => Value::Null,
            })
        })
        .await
    }
}

/// How an indexer names a node that has everything.
pub fn whole(url: &str) -> Value {
    json!({"url": url, "config": {"shardId": 0, "numShard": 1}, "latency": 0, "since": 0})
}

async fn serve(mut stream: TcpStream, respond: &(dyn Fn(&str, &Value) -> Reply + Send + Sync)) -> std::io::Result<()> {
    let (head, body) = request(&mut stream).await?;
    let call: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = json!(head.split(' ').nth(1));
    let reply = match call["method"].as_str() {
        Some(method) => respond(method, &call["params"]),
        None => respond("GET", &path),
    };
    let body = match reply {
        Reply::Result(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
            .to_string()
            .into_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Drip => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}

async fn request(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((head, bytes.split_off(end)))
}
