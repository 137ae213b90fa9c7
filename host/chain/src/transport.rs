//! alloy's transport over [`HttpClient`]: the same JSON-RPC, with a bound on every answer.

use std::task::{Context, Poll};

use alloy::{
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{TransportError, TransportErrorKind, TransportFut},
};
use tower_service::Service;

use crate::endpoint::{Endpoint, HttpClient};

/// Most bytes of one JSON-RPC answer. A page of logs is the largest thing asked for.
const MAX_ANSWER_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct BoundedHttp {
    client: HttpClient,
    endpoint: Endpoint,
}

impl BoundedHttp {
    pub(crate) fn new(client: HttpClient, endpoint: Endpoint) -> Self {
        Self { client, endpoint }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) async fn exchange(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&request).map_err(TransportError::ser_err)?;
        let answer = self
            .client
            .post_json(&self.endpoint, body, MAX_ANSWER_BYTES)
            .await
            .map_err(TransportErrorKind::custom)?;
        let text = String::from_utf8_lossy(&answer.body);
        // JSON-RPC servers may report a call's own error under any status; only what is no JSON-RPC is an HTTP error.
        match serde_json::from_slice(&answer.body) {
            Ok(packet) => Ok(packet),
            Err(_) if answer.status != 200 => Err(TransportErrorKind::http_error(
                answer.status,
                text.chars().take(200).collect(),
            )),
            Err(error) => Err(TransportError::deser_err(
                error,
                text.chars().take(200).collect::<String>(),
            )),
        }
    }
}

impl Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}
