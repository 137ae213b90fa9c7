//! What a command works with: flag over environment over file over default.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orv_chain::{Deployment, StorageNetwork};
use serde::Deserialize;

use crate::{arguments::GlobalArguments, code::Code, failure::Failure};

/// The file that is read when none is named and it is there.
const DEFAULT_FILE: &str = "orv.toml";

/// `orv.toml`; every key may be left out, an unknown one is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    deployment: Option<PathBuf>,
    rpc_url: Option<String>,
    chain_id: Option<u64>,
    indexer_url: Option<String>,
    cache: Option<PathBuf>,
    #[serde(default)]
    wallet: WalletSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletSection {
    home: Option<PathBuf>,
    id: Option<String>,
    passphrase_file: Option<PathBuf>,
}

/// All settings, merged.
#[derive(Debug)]
pub struct Settings {
    /// Chain, storage and contracts.
    pub network: NetworkSettings,
    /// Where fetched content is kept.
    pub cache: PathBuf,
    /// Where keystores lie.
    pub wallet_home: PathBuf,
    /// Which wallet pays.
    pub wallet: Option<String>,
    /// Whose first line opens it.
    pub passphrase_file: Option<PathBuf>,
}

/// A deployment file and what is used instead of its parts.
#[derive(Debug)]
pub struct NetworkSettings {
    file: Option<PathBuf>,
    rpc_url: Option<String>,
    chain_id: Option<u64>,
    indexer_url: Option<String>,
}

impl NetworkSettings {
    /// Reads the deployment; upstream's contracts on the testnet where no file is named.
    pub fn deployment(&self) -> Result<Deployment, Failure> {
        let mut deployment = match &self.file {
            Some(path) => Deployment::load(path)?,
            None => Deployment::galileo(),
        };
        if let Some(url) = &self.rpc_url {
            deployment.network.rpc_url.clone_from(url);
        }
        if let Some(id) = self.chain_id {
            deployment.network.chain_id = id;
        }
        if let Some(url) = &self.indexer_url {
            deployment.storage = Some(StorageNetwork {
                mode: "turbo".to_owned(),
                indexer_rpc: url.clone(),
            });
        }
        Ok(deployment)
    }
}

impl Settings {
    /// Merges. Relative paths of the file are relative to the file.
    pub fn load(flags: &GlobalArguments) -> Result<Self, Failure> {
        let (file, base) = read_file(flags.config.as_deref())?;
        let beside = |path: PathBuf| base.join(path);
        let environment = |name| std::env::var(name).ok();
        let network = NetworkSettings {
            file: flags.deployment.clone().or(file.deployment.map(beside)),
            // Upstream's own variables come after ours and before the file.
            rpc_url: flags
                .rpc_url
                .clone()
                .or_else(|| environment("ARAH_RPC_URL"))
                .or(file.rpc_url),
            chain_id: flags.chain_id.or(upstream_chain_id()?).or(file.chain_id),
            indexer_url: flags.indexer_url.clone().or(file.indexer_url),
        };
        let home = environment("HOME").map(PathBuf::from);
        let in_home = |path: &str| {
            home.as_ref()
                .map(|home| home.join(path))
                .ok_or_else(|| Failure::missing("the home directory", "HOME"))
        };
        Ok(Self {
            network,
            cache: match flags.cache.clone().or(file.cache.map(beside)) {
                Some(path) => path,
                None => in_home(".cache/orv")?,
            },
            wallet_home: match flags.wallet_home.clone().or(file.wallet.home.map(beside)) {
                Some(path) => path,
                None => in_home(".autoresearch/wallets")?,
            },
            wallet: flags.wallet.clone().or(file.wallet.id),
            passphrase_file: flags
                .passphrase_file
                .clone()
                .or(file.wallet.passphrase_file.map(beside)),
        })
    }
}

fn upstream_chain_id() -> Result<Option<u64>, Failure> {
    let Ok(text) = std::env::var("ARAH_CHAIN_ID") else {
        return Ok(None);
    };
    let refused = |_| Failure::new(Code::Usage, format!("ARAH_CHAIN_ID {text:?} is no chain id"));
    text.parse().map(Some).map_err(refused)
}

/// The file's content and the folder it lies in.
fn read_file(named: Option<&Path>) -> Result<(File, PathBuf), Failure> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => String::new(),
        Err(error) => {
            return Err(Failure::new(
                Code::Configuration,
                format!("{}: {error}", path.display()),
            ));
        }
    };
    let refused = |error: toml::de::Error| Failure::new(Code::Configuration, format!("{}: {error}", path.display()));
    let file = toml::from_str(&text).map_err(refused)?;
    Ok((file, path.parent().unwrap_or(Path::new("")).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_example_has_only_known_keys() {
        let text = include_str!("../orv.example.toml");
        let file: File = toml::from_str(text).unwrap();
        assert!(file.rpc_url.is_some() && file.wallet.id.is_some());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(toml::from_str::<File>("rpc = \"http://localhost\"").is_err());
    }
}
