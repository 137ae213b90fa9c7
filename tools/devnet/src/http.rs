//! One HTTP/1 server on the loopback interface: bounded bodies, bounded concurrency, no cross-origin access.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::rpc::{self, Methods};

/// Calls (or batches) worked on at the same time; further ones wait.
const CONCURRENT_CALLS: usize = 32;

/// How long answers under way may hold up the end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A port of 127.0.0.1 that is taken but not served yet.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes `port` of 127.0.0.1, 0 for any free one.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The URL it will be reached at.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves `router`. Requests whose `Host` is not a loopback name are refused, so that a web page cannot reach the
    /// node by rebinding its own name.
    pub fn serve(self, router: Router, body_limit: usize) -> Server {
        let router = router
            .layer(middleware::from_fn(loopback_host))
            .layer(DefaultBodyLimit::max(body_limit));
        let (closing, closed) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            // Both a word and a dropped sender say that the port is to be closed.
            let closed = async move { drop(closed.await) };
            if let Err(error) = axum::serve(self.listener, router).with_graceful_shutdown(closed).await {
                tracing::error!(%error, "http server ended");
            }
        });
        Server {
            address: self.address,
            closing: Some(closing),
            task,
        }
    }
}

/// A running server. Dropping it closes the port.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    closing: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port and the connections: idle ones at once, the others after their answer or [`LAST_ANSWERS`].
    pub async fn stop(mut self) {
        drop(self.closing.take());
        // Whether it ended or is cut off now, the port is closed.
        let _ = tokio::time::timeout(LAST_ANSWERS, &mut self.task).await;
        self.task.abort();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn loopback_host(headers: HeaderMap, request: Request, next: Next) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    match name {
        "127.0.0.1" | "localhost" => next.run(request).await,
        _ => (StatusCode::FORBIDDEN, "this node answers to loopback names only").into_response(),
    }
}

/// What the JSON-RPC route needs.
#[derive(Clone)]
struct RpcRoute {
    methods: Arc<dyn Methods>,
    permits: Arc<Semaphore>,
}

/// A router that answers JSON-RPC by POST at `/`.
pub fn rpc_router(methods: Arc<dyn Methods>) -> Router {
    let route = RpcRoute {
        methods,
        permits: Arc::new(Semaphore::new(CONCURRENT_CALLS)),
    };
    Router::new().route("/", post(answer)).with_state(route)
}

async fn answer(State(route): State<RpcRoute>, body: Bytes) -> Response {
    let Ok(_permit) = route.permits.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let methods = Arc::clone(&route.methods);
    match tokio::task::spawn_blocking(move || rpc::answer(methods.as_ref(), &body)).await {
        Ok(Some(answer)) => axum::Json(answer).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
