//! `orv devnet`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use orv_chain::primitives::{Address, B256};
use orv_devnet::deployment::{Deployment, DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::storage::{Fault, NodeOptions, ShardCount};
use orv_devnet::{Devnet, DevnetOptions};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    code::Code,
    failure::Failure,
    output::{Answer, Output},
};

/// Which of the devnet's published accounts owns the contracts.
const OWNER: usize = 0;
/// Which of them admits keys, where nobody else is named.
const ATTESTER: usize = 1;

#[derive(Debug, Args)]
#[command(
    after_help = "It listens on 127.0.0.1, keeps everything in memory unless --data names a folder, and runs until it is interrupted. Its keys are published: account 0 owns \
    the contracts, account 1 admits enclave keys unless --attester names others. The deployment is written to \
    --deployment, and printed with --json once everything answers.\n\n\
    Example:\n  orv devnet --rpc-port 8545 --storage-port 5678 --deployment deployment.json"
)]
pub struct DevnetArguments {
    /// Port of the chain's JSON-RPC; 0 for a free one
    #[arg(long, default_value_t = 8545)]
    rpc_port: u16,
    /// Port of the first storage node, which is the indexer too; the others have those after it; 0 for free ones
    #[arg(long, default_value_t = 5678)]
    storage_port: u16,
    /// Storage nodes, each with one shard of the flow: a power of two up to 64
    #[arg(long, value_name = "COUNT", default_value = "1")]
    storage_shards: ShardCount,
    /// Where chain, contracts and storage are kept: a network that is started there again, even after it was killed,
    /// is the same one, with the contracts that it was first started with [default: in memory]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// What is wrong with a storage node: flip, drop, delay, delay=MILLISECONDS, truncate, lie-size or error-200, of the
    /// first node or, as NODE:FAULT, of another; may be given several times
    #[arg(long, value_name = "[NODE:]FAULT")]
    fault: Vec<NodeFault>,
    /// Account that admits enclave keys; may be given several times, and all have to agree
    #[arg(long, value_name = "ADDRESS")]
    attester: Vec<Address>,
    /// Simulated enclave whose key may be admitted: its measurement id; may be given several times
    #[arg(long, value_name = "ID")]
    measurement: Vec<B256>,
    /// Seconds a ticket lives
    #[arg(long, default_value_t = 3600)]
    ticket_life: u64,
    /// Seconds after which an earlier undecided proposal holds up a later one no longer
    #[arg(long, default_value_t = 86_400)]
    priority_window: u64,
    /// Operators who must agree on a timed verdict
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    timed_quorum: u8,
    /// Seconds between a key's admission and its first ticket
    #[arg(long, default_value_t = 0)]
    challenge_delay: u64,
    /// Seconds before anything that widens trust takes effect
    #[arg(long, default_value_t = 1)]
    public_delay: u64,
    /// Seconds before an operator's new payout address takes effect
    #[arg(long, default_value_t = 1)]
    payout_delay: u64,
    /// Operators' share of what rejections bring, in basis points
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    fee_bips: u16,
}

/// A fault and the number of the node that has it.
#[derive(Debug, Clone, Copy)]
struct NodeFault {
    node: usize,
    fault: Fault,
}

impl FromStr for NodeFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (node, fault) = match text.split_once(':') {
            Some((node, fault)) => (node.parse().map_err(|_| format!("not a number: {node:?}"))?, fault),
            None => (0, text),
        };
        let fault = fault.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { node, fault })
    }
}

