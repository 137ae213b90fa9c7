//! What a daemon has on this machine before any chain is asked: contracts by name, its folder, its journal, its wallet.

use crate::configuration::{VerifierConfig, exposed};
use crate::error::VerifierError;
use crate::folder::Folder;
use crate::journal::{Journal, JournalError, JournalPlace};
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
    /// Makes and locks the data directory, and opens wallet and journal.
    ///
    /// # Errors
    /// What no waiting mends: configuration, wallet, data directory; and the journal's refusal or silence.
    pub(crate) async fn take(config: &VerifierConfig) -> Result<Self, VerifierError> {
        let firm = Firm::of(config).await?;
        let journal = firm.journal(config).await?;
        Ok(firm.with(journal))
    }

    /// As [`Self::take`] in the data directory of a rehearsal; a journal that is a database elsewhere is only read.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) async fn to_rehearse(config: &VerifierConfig) -> Result<Self, VerifierError> {
        let firm = Firm::of(config).await?;
        let gateway = firm.enclave.verifier_gateway;
        let read = match config.journal_place() {
            place @ JournalPlace::Postgres(_) => Journal::read_as_it_is(&place, gateway).await?,
            JournalPlace::File(_) => None,
        };
        let journal = match read {
            Some(journal) => journal,
            None => Journal::open(&config.journal_file(), gateway, firm.folder.daemon()).await?,
        };
        Ok(firm.with(journal))
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
pub(crate) struct Firm {
    deployment: Deployment,
    enclave: EnclaveContracts,
    folder: Folder,
    wallet: Wallet,
}

impl Firm {
    /// Makes and locks the data directory, and opens the wallet.
    ///
    /// # Errors
    /// What no waiting mends.
    pub(crate) async fn of(config: &VerifierConfig) -> Result<Self, VerifierError> {
        // Before anything is touched, and before the network is asked.
        if let Some(error) = exposed(config, None).into_iter().next() {
            return Err(error.into());
        }
        let deployment = config.deployment()?;
        let enclave = deployment.enclave.ok_or(VerifierError::NoGateway)?;
        let folder = Folder::take(config)?;
        let wallet = open(config).await?;
        Ok(Self {
            deployment,
            enclave,
            folder,
            wallet,
        })
    }

    /// Opens the journal.
    ///
    /// # Errors
    /// The database's refusal, or its silence.
    pub(crate) async fn journal(&self, config: &VerifierConfig) -> Result<Journal, JournalError> {
        let gateway = self.enclave.verifier_gateway;
        Journal::open(&config.journal_place(), gateway, self.folder.daemon()).await
    }

    /// Bytes that are free in the data directory.
    pub(crate) fn free(&self) -> Option<u64> {
        self.folder.free()
    }

    /// The ground with a journal that is open.
    pub(crate) fn with(self, journal: Journal) -> Ground {
        Ground {
            deployment: self.deployment,
            enclave: self.enclave,
            folder: Arc::new(self.folder),
            journal,
            account: self.wallet.address(),
            opened: Mutex::new(Some(self.wallet)),
        }
    }
}

async fn open(config: &VerifierConfig) -> Result<Wallet, VerifierError> {
    let source = config.wallet.clone();
    let opened = tokio::task::spawn_blocking(move || source.open()).await;
    Ok(opened.map_err(|_| VerifierError::TaskStopped)??)
}
