//! An independent node beside ours, for tests: one body, two chains.
//!
//! [`Anvil`] is Foundry's chain, pinned in `contracts/package-lock.json` and run with the rules of 0G's chain
//! (`--hardfork cancun`). Where it and the embedded chain answer differently, one of the two is not what clients will
//! meet. [`Network::start`] gives either of them together with our storage node, and [`on_both_chains!`] makes one test
//! for each. A missing anvil is an error, never a test that is passed over.
//!
//! [`on_both_chains!`]: crate::on_both_chains

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use alloy::signers::k256::ecdsa::Error as KeyError;
use serde_json::Value;

use crate::account::{DevAccount, dev_accounts};
use crate::chain::GALILEO;
use crate::storage::{
    AddressError, NodeError, NodeOptions, RemoteChain, Storage, StorageNetwork, StorageOptions, StorageStartError,
};
use crate::{Devnet, DevnetOptions, StartError};

/// Where anvil is within the workspace, after `npm ci`.
const ANVIL: &str = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// What anvil says once its port is open.
const LISTENING: &str = "Listening on ";

/// Two modules of tests, `on_the_devnet` and `on_anvil`, with one test each for every named function: an
/// `async fn(PeerKind)` of the surrounding module.
#[macro_export]
macro_rules! on_both_chains {
    ($($behaviour:ident),+ $(,)?) => {
        mod on_the_devnet {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $behaviour() {
                    super::$behaviour($crate::peer::PeerKind::Embedded).await;
                }
            )+
        }
        mod on_anvil {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $behaviour() {
                    super::$behaviour($crate::peer::PeerKind::Anvil).await;
                }
            )+
        }
    };
}

/// Which chain a test stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerKind {
    /// Ours, in this process.
    Embedded,
    /// Foundry's, as a process of its own.
    Anvil,
}

