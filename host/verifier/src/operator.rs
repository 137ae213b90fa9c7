//! What every stage works with: chain, contracts, storage, journal, and the account that pays.

use crate::configuration::VerifierConfig;
use crate::enclave::Binding;
use crate::error::VerifierError;
use crate::folder::Folder;
use crate::ground::Ground;
use crate::journal::{Claim, Detail, Event, Journal, JournalError, State};
use crate::notice::{Notice, Observer};
use crate::watch::Controls;
use alloy::sol_types::SolCall;
use orv_chain::bindings::VerifierGateway;
use orv_chain::primitives::U256;
use orv_chain::{
    Chain, ChainError, Constants, EnclaveContracts, EnclaveKeys, FeeRules, Gateway, OpenResearchContracts, Outbox,
    Patience, ProposalId, Resumption, TransactionOwner,
};
use orv_receipt::Domain;
use orv_storage::{Storage, StorageOptions};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a claim of this daemon's lasts without a heartbeat, in seconds.
pub(crate) const LEASE: u64 = 60;

/// One operator at one gateway.
pub(crate) struct Operator {
    settings: RwLock<Arc<VerifierConfig>>,
    pub(crate) chain: Chain,
    pub(crate) contracts: OpenResearchContracts,
    pub(crate) enclave: EnclaveContracts,
    pub(crate) gateway: Gateway,
    pub(crate) keys: EnclaveKeys,
    /// The ledger's own rules; they never change.
    pub(crate) constants: Constants,
    pub(crate) owner: TransactionOwner,
    pub(crate) storage: Storage,
    pub(crate) journal: Journal,
    pub(crate) folder: Arc<Folder>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) controls: Controls,
}

impl Operator {
    /// Connects to everything but the enclaves: what is configured first, then the chain, and the wallet when it answers.
    pub(crate) async fn connect(
        ground: &Ground,
        config: VerifierConfig,
        controls: Controls,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, VerifierError> {
        let (deployment, enclave) = (&ground.deployment, ground.enclave);
        let contracts = deployment.openresearch;
        let mut options = StorageOptions::new(config.indexer(deployment)?, config.cache());
        options.cache_limit = config.cache_bytes;
        options.poll_interval = receipt_interval(&config);
        options.flow = deployment.flow;
        options.artifact_index = config.artifact_index()?;
        let storage = Storage::connect(options)?;
        let chain = config.connect(deployment).await?;
        require_contracts(&chain, &contracts, &enclave).await?;
        let constants = Constants::read(&chain, &contracts).await?;
        let patience = Patience {
            interval: receipt_interval(&config),
            ..Patience::default()
        };
        let outbox = outbox(&config, &chain).await?;
        let resuming = |source| VerifierError::sending("going on with what was signed before", source);
        let earlier = Resumption::read(&chain, ground.account, outbox)
            .await
            .map_err(resuming)?;
        // Last of all: from here on no endpoint is asked, so that the wallet is opened once however often this is tried.
        let wallet = ground.wallet(&config).await?;
        let owner = TransactionOwner::resume(chain.clone(), wallet, FeeRules::default(), patience, earlier);
        let owner = owner.map_err(resuming)?;
        Ok(Self {
            settings: RwLock::new(Arc::new(config)),
            gateway: Gateway::new(chain.clone(), enclave.verifier_gateway),
            keys: EnclaveKeys::new(chain.clone(), enclave),
            chain,
            contracts,
            enclave,
            constants,
            owner,
            storage,
            journal: ground.journal.clone(),
            folder: Arc::clone(&ground.folder),
            observer,
            controls,
        })
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Arc<VerifierConfig> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works by another configuration from now on.
    pub(crate) fn reconfigure(&self, config: VerifierConfig) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// What an enclave's key is bound to.
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

    /// This machine's time, in seconds of Unix time. Only for the journal and for pauses: what depends on time asks the
    /// chain.
    pub(crate) fn clock(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    }

    /// Whether this daemon may work on the proposal; another one that lives may hold it.
    pub(crate) async fn claim(&self, proposal: ProposalId) -> Result<bool, VerifierError> {
        Ok(matches!(self.journal.claim(proposal, LEASE).await?, Claim::Taken))
    }

    /// Gives the claim back, unless an attempt of this daemon's is under way.
    pub(crate) async fn unclaim(&self, proposal: ProposalId) -> Result<(), VerifierError> {
        let state = match self.journal.get(proposal).await {
            Ok(record) => record.state,
            Err(JournalError::Unknown(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if !matches!(
            state,
            State::TicketOpen | State::Running | State::Judged | State::Settling
        ) {
            self.journal.release(proposal).await?;
        }
        Ok(())
    }

    /// As [`Self::unclaim`], and a statement that this daemon cannot pay for as well: another one of the journal may have
    /// the coins. Only where nothing of it was sent, or two would pay for the same.
    pub(crate) async fn hand_over(&self, proposal: ProposalId) -> Result<(), VerifierError> {
        match self.journal.get(proposal).await {
            Ok(record) if record.state == State::Judged => Ok(self.journal.release(proposal).await?),
            _ => self.unclaim(proposal).await,
        }
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

    /// Wei of the account that pays.
    pub(crate) async fn balance(&self) -> Result<U256, VerifierError> {
        Ok(self.chain.balance(self.owner.address()).await?)
    }
}

/// Whether the deployment is of this chain at all: an address without a contract answers nothing that could be read.
async fn require_contracts(
    chain: &Chain,
    contracts: &OpenResearchContracts,
    enclave: &EnclaveContracts,
) -> Result<(), ChainError> {
    for (name, address) in [
        ("ProposalLedger", contracts.proposal_ledger),
        ("ProjectRegistry", contracts.project_registry),
        ("VerifierRegistry", contracts.verifier_registry),
        ("VerifierGateway", enclave.verifier_gateway),
        ("EnclaveRegistry", enclave.enclave_registry),
    ] {
        chain.require_code(name, address).await?;
    }
    Ok(())
}

/// What this account has signed, on this very chain: a development network that begins anew has another one.
async fn outbox(config: &VerifierConfig, chain: &Chain) -> Result<Outbox, VerifierError> {
    let genesis = chain.block(0).await?.reference.hash;
    let tag = hex::encode(genesis.get(..8).unwrap_or_default());
    let outbox = Outbox::at(config.data_directory.join(format!("outbox-{tag}.json")));
    // A ticket of an earlier life's key would use the attempt up: the enclave may have ended with the daemon.
    Ok(outbox.dropping(VerifierGateway::openCall::SELECTOR))
}

/// A twelfth of the poll interval, at least a tenth of a second: development chains mine at once.
fn receipt_interval(config: &VerifierConfig) -> Duration {
    (config.poll() / 12).clamp(Duration::from_millis(100), Duration::from_secs(1))
}
