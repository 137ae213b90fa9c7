//! alloy's transport over several nodes: an ordinary question goes to the best of them and on to the next when it gives
//! no answer; a signed transaction goes to all.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use alloy::{
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{TransportError, TransportErrorKind, TransportFut},
};
use tokio::task::JoinSet;
use tower_service::Service;

use super::link::Link;

/// The method whose question is for everybody.
const BROADCAST: &str = "eth_sendRawTransaction";

#[derive(Debug, Clone)]
pub(super) struct Failover {
    links: Vec<Link>,
}

type Exchanged = Result<ResponsePacket, TransportError>;

impl Failover {
    pub(super) fn new(links: Vec<Link>) -> Self {
        Self { links }
    }

    async fn exchange(self, request: RequestPacket) -> Exchanged {
        if request.method_names().any(|method| method == BROADCAST) {
            self.ask_all(request).await
        } else {
            self.ask_the_best(request).await
        }
    }

    async fn ask_the_best(mut self, request: RequestPacket) -> Exchanged {
        let now = Instant::now();
        self.links.sort_by_cached_key(|link| link.health().rank(now));
        let mut best: Option<Exchanged> = None;
        for link in self.links {
            let endpoint = link.endpoint().to_string();
            let answer = link.exchange(request.clone()).await;
            match &answer {
                Ok(packet) if !is_the_nodes_own_trouble(packet) => return answer,
                Ok(_) => tracing::debug!(endpoint, "an endpoint cannot serve a question; the next is asked"),
                Err(error) => tracing::debug!(endpoint, %error, "an endpoint gives no answer; the next is asked"),
            }
            best = Some(match best {
                Some(Ok(refusal)) => Ok(refusal),
                Some(Err(first)) if answer.is_err() => Err(first),
                Some(Err(_)) | None => answer,
            });
        }
        best.unwrap_or_else(|| Err(TransportErrorKind::custom_str("no endpoint is configured")))
    }

    async fn ask_all(self, request: RequestPacket) -> Exchanged {
        let mut asked = JoinSet::new();
        for link in self.links {
            asked.spawn(link.exchange(request.clone()));
        }
        let answers = asked.join_all().await;
        answers
            .into_iter()
            .min_by_key(weight)
            .unwrap_or_else(|| Err(TransportErrorKind::custom_str("no endpoint is configured")))
    }
}

/// Which answer to a broadcast stands for all: one node that took the bytes is enough; then one that has them already;
/// then silence, because behind it they may have been taken; a refusal only when every node refused.
fn weight(answer: &Exchanged) -> u8 {
    match answer {
        Ok(packet) => match packet.first_error_message() {
            None => 0,
            Some(message) if message.to_lowercase().contains("known") => 1,
            Some(_) => 3,
        },
        Err(error) if error.as_error_resp().is_some() => 3,
        Err(_) => 2,
    }
}

/// Refusals that another node may not give: limits, internal errors, methods and blocks that this one lacks.
fn is_the_nodes_own_trouble(packet: &ResponsePacket) -> bool {
    let Some(code) = packet.first_error_code() else {
        return false;
    };
    let text = packet.first_error_message().unwrap_or_default().to_lowercase();
    let lacks = [
        "header not found",
        "unknown block",
        "missing trie node",
        "rate limit",
        "too many requests",
    ];
    matches!(code, -32005 | -32601 | -32603 | -32001 | -32002 | 429) || lacks.iter().any(|words| text.contains(words))
}

impl Service<RequestPacket> for Failover {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(json: &str) -> ResponsePacket {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_broadcast_that_one_node_took_is_taken() {
        let taken = Ok(packet(r#"{"jsonrpc":"2.0","id":1,"result":"0x00"}"#));
        let known = Ok(packet(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"already known"}}"#,
        ));
        let refused = Ok(packet(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}"#,
        ));
        let silent = Err(TransportErrorKind::custom_str("silence"));
        let weights = [&taken, &known, &silent, &refused].map(weight);
        assert_eq!(weights, [0, 1, 2, 3]);
    }

    #[test]
    fn a_revert_is_an_answer_and_a_limit_is_not() {
        let revert = packet(r#"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}"#);
        let limit = packet(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"limit exceeded"}}"#);
        assert_eq!([&revert, &limit].map(is_the_nodes_own_trouble), [false, true]);
    }
}
