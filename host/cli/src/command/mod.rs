//! One module for each group of commands.

mod attester;
mod config;
mod devnet;
mod doctor;
mod image;
mod project;
mod proposal;
mod proposal_view;
mod protocol;
mod storage;
mod trial;
mod trial_view;
mod verifier;
mod wallet;

use clap::Subcommand;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    arguments::GlobalArguments,
    code::Code,
    failure::Failure,
    output::{Answer, Output},
    session::Session,
};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Examine this machine, and with --verifier everything that an operator's daemon works with
    Doctor(doctor::DoctorArguments),
    /// Check and show settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Run a development chain and storage with all contracts deployed
    Devnet(devnet::DevnetArguments),
    /// Check, measure, publish and show projects
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// Explain a protocol.json
    #[command(subcommand)]
    Protocol(protocol::ProtocolCommand),
    /// Submit and show proposals
    #[command(subcommand)]
    Proposal(proposal::ProposalCommand),
    /// Run a protocol on a repository as the enclave would, and say all that was seen; needs root
    Trial(trial::TrialArguments),
    /// Admit enclave keys by their evidence, as one of the registry's attesters
    #[command(subcommand)]
    Attester(attester::AttesterCommand),
    /// Judge proposals in an enclave and settle them on chain
    #[command(subcommand)]
    Verifier(verifier::VerifierCommand),
    /// Put content on 0G Storage and get it back
    #[command(subcommand)]
    Storage(storage::StorageCommand),
    /// Make and name keystores
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
}

/// Does it. A command that runs on has said what it has to say itself. A devnet writes the deployment file that others
/// read, and verifier and attester have files of their own, so none of these reads the settings.
pub async fn run(command: Command, flags: &GlobalArguments, output: &Output) -> Result<Option<Answer>, Failure> {
    let session = || Session::open(flags, output.clone());
    match command {
        Command::Devnet(arguments) => devnet::run(arguments, flags.deployment.as_deref(), output)
            .await
            .map(|()| None),
        Command::Doctor(arguments) => doctor::run(arguments).await.map(Some),
        Command::Config(command) => config::run(&command, flags).map(Some),
        Command::Attester(command) => attester::run(command, output).await.map(Some),
        Command::Verifier(command) => verifier::run(command, output).await.map(Some),
        Command::Trial(arguments) => trial::run(arguments).await.map(Some),
        Command::Project(command) => project::run(command, &session()?).await.map(Some),
        Command::Protocol(command) => protocol::run(command).map(Some),
        Command::Proposal(command) => proposal::run(command, &session()?).await.map(Some),
        Command::Storage(command) => storage::run(command, &session()?).await.map(Some),
        Command::Wallet(command) => wallet::run(command, &session()?).await.map(Some),
    }
}

/// Ready at SIGINT or SIGTERM.
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::new(Code::Machine, format!("signal handler: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
