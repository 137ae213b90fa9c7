//! What a daemon has on this machine before any chain is asked: contracts by name, its folder, its journal, its wallet.

use crate::configuration::{VerifierConfig, exposed};
use crate::error::VerifierError;
use crate::folder::Folder;
use crate::journal::{Journal, JournalPlace};
use orv_chain::primitives::Address;
use orv_chain::wallet::Wallet;
use orv_chain::{Deployment, EnclaveContracts};
use std::sync::{Arc, Mutex, PoisonError};

/// The ground that a daemon stands on. It holds the data directory for as long as it lives.
pub(crate) struct Ground {
    pub(crate) deployment: Deployment,
    pub(crate) enclave: EnclaveContracts,
    pub(crate) folder: Arc<Folder>,
    pub(crate) journal: Journal,
    /// The account that pays.
    pub(crate) account: Address,
    /// A keystore costs its own key derivation, so what was opened to know the account is kept for the first connection.
    opened: Mutex<Option<Wallet>>,
}

impl Ground {
    /// Makes and locks the data directory, and opens what is in it.
    ///
    /// # Errors
    /// What no waiting mends: configuration, wallet, journal, data directory.
    pub(crate) async fn take(config: &VerifierConfig) -> Result<Self, VerifierError> {
        let firm = Firm::of(config)?;
        let gateway = firm.enclave.verifier_gateway;
        let journal = Journal::open(&config.journal_place(), gateway, firm.folder.daemon()).await?;
        firm.with(config, journal).await
    }

    /// As [`Self::take`] in the data directory of a rehearsal; a journal that is a database elsewhere is only read.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) async fn to_rehearse(config: &VerifierConfig) -> Result<Self, VerifierError> {
        let firm = Firm::of(config)?;
        let gateway = firm.enclave.verifier_gateway;
        let read = match config.journal_place() {
            place @ JournalPlace::Postgres(_) => Journal::read_as_it_is(&place, gateway).await?,
            JournalPlace::File(_) => None,
        };
        let journal = match read {
            Some(journal) => journal,
            None => Journal::open(&config.journal_file(), gateway, firm.folder.daemon()).await?,
        };
        firm.with(config, journal).await
    }

    /// The wallet, for one connection.
    ///
    /// # Errors
    /// [`VerifierError::Wallet`].
    pub(crate) async fn wallet(&self, config: &VerifierConfig) -> Result<Wallet, VerifierError> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        match opened {
            Some(wallet) => Ok(wallet),
            None => open(config).await,
        }
    }
}

/// What is there without a journal.
struct Firm {
    deployment: Deployment,
    enclave: EnclaveContracts,
    folder: Folder,
}

impl Firm {
    fn of(config: &VerifierConfig) -> Result<Self, VerifierError> {
        // Before anything is touched, and before the network is asked.
        if let Some(error) = exposed(config, None).into_iter().next() {
            return Err(error.into());
        }
        let deployment = config.deployment()?;
        let enclave = deployment.enclave.ok_or(VerifierError::NoGateway)?;
        let folder = Folder::take(config)?;
        Ok(Self {
            deployment,
            enclave,
            folder,
        })
    }

    async fn with(self, config: &VerifierConfig, journal: Journal) -> Result<Ground, VerifierError> {
        let wallet = open(config).await?;
        Ok(Ground {
            deployment: self.deployment,
            enclave: self.enclave,
            folder: Arc::new(self.folder),
            journal,
            account: wallet.address(),
            opened: Mutex::new(Some(wallet)),
        })
    }
}

async fn open(config: &VerifierConfig) -> Result<Wallet, VerifierError> {
    let source = config.wallet.clone();
    let opened = tokio::task::spawn_blocking(move || source.open()).await;
    Ok(opened.map_err(|_| VerifierError::TaskStopped)??)
}