/// Starts everything, says so, and runs until SIGINT or SIGTERM.
pub async fn run(arguments: DevnetArguments, file: Option<&Path>, output: &Output) -> Result<(), Failure> {
    // Taken before anything is said, so that nobody can interrupt too early.
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let options = DevnetOptions {
        rpc_port: arguments.rpc_port,
        storage: NodeOptions {
            port: arguments.storage_port,
            directory: None,
            shards: arguments.storage_shards,
        },
        data: arguments.data.clone(),
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(options).await?;
    break_nodes(&devnet, &arguments.fault)?;
    let deployment = match kept(&arguments, &devnet)? {
        Some(deployment) => deployment,
        None => deploy(&devnet.rpc_url(), plan(&arguments, &devnet)?).await?,
    };
    let flow = deployment
        .address("Flow")
        .ok_or_else(|| Failure::new(Code::Devnet, "no Flow contract was deployed"))?;
    devnet.storage().follow(flow);
    let document = deployment
        .to_json()
        .map_err(|error| Failure::new(Code::Devnet, error.to_string()))?;
    for path in arguments
        .data
        .as_deref()
        .map(deployment_in)
        .as_deref()
        .into_iter()
        .chain(file)
    {
        write_whole(path, &document).map_err(|error| Failure::file(path, &error))?;
    }
    output.answer(&ready(&devnet, &deployment, file))?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    devnet.stop().await;
    Ok(())
}

/// Where the contracts of a kept network are told, in its folder.
fn deployment_in(data: &Path) -> PathBuf {
    data.join("deployment.json")
}

/// The contracts that are on a kept chain already, at this network's addresses of today. A network that was killed
/// before all were there gets new ones.
fn kept(arguments: &DevnetArguments, devnet: &Devnet) -> Result<Option<Deployment>, Failure> {
    let Some(path) = arguments.data.as_deref().map(deployment_in) else {
        return Ok(None);
    };
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| Failure::file(&path, &error))?,
    };
    let mut deployment: Deployment = serde_json::from_str(&text)
        .map_err(|error| Failure::new(Code::Devnet, format!("{}: {error}", path.display())))?;
    deployment.network.rpc_url = devnet.rpc_url();
    deployment.storage.indexer_rpc = devnet.storage_url();
    Ok(Some(deployment))
}

/// Writes a file so that nobody ever reads half of it.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, text)?;
    fs::rename(&partial, path)
}

/// Gives the nodes their faults.
fn break_nodes(devnet: &Devnet, faults: &[NodeFault]) -> Result<(), Failure> {
    let nodes = devnet.storage_network().nodes();
    if let Some(wrong) = faults.iter().find(|fault| fault.node >= nodes.len()) {
        let text = format!(
            "--fault names node {}, there are {}, counted from 0",
            wrong.node,
            nodes.len()
        );
        return Err(Failure::new(Code::Usage, text));
    }
    for (number, (_, storage)) in nodes.enumerate() {
        let own = faults.iter().filter(|fault| fault.node == number);
        storage.set_faults(own.map(|fault| fault.fault).collect());
    }
    Ok(())
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(Code::Machine, format!("signal handler: {error}")))
}

fn plan(arguments: &DevnetArguments, devnet: &Devnet) -> Result<DeploymentPlan, Failure> {
    let account = |index: usize| {
        devnet
            .accounts()
            .get(index)
            .ok_or_else(|| Failure::new(Code::Devnet, format!("no development account {index}")))
    };
    let attesters = match arguments.attester.as_slice() {
        [] => vec![account(ATTESTER)?.address],
        named => named.to_vec(),
    };
    let attester_threshold =
        u32::try_from(attesters.len()).map_err(|_| Failure::new(Code::Usage, "too many attesters"))?;
    Ok(DeploymentPlan {
        network_name: "orv-devnet".to_owned(),
        owner: account(OWNER)?.signer.clone(),
        indexer_rpc: devnet.storage_url(),
        public_delay: arguments.public_delay,
        measurements: arguments.measurement.iter().copied().map(simulated_nitro).collect(),
        attesters,
        attester_threshold,
        challenge_delay: arguments.challenge_delay,
        timed_quorum: arguments.timed_quorum,
        ticket_life: arguments.ticket_life,
        priority_window: arguments.priority_window,
        payout_delay: arguments.payout_delay,
        fee_bips: arguments.fee_bips,
    })
}

fn ready(devnet: &Devnet, deployment: &Deployment, file: Option<&Path>) -> Answer {
    let (rpc, storage) = (devnet.rpc_url(), devnet.storage_url());
    let accounts: Vec<_> = devnet
        .accounts()
        .iter()
        .map(|account| account.address.to_string())
        .collect();
    let fields = json!({
        "rpc_url": rpc,
        "indexer_url": storage,
        "storage_nodes": devnet.storage_network().nodes().map(|(url, _)| url).collect::<Vec<_>>(),
        "chain_id": deployment.network.chain_id,
        "deployment_file": file,
        "deployment": deployment,
        "accounts": accounts,
        "pid": std::process::id(),
    });
    let written = file.map_or_else(String::new, |path| format!("\ndeployment {}", path.display()));
    let text = format!(
        "ready: chain {} at {rpc}\nstorage {storage}{written}\nstop with Ctrl-C",
        deployment.network.chain_id
    );
    Answer::new("orv.devnet/1", fields, text)
}
