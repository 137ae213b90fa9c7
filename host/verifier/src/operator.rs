//! What every stage works with: chain, contracts, storage, journal, and the account that pays.

use crate::configuration::VerifierConfig;
use crate::enclave::Binding;
use crate::error::VerifierError;
use crate::journal::{Detail, Event, Journal, State};
use crate::notice::{Notice, Observer};
use orv_chain::{
    Call, Chain, EnclaveContracts, FeeRules, Mined, OpenResearchContracts, Patience, ProposalId, SendError,
    TransactionOwner,
};
use orv_receipt::Domain;
use orv_storage::{Storage, StorageOptions};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One operator at one gateway.
pub(crate) struct Operator {
    pub(crate) config: VerifierConfig,
    pub(crate) chain: Chain,
    pub(crate) contracts: OpenResearchContracts,
    pub(crate) enclave: EnclaveContracts,
    pub(crate) owner: TransactionOwner,
    pub(crate) storage: Storage,
    pub(crate) journal: Journal,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Operator {
    /// Connects to everything but the enclave.
    pub(crate) async fn connect(config: VerifierConfig, observer: Arc<dyn Observer>) -> Result<Self, VerifierError> {
        let deployment = config.deployment()?;
        let enclave = deployment.enclave.ok_or(VerifierError::NoGateway)?;
        for directory in [&config.data_directory, &config.receipts()] {
            let unusable = |source| VerifierError::DataDirectory {
                path: directory.clone(),
                source,
            };
            std::fs::create_dir_all(directory).map_err(unusable)?;
        }
        let journal = Journal::open(&config.journal_path(), enclave.verifier_gateway).await?;
        let chain = deployment.connect().await?;
        let source = config.wallet.clone();
        let opened = tokio::task::spawn_blocking(move || source.open()).await;
        let wallet = opened.map_err(|_| VerifierError::TaskStopped)??;
        let patience = Patience {
            interval: receipt_interval(&config),
            ..Patience::default()
        };
        let owner = TransactionOwner::start(chain.clone(), wallet, FeeRules::default(), patience);
        let mut options = StorageOptions::new(config.indexer(&deployment)?, config.cache());
        options.poll_interval = receipt_interval(&config);
        options.flow = deployment.flow;
        options.artifact_index = config.artifact_index()?;
        let storage = Storage::connect(options)?;
        let contracts = deployment.openresearch;
        Ok(Self {
            config,
            chain,
            contracts,
            enclave,
            owner,
            storage,
            journal,
            observer,
        })
    }

    /// What the enclave's key is bound to.
    pub(crate) fn binding(&self) -> Binding {
        Binding {
            domain: Domain {
                chain_id: self.chain.chain_id(),
                gateway: self.enclave.verifier_gateway,
            },
            registry: self.enclave.enclave_registry,
            operator: self.owner.address(),
        }
    }

    /// This machine's time, in seconds of Unix time. Only for the journal: what depends on time asks the chain.
    pub(crate) fn clock(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    }

    /// Writes a change and tells it.
    pub(crate) async fn change(
        &self,
        proposal: ProposalId,
        event: Event,
        cause: &str,
        detail: Detail,
    ) -> Result<State, VerifierError> {
        let from = self.journal.get(proposal).await?.state;
        self.observer.notice(&Notice::Changing { proposal, from, event });
        let state = self
            .journal
            .transition(proposal, event, cause, detail, self.clock())
            .await?;
        tracing::info!(%proposal, %state, cause, "journal");
        self.observer.notice(&Notice::Changed {
            proposal,
            state,
            cause: cause.to_owned(),
        });
        Ok(state)
    }

    /// Simulates, sends and waits.
    pub(crate) async fn send(&self, step: &'static str, call: Call) -> Result<Mined, VerifierError> {
        self.owner
            .send(call)
            .await
            .map_err(|source: SendError| VerifierError::Send {
                step,
                source: Box::new(source),
            })
    }
}

/// A twelfth of the poll interval, at least a tenth of a second: development chains mine at once.
fn receipt_interval(config: &VerifierConfig) -> Duration {
    (config.poll() / 12).clamp(Duration::from_millis(100), Duration::from_secs(1))
}
