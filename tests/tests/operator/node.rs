//! The chain and the storage of a batch: a devnet that can be killed, or anvil, which is not.

use crate::network::Cast;
use crate::process::{Process, program};
use alloy::providers::Provider;
use orv_chain::{Chain, Deployment};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a devnet may take to read its log.
const READY: Duration = Duration::from_secs(60);

/// A devnet on ports of its own, or anvil.
pub struct Node {
    pub cast: Cast,
    /// `deployment.json`, with the addresses of this node.
    pub deployment: PathBuf,
    kind: Kind,
}

enum Kind {
    Devnet {
        data: PathBuf,
        ports: [u16; 2],
        log: PathBuf,
        process: Option<Process>,
    },
    Anvil(#[allow(dead_code)] Box<orv_devnet::peer::Network>),
}

impl Node {
    /// A devnet over a copied folder, not started yet.
    pub fn devnet(data: PathBuf, log: PathBuf, cast: Cast) -> Self {
        let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = taken.map(|listener| listener.local_addr().unwrap().port());
        Self {
            cast,
            deployment: data.join("deployment.json"),
            kind: Kind::Devnet {
                data,
                ports,
                log,
                process: None,
            },
        }
    }

    /// Anvil, with the storage nodes in this process.
    pub fn anvil(network: orv_devnet::peer::Network, deployment: PathBuf, cast: Cast) -> Self {
        Self {
            cast,
            deployment,
            kind: Kind::Anvil(Box::new(network)),
        }
    }

    /// Whether it may be killed.
    pub fn can_be_killed(&self) -> bool {
        matches!(self.kind, Kind::Devnet { .. })
    }

    /// Starts it where it does not run, and waits until it answers.
    pub fn start(&mut self) {
        let Kind::Devnet {
            data,
            ports,
            log,
            process,
        } = &mut self.kind
        else {
            return;
        };
        let begun = std::time::Instant::now();
        while process.is_none() {
            let mut command = Command::new(program("orv"));
            command.args(["devnet", "--json", "--data"]).arg(&*data);
            for (flag, port) in ["--rpc-port", "--storage-port"].iter().zip(&*ports) {
                command.args([*flag, &port.to_string()]);
            }
            *process = Process::ready(&mut command, log).map(|(process, _)| process);
            assert!(
                process.is_some() || begun.elapsed() < READY,
                "the devnet does not start: {}",
                log.display()
            );
        }
    }

    pub fn kill(&mut self) {
        if let Kind::Devnet { process, .. } = &mut self.kind {
            *process = None;
        }
    }

    /// Its deployment as it is now.
    pub fn read(&self) -> Deployment {
        Deployment::parse(&std::fs::read(&self.deployment).unwrap()).unwrap()
    }

    pub async fn chain(&self) -> Chain {
        let network = self.read().network;
        Chain::connect(&network.rpc_url, network.chain_id).await.unwrap()
    }

    /// Moves the chain's clock.
    pub async fn pass(&self, seconds: u64) {
        let chain = self.chain().await;
        let later = chain.head().await.unwrap().timestamp + seconds;
        let provider = chain.provider();
        for (method, parameters) in [
            ("evm_setNextBlockTimestamp", serde_json::json!([later])),
            ("evm_mine", serde_json::json!([])),
        ] {
            let _: serde_json::Value = provider.raw_request(method.into(), parameters).await.unwrap();
        }
    }
}

/// The file of a folder that a program's standard error goes to.
pub fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}