/// Why a chain to test on does not start.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The program is not installed.
    #[error("{} is missing: run `npm ci` in contracts/", .0.display())]
    Missing(PathBuf),
    /// The program cannot be run.
    #[error("cannot run {}: {source}", .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The program ended without opening its port.
    #[error("anvil ended before it listened; it said: {0:?}")]
    Ended(String),
    /// Ours does not start.
    #[error("devnet: {0}")]
    Devnet(#[from] StartError),
    /// The storage node beside anvil does not start.
    #[error("storage node: {0}")]
    Storage(#[from] StorageStartError),
    /// The chain's address is of no use.
    #[error("chain: {0}")]
    Address(#[from] AddressError),
    /// The chain refuses a question.
    #[error("{0}")]
    Refused(#[from] NodeError),
    /// The program is ending.
    #[error("stopped while the chain was asked: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// The table of development keys is damaged.
    #[error("a development key is not valid: {0}")]
    Key(#[from] KeyError),
}

/// A running anvil with the chain id and the accounts of the devnet. Dropping it ends it.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// Starts anvil on a free port and waits until it listens. Blocks meanwhile.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, PeerError> {
        Self::run(Path::new(env!("CARGO_MANIFEST_DIR")).join(ANVIL))
    }

    fn run(program: PathBuf) -> Result<Self, PeerError> {
        if !program.exists() {
            return Err(PeerError::Missing(program));
        }
        let child = Command::new(&program)
            .args(["--chain-id", &GALILEO.to_string()])
            .args(["--hardfork", "cancun", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| PeerError::Run { program, source })?;
        // From here on the process ends with the value.
        let mut anvil = Self {
            child,
            url: String::new(),
        };
        let output = anvil.child.stdout.take();
        anvil.url = output.map_or_else(|| Err(PeerError::Ended(String::new())), listening)?;
        Ok(anvil)
    }

    /// URL of its JSON-RPC.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // A process that has ended already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address that anvil tells. What it says later is read and dropped, because a full pipe would stop it.
fn listening(output: ChildStdout) -> Result<String, PeerError> {
    let mut lines = BufReader::new(output).lines();
    let mut said = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(address) = line.strip_prefix(LISTENING) {
            let url = format!("http://{}", address.trim());
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(url);
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(PeerError::Ended(said))
}

/// A chain of either kind and our storage node beside it. Dropping it stops both.
#[derive(Debug)]
pub struct Network {
    running: Running,
    accounts: Vec<DevAccount>,
}

#[derive(Debug)]
enum Running {
    Embedded(Box<Devnet>),
    Anvil { anvil: Anvil, storage: StorageNetwork },
}

impl Network {
    /// Starts a network with empty contracts. The storage node knows no file before [`Storage::follow`].
    ///
    /// # Errors
    /// See [`PeerError`].
    pub async fn start(kind: PeerKind) -> Result<Self, PeerError> {
        Self::start_with(kind, NodeOptions::default()).await
    }

    /// The same, with storage nodes set up otherwise.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub async fn start_with(kind: PeerKind, nodes: NodeOptions) -> Result<Self, PeerError> {
        let running = match kind {
            PeerKind::Embedded => {
                let options = DevnetOptions {
                    storage: nodes,
                    ..DevnetOptions::default()
                };
                Running::Embedded(Box::new(Devnet::start(options).await?))
            }
            PeerKind::Anvil => {
                let anvil = Anvil::start()?;
                let options = StorageOptions {
                    rpc_url: anvil.url().to_owned(),
                    flow: None,
                    nodes,
                };
                let storage = StorageNetwork::start(options).await?;
                Running::Anvil { anvil, storage }
            }
        };
        Ok(Self {
            running,
            accounts: dev_accounts()?,
        })
    }

    /// URL of the chain's JSON-RPC.
    pub fn rpc_url(&self) -> String {
        match &self.running {
            Running::Embedded(devnet) => devnet.rpc_url(),
            Running::Anvil { anvil, .. } => anvil.url().to_owned(),
        }
    }

    /// Steers the chain by one of the methods that both kinds have: `evm_mine`, `evm_increaseTime`, `evm_snapshot`,
    /// `evm_revert` and the like. A revert and another block after it are a reorganisation.
    ///
    /// # Errors
    /// [`PeerError::Refused`].
    pub async fn steer(&self, method: &'static str, parameters: Value) -> Result<Value, PeerError> {
        let chain = RemoteChain::at(&self.rpc_url())?;
        let asked = tokio::task::spawn_blocking(move || chain.ask(method, parameters));
        Ok(asked.await??)
    }

    /// The storage nodes.
    pub fn storage_network(&self) -> &StorageNetwork {
        match &self.running {
            Running::Embedded(devnet) => devnet.storage_network(),
            Running::Anvil { storage, .. } => storage,
        }
    }

    /// URL of the first storage node, which is the indexer and the file gateway of all.
    pub fn storage_url(&self) -> String {
        match &self.running {
            Running::Embedded(devnet) => devnet.storage_url(),
            Running::Anvil { storage, .. } => storage.url(),
        }
    }

    /// The storage node, from inside the process.
    pub fn storage(&self) -> &Storage {
        match &self.running {
            Running::Embedded(devnet) => devnet.storage(),
            Running::Anvil { storage, .. } => storage.storage(),
        }
    }

    /// The prefunded accounts, the same on both.
    pub fn accounts(&self) -> &[DevAccount] {
        &self.accounts
    }

    /// Stops the network and waits until its ports are closed.
    pub async fn stop(self) {
        match self.running {
            Running::Embedded(devnet) => devnet.stop().await,
            Running::Anvil { storage, .. } => storage.stop().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_anvil_is_an_error_that_says_how_to_get_it() {
        let error = Anvil::run(PathBuf::from("/nowhere/anvil")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/nowhere/anvil is missing: run `npm ci` in contracts/"
        );
    }

    #[test]
    fn a_program_that_ends_without_listening_is_an_error_with_its_words() {
        let Err(PeerError::Ended(said)) = Anvil::run(PathBuf::from("/bin/echo")) else {
            panic!("echo does not listen")
        };
        assert!(said.contains("cancun"), "{said}");
    }

    #[test]
    fn anvil_ends_with_its_value() {
        let anvil = Anvil::start().unwrap();
        let address = anvil.url().trim_start_matches("http://").to_owned();
        std::net::TcpStream::connect(&address).unwrap();
        drop(anvil);
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}
