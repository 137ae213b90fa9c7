//! The chain under a suite: our own devnet, or anvil as the independent reference. Everything above sees only the URL.

use orv_devnet::{Devnet, DevnetOptions};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The chain id of both.
pub const CHAIN_ID: u64 = 16602;

/// Where anvil comes from; the pin is in `contracts/package-lock.json`.
const ANVIL: &str = "../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// A running chain; it ends with this value.
pub struct Node {
    pub url: String,
    _running: Running,
}

enum Running {
    Devnet { _devnet: Box<Devnet> },
    Anvil { _process: Process },
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The embedded chain, in this process.
pub async fn devnet() -> Node {
    let devnet = Devnet::start(DevnetOptions::default()).await.unwrap();
    Node {
        url: devnet.rpc_url(),
        _running: Running::Devnet {
            _devnet: Box::new(devnet),
        },
    }
}

/// Foundry's chain, with the rules of 0G's (`--hardfork cancun`).
pub async fn anvil() -> Node {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(ANVIL);
    assert!(
        program.exists(),
        "{} is missing: run `npm ci` in contracts/",
        program.display()
    );
    // The port is free again once this listener is dropped.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new(program)
        .args([
            "--chain-id",
            &CHAIN_ID.to_string(),
            "--hardfork",
            "cancun",
            "--silent",
            "--port",
            &port.to_string(),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let node = Node {
        url: format!("http://127.0.0.1:{port}"),
        _running: Running::Anvil {
            _process: Process(process),
        },
    };
    while orv_chain::Chain::connect(&node.url, CHAIN_ID).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    node
}
