//! The way to one node: its chain id is compared before anything is believed, and each exchange is remembered.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use alloy::{
    network::Ethereum,
    providers::{Provider, RootProvider},
    rpc::{
        client::RpcClient,
        json_rpc::{RequestPacket, ResponsePacket},
    },
    transports::{TransportError, TransportErrorKind, TransportFut},
};
use tower_service::Service;

use super::health::{ChainCheck, Health};
use crate::{endpoint::Endpoint, transport::BoundedHttp};

/// A node that serves another chain than the configured one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ORV-N-002: the endpoint serves chain {found}, expected chain {expected}")]
pub(crate) struct OtherChain {
    pub(crate) expected: u64,
    pub(crate) found: u64,
}

/// alloy's transport to one node.
#[derive(Debug, Clone)]
pub(super) struct Link {
    http: BoundedHttp,
    chain_id: u64,
    health: Arc<Mutex<Health>>,
}

impl Link {
    pub(super) fn new(http: BoundedHttp, chain_id: u64) -> Self {
        Self {
            http,
            chain_id,
            health: Arc::default(),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }

    /// What is known of the node. A panic elsewhere leaves it readable: each change is one assignment.
    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn exchange(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        self.check_chain().await?;
        let answer = self.http.clone().exchange(request).await;
        self.remember(answer.as_ref().err());
        answer
    }

    async fn check_chain(&self) -> Result<(), TransportError> {
        let check = self.health().chain_check(Instant::now());
        let found = match check {
            ChainCheck::Passed => return Ok(()),
            ChainCheck::Failed { found } => found,
            ChainCheck::Due => {
                let plain =
                    RootProvider::<Ethereum>::new(RpcClient::new(self.http.clone(), self.endpoint().is_loopback()));
                let asked = plain.get_chain_id().await;
                self.remember(asked.as_ref().err());
                asked?
            }
        };
        let expected = self.chain_id;
        let outcome = if found == expected { Ok(()) } else { Err(found) };
        if check == ChainCheck::Due {
            self.health().checked_chain(outcome, Instant::now());
            if outcome.is_err() {
                tracing::error!(code = "ORV-N-002", endpoint = %self.endpoint(), found, expected, "an endpoint serves another chain and is left out");
            }
        }
        outcome.map_err(|found| TransportErrorKind::custom(OtherChain { expected, found }))
    }

    fn remember(&self, failure: Option<&TransportError>) {
        let mut health = self.health();
        match failure {
            Some(error) if error.as_error_resp().is_none() => {
                health.failed(error.to_string().chars().take(200).collect(), Instant::now());
            }
            _ => health.answered(),
        }
    }
}

impl Service<RequestPacket> for Link {
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
