//! An attester as a service: it signs for candidates that convince it, and takes back what others should not have
//! signed.

mod bench;
mod configuration;
mod error;
mod listener;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use alloy::primitives::Address;
use tokio::net::TcpListener;

pub use self::configuration::{AttesterConfig, OnFinding, WatchConfig};
pub use self::error::ServiceError;
use self::{bench::Bench, watch::Watch};

/// What happens, for whoever watches a running service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttesterNotice {
    /// Requests are taken here.
    Listening {
        /// Where.
        address: SocketAddr,
        /// Who signs.
        attester: Address,
        /// SHA-256 of the policy file.
        policy: [u8; 32],
    },
    /// An admission was signed.
    Signed {
        /// The candidate's key.
        key: Address,
        /// Its operator.
        operator: Address,
        /// End of the admission, in Unix seconds.
        expires_at: u64,
    },
    /// A candidate was refused.
    Refused {
        /// The operator who asked.
        operator: Address,
        /// A stable code.
        code: &'static str,
        /// Why.
        message: String,
    },
    /// An admission on chain follows from its evidence.
    Sound {
        /// The key.
        key: Address,
    },
    /// An admission on chain does not, or nobody can see whether it does.
    Doubted {
        /// The key.
        key: Address,
        /// Why.
        reason: String,
    },
    /// The key was revoked by this attester.
    Revoked {
        /// The key.
        key: Address,
    },
    /// A look at the chain failed; the next one begins where it began.
    LookFailed {
        /// A stable code.
        code: &'static str,
        /// Why.
        message: String,
    },
}

/// Told what happens. Must not block.
pub trait AttesterObserver: Send + Sync {
    /// Something happened.
    fn notice(&self, notice: &AttesterNotice);
}

/// Signs and watches until `stop` is ready.
///
/// # Errors
/// [`ServiceError`] when it cannot begin, or its port or task fails. A refused candidate and a failed look at the chain
/// are notices, not errors.
pub async fn run(
    configuration: AttesterConfig,
    stop: impl Future<Output = ()> + Send,
    observer: Arc<dyn AttesterObserver>,
) -> Result<(), ServiceError> {
    let bench = Arc::new(Bench::open(&configuration, Arc::clone(&observer)).await?);
    let watch = match &configuration.watch {
        Some(watch) => Some(Watch::open(watch, &configuration, Arc::clone(&bench)).await?),
        None => None,
    };
    let address = configuration.listen;
    let unusable = |source| ServiceError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(unusable)?;
    observer.notice(&AttesterNotice::Listening {
        address: listener.local_addr().map_err(unusable)?,
        attester: bench.attester(),
        policy: bench.policy_hash(),
    });
    let serving = axum::serve(listener, listener::router(bench)).into_future();
    let watching = async move {
        match watch {
            Some(watch) => watch.run().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = serving => ended.map_err(unusable),
        () = watching => Ok(()),
        () = stop => Ok(()),
    }
}
