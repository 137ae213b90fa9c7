//! Trials on this machine: a directory of their own, fresh seeds, and a thread that may block.

use std::path::PathBuf;

use orv_runner::Runner;
use orv_trial::Caps;
use orv_trial::measurement::Bench;

use crate::{code::Code, failure::Failure};

/// Fresh seeds, one for each run.
pub fn seeds(runs: u16) -> Result<Vec<[u8; 32]>, Failure> {
    (0..runs)
        .map(|_| {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| Failure::new(Code::Machine, format!("no entropy: {error}")))?;
            Ok(seed)
        })
        .collect()
}

/// Runs a measurement with an empty directory that is gone afterwards.
pub async fn measure<T, E>(work: impl FnOnce(&Bench<'_>) -> Result<T, E> + Send + 'static) -> Result<T, Failure>
where
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let directory = tempfile::Builder::new().prefix("orv-trial-").tempdir();
    let directory = directory.map_err(|error| Failure::new(Code::File, format!("temporary directory: {error}")))?;
    let layers: PathBuf = directory.path().join("layers");
    std::fs::create_dir(&layers).map_err(|error| Failure::file(&layers, &error))?;
    let task = tokio::task::spawn_blocking(move || {
        let runner = Runner::new(layers);
        let bench = Bench {
            runner: &runner,
            caps: Caps::ENCLAVE,
            directory: directory.path(),
        };
        work(&bench).map_err(Into::into)
    });
    task.await
        .map_err(|error| Failure::new(Code::Machine, format!("the measurement stopped: {error}")))?
}
