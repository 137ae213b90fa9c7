//! The storage network: the indexer answers, and so do the nodes that it names.

use super::line::{Check, Line};
use crate::configuration::VerifierConfig;
use orv_chain::Deployment;
use orv_storage::{Fault, FetchError, FileId, NodeView, Storage, StorageOptions};

/// Asks the indexer, and each node for the first file of all.
pub(super) async fn lines(config: &VerifierConfig, deployment: &Deployment) -> Vec<Line> {
    let indexer = match config.indexer(deployment) {
        Ok(indexer) => indexer,
        Err(error) => return vec![Line::fail(Check::Storage, error.to_string(), error.advice())],
    };
    // A cache of its own: the daemon's may be what is broken.
    let cache = match tempfile::tempdir() {
        Ok(cache) => cache,
        Err(error) => {
            let fix = "make the folder for temporary files writable, or set TMPDIR";
            return vec![Line::fail(Check::Storage, format!("no temporary folder: {error}"), fix)];
        }
    };
    let silent = |error: FetchError| {
        let fix = "check `storage_indexer`, or the deployment's storage section; name another indexer";
        vec![Line::fail(Check::Storage, error.to_string(), fix)]
    };
    let storage = match Storage::connect(StorageOptions::new(indexer, cache.path())) {
        Ok(storage) => storage,
        Err(error) => return silent(error),
    };
    match storage.describe(FileId::Sequence(0)).await {
        Ok(nodes) => vec![judge(&nodes)],
        Err(error) => silent(error),
    }
}

/// A node that has no such file, or says so as an error, has answered.
fn judge(nodes: &[NodeView]) -> Line {
    let answers = |view: &&NodeView| matches!(view.file, Ok(_) | Err(Fault::Missing | Fault::Refused { .. }));
    let answering = nodes.iter().filter(answers).count();
    let found = format!("{answering} of {} storage nodes answer", nodes.len());
    let fix = "wait for the nodes, or name another indexer under `storage_indexer`";
    if answering == 0 {
        Line::fail(Check::Storage, found, fix)
    } else if answering < nodes.len() {
        Line::warn(Check::Storage, found, fix)
    } else {
        Line::pass(Check::Storage, found)
    }
}
