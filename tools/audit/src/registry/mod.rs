//! Every key that a chain admitted: the public evidence of each, fetched, verified and held against its admission.
//!
//! This is an attester's judgement made by anybody, afterwards. Neither the endpoint nor storage is trusted with the
//! evidence; what only the endpoint can say is named in the report.

mod chain;
mod judgement;
mod report;
mod request;

pub(crate) use request::RegistryRequest;

use crate::output::{InputError, finish};
use crate::source::Source;
use crate::trust::Trust;
use chain::Registry;
use judgement::judge;
use orv_chain::{ChainError, Deployment, DeploymentError, EnclaveContracts};
use orv_evidence::MAXIMUM_ENVELOPE;
use report::RegistryReport;
use std::process::ExitCode;

/// Examines the registry that was asked for.
pub(crate) fn run(request: &RegistryRequest) -> ExitCode {
    match examine(request) {
        Ok(report) => finish(&report, &request.output),
        Err(error) => error.finish(RegistryReport::SCHEMA, &request.output),
    }
}

fn examine(request: &RegistryRequest) -> Result<RegistryReport, InputError> {
    let (deployment, contracts) = deployment(request)?;
    let trust = Trust::at(None, &request.rules)?;
    let storage = deployment.storage.as_ref().map(|storage| storage.indexer_rpc.as_str());
    let indexer = request.source.indexer.as_deref().or(storage);
    let source = Source::open(&request.source.from, indexer, MAXIMUM_ENVELOPE)?;
    let rpc = request.rpc.as_deref().unwrap_or(&deployment.network.rpc_url);
    let first_block = request.first_block.unwrap_or(deployment.network.first_block);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| InputError::Unavailable {
        what: "this machine",
        cause: error.to_string(),
    })?;
    let registry = runtime
        .block_on(Registry::read(&deployment, contracts, rpc, first_block))
        .map_err(|error| unusable(request, error))?;
    let judgements = registry.keys.iter().map(|key| judge(key, &source, &trust)).collect();
    Ok(RegistryReport::of(
        &registry,
        judgements,
        trust.policy_hash.map(hex::encode),
    ))
}

fn deployment(request: &RegistryRequest) -> Result<(Deployment, EnclaveContracts), InputError> {
    let path = &request.deployment;
    let content = |cause: String| InputError::Content {
        path: path.clone(),
        what: "a deployment with an EnclaveRegistry",
        cause,
    };
    let deployment = Deployment::load(path).map_err(|error| match error {
        DeploymentError::Unreadable { path, source } => InputError::Unreadable { path, cause: source },
        error => content(error.to_string()),
    })?;
    let contracts = deployment.enclave;
    let contracts = contracts.ok_or_else(|| content("it names no EnclaveRegistry".to_owned()))?;
    Ok((deployment, contracts))
}

/// A chain that is another one than the deployment's is wrong content; one that does not answer is not to be had.
fn unusable(request: &RegistryRequest, error: ChainError) -> InputError {
    match error {
        ChainError::WrongChainId { .. } | ChainError::NoCode { .. } => InputError::Content {
            path: request.deployment.clone(),
            what: "the deployment of that chain",
            cause: error.to_string(),
        },
        error => InputError::Unavailable {
            what: "the chain",
            cause: error.to_string(),
        },
    }
}
