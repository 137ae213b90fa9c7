//! What a command works with: flag over environment over file over default.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orv_chain::{Deployment, StorageNetwork};
use orv_verifier::settings::{Effective, Kind, Origin, Setting};
use serde::{Deserialize, Serialize};

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

const fn known(path: &'static str) -> Setting {
    Setting {
        path,
        kind: Kind::Text,
        secret: false,
    }
}

/// The keys of `orv.toml`.
pub const KNOWN: &[Setting] = &[
    known("deployment"),
    known("rpc_url"),
    known("chain_id"),
    known("indexer_url"),
    known("cache"),
    known("wallet.home"),
    known("wallet.id"),
    known("wallet.passphrase_file"),
];

/// A setting as it counts, and where it comes from.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its key in the file.
    pub key: String,
    /// Its value; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
    /// The variable that goes before the file.
    pub variable: String,
}

impl From<Effective> for Row {
    fn from(row: Effective) -> Self {
        Self {
            key: row.key,
            value: row.value,
            origin: row.origin,
            variable: row.variable,
        }
    }
}

/// The settings file that counts and its text; nothing where none is named and none is there.
pub fn read(flags: &GlobalArguments) -> Result<Option<(PathBuf, String)>, Failure> {
    let path = flags.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && flags.config.is_none() => Ok(None),
        Err(error) => Err(Failure::new(
            Code::Configuration,
            format!("{}: {error}", path.display()),
        )),
    }
}

/// Every setting as it counts.
pub fn rows(flags: &GlobalArguments) -> Result<Vec<Row>, Failure> {
    let (file, _) = read_file(flags.config.as_deref())?;
    let merged = Settings::load(flags)?;
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let row = |key: &str, variables: &[&str], in_file: bool, flag: Option<String>, counts: Option<String>| {
        let set = variables.iter().find_map(|name| std::env::var(name).ok());
        let origin = match (&flag, set, in_file, &counts) {
            (Some(flag), Some(set), ..) if *flag == set => Origin::Environment,
            (Some(_), ..) => Origin::Flag,
            (None, Some(_), ..) => Origin::Environment,
            (None, None, true, _) => Origin::File,
            (None, None, false, Some(_)) => Origin::Default,
            (None, None, false, None) => Origin::Absent,
        };
        Row {
            key: key.to_owned(),
            value: counts,
            origin,
            variable: variables.first().copied().unwrap_or_default().to_owned(),
        }
    };
    let network = &merged.network;
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    Ok(vec![
        row(
            "deployment",
            &["ORV_DEPLOYMENT"],
            file.deployment.is_some(),
            path(&flags.deployment),
            path(&network.file),
        ),
        row(
            "rpc_url",
            &["ORV_RPC_URL", "ARAH_RPC_URL"],
            file.rpc_url.is_some(),
            flags.rpc_url.clone(),
            network.rpc_url.clone(),
        ),
        row(
            "chain_id",
            &["ORV_CHAIN_ID", "ARAH_CHAIN_ID"],
            file.chain_id.is_some(),
            number(flags.chain_id),
            number(network.chain_id),
        ),
        row(
            "indexer_url",
            &["ORV_INDEXER_URL"],
            file.indexer_url.is_some(),
            flags.indexer_url.clone(),
            network.indexer_url.clone(),
        ),
        row(
            "cache",
            &["ORV_CACHE"],
            file.cache.is_some(),
            path(&flags.cache),
            path(&Some(merged.cache.clone())),
        ),
        row(
            "wallet.home",
            &["ORV_WALLET_HOME"],
            file.wallet.home.is_some(),
            path(&flags.wallet_home),
            path(&Some(merged.wallet_home.clone())),
        ),
        row(
            "wallet.id",
            &["ORV_WALLET"],
            file.wallet.id.is_some(),
            flags.wallet.clone(),
            merged.wallet.clone(),
        ),
        row(
            "wallet.passphrase_file",
            &["ORV_PASSPHRASE_FILE"],
            file.wallet.passphrase_file.is_some(),
            path(&flags.passphrase_file),
            path(&merged.passphrase_file),
        ),
    ])
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
