//! Evidence for the key: binds what the host asks for and has the platform endorse it.

use crate::keeper::Binding;
use crate::platform::clock;
use orv_evidence::{Collector, Context, Envelope, KeyOrigin, Platform, VERDICT_KEY};
use orv_protocol::PlatformTier;
use orv_wire::Hello;
use std::sync::{Mutex, PoisonError};

/// Collects evidence for the keeper's key.
pub(crate) struct Endorser {
    collector: Box<dyn Collector + Send + Sync>,
    boot_id: [u8; 32],
    configuration_hash: [u8; 32],
    last: Mutex<Option<(Hello, Vec<u8>)>>,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndorseError {
    /// The platform gave none.
    #[error("{0}")]
    Collect(#[from] orv_evidence::CollectError),
    /// What it gave makes no envelope.
    #[error("{0}")]
    Envelope(#[from] orv_evidence::EnvelopeError),
}

impl Endorser {
    /// Endorses with a collector; boot id and configuration hash go into every context.
    pub(crate) fn new(
        collector: Box<dyn Collector + Send + Sync>,
        boot_id: [u8; 32],
        configuration_hash: [u8; 32],
    ) -> Self {
        Self {
            collector,
            boot_id,
            configuration_hash,
            last: Mutex::new(None),
        }
    }

    /// The platform that speaks.
    pub(crate) fn platform(&self) -> Platform {
        self.collector.platform()
    }

    /// What its counter is worth now: the kernel may need a while to trust it, and may come to distrust it.
    pub(crate) fn tier(&self) -> PlatformTier {
        clock::tier(self.platform())
    }

    /// The envelope that answers a challenge for this key and binding. The same `Hello` gets the same envelope again: the
    /// chain admits a key with the root of one envelope, and a host that lost its connection must find that one.
    pub(crate) fn endorse(&self, hello: &Hello, public_key: [u8; 65]) -> Result<Vec<u8>, EndorseError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, envelope)) = last.as_ref().filter(|(known, _)| known == hello) {
            return Ok(envelope.clone());
        }
        let envelope = self.collect(hello, public_key)?;
        *last = Some((hello.clone(), envelope.clone()));
        Ok(envelope)
    }

    fn collect(&self, hello: &Hello, public_key: [u8; 65]) -> Result<Vec<u8>, EndorseError> {
        let context = Context {
            chain_id: hello.domain.chain_id,
            registry: hello.registry.0.0,
            gateway: hello.domain.gateway.0.0,
            operator: hello.operator.0.0,
            boot_id: self.boot_id,
            configuration_hash: self.configuration_hash,
        };
        let binding = orv_evidence::Binding {
            platform: self.platform(),
            purpose: VERDICT_KEY.to_owned(),
            challenge: hello.challenge.0,
            public_key,
            context: context.encode(),
        };
        let evidence = self.collector.collect(&binding)?;
        Ok(Envelope::seal(&binding, KeyOrigin::GeneratedInside, evidence)?.encode())
    }
}

impl From<&Hello> for Binding {
    fn from(hello: &Hello) -> Self {
        Self {
            domain: hello.domain,
            registry: hello.registry,
            operator: hello.operator,
        }
    }
}
