//! Connections and keys, made when a command first needs them.

use std::sync::Arc;

use orv_chain::{
    Chain, Deployment, FeeRules, Patience, TransactionOwner,
    wallet::{Passphrase, Wallet, WalletHome},
};
use orv_storage::{IndexSource, Storage, StorageOptions};

use crate::{
    arguments::GlobalArguments,
    failure::Failure,
    output::{Format, Output},
    progress::Bar,
    settings::Settings,
};

/// What every command is given.
#[derive(Debug)]
pub struct Session {
    /// All settings, merged.
    pub settings: Settings,
    /// Where answers go.
    pub output: Output,
}

impl Session {
    /// Reads the settings. Nobody is asked anything yet.
    pub fn open(flags: &GlobalArguments, output: Output) -> Result<Self, Failure> {
        Ok(Self {
            settings: Settings::load(flags)?,
            output,
        })
    }

    /// Reads the deployment.
    pub fn deployment(&self) -> Result<Deployment, Failure> {
        self.settings.network.deployment()
    }

    /// Connects to the chain, and checks its id and that the contracts are there.
    pub async fn chain(&self) -> Result<Chain, Failure> {
        Ok(self.deployment()?.connect().await?)
    }

    /// Connects to the chain and checks its id only: for what needs no contract.
    pub async fn bare_chain(&self) -> Result<Chain, Failure> {
        let network = self.deployment()?.network;
        Ok(Chain::connect(&network.rpc_url, network.chain_id).await?)
    }

    /// The keystore directory.
    pub fn wallets(&self) -> WalletHome {
        WalletHome::new(&self.settings.wallet_home)
    }

    /// The configured wallet's id.
    pub fn wallet_id(&self) -> Result<&str, Failure> {
        self.settings
            .wallet
            .as_deref()
            .ok_or_else(|| Failure::missing("the wallet", "--wallet ID"))
    }

    /// The configured passphrase.
    pub fn passphrase(&self) -> Result<Passphrase, Failure> {
        let path = self.settings.passphrase_file.as_deref();
        let path = path.ok_or_else(|| Failure::missing("the passphrase", "--passphrase-file FILE"))?;
        Ok(Passphrase::from_file(path)?)
    }

    /// Opens the configured wallet.
    pub fn open_wallet(&self) -> Result<Wallet, Failure> {
        Ok(self.wallets().load(self.wallet_id()?, &self.passphrase()?)?)
    }

    /// The one sender of this command's transactions.
    pub fn owner(&self, chain: Chain, wallet: Wallet) -> TransactionOwner {
        TransactionOwner::start(chain, wallet, FeeRules::default(), Patience::default())
    }

    /// The storage client, with bars for people.
    pub fn storage(&self) -> Result<Storage, Failure> {
        self.storage_with(None)
    }

    /// The same, which finds the bytes of a SHA-256 through an artifact index.
    pub fn storage_with(&self, artifact_index: Option<IndexSource>) -> Result<Storage, Failure> {
        let deployment = self.deployment()?;
        let network = deployment.storage;
        let network = network.ok_or_else(|| Failure::missing("the storage indexer", "--indexer-url URL"))?;
        let storage = Storage::connect(StorageOptions {
            artifact_index,
            flow: deployment.flow,
            ..StorageOptions::new(&network.indexer_rpc, &self.settings.cache)
        })?;
        Ok(match self.output.format() {
            Format::Text => storage.reporting_to(Arc::new(Bar::new())),
            Format::Json => storage,
        })
    }
}
