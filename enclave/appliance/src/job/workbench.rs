//! The runner and the scratch directory of all jobs.

use super::end::JobEnd;
use crate::configuration::{Configuration, MissingLimits, Patience};
use crate::console::tell;
use alloy_primitives::B256;
use orv_runner::{CgroupMode, Finding, Need, Runner, RunnerError, Strength};
use orv_trial::missing_protections;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where jobs are laid out and run.
pub(crate) struct Workbench {
    runner: Runner,
    scratch: PathBuf,
    missing_protections: Vec<String>,
    patience: Patience,
    jobs: u64,
    used: BTreeSet<B256>,
}

/// A directory of one job; it goes with the job.
pub(super) struct JobDirectory(PathBuf);

impl Workbench {
    /// Prepares the scratch directory and asks the runner what this machine can do.
    pub(crate) fn new(configuration: &Configuration) -> Result<Self, WorkbenchError> {
        let scratch = configuration.scratch.clone();
        fs::create_dir_all(&scratch).map_err(|source| WorkbenchError::Scratch {
            path: scratch.clone(),
            source,
        })?;
        let mut runner = Runner::new(scratch.clone());
        runner.cgroups = match configuration.missing_limits {
            MissingLimits::Refuse => CgroupMode::Required,
            MissingLimits::Record => CgroupMode::Weaker,
        };
        runner.start_spawner()?;
        let missing_protections = missing_protections(&runner)?;
        Ok(Self {
            runner,
            scratch,
            missing_protections,
            patience: configuration.patience,
            jobs: 0,
            used: BTreeSet::new(),
        })
    }

    /// Makes one container to prove that this machine can, so that no job has to find out that it cannot.
    pub(crate) fn prove(&self) -> Result<(), WorkbenchError> {
        let absent = |finding: &Finding| finding.need == Need::Run && finding.strength == Strength::Absent;
        match self.runner.examine().findings.into_iter().find(absent) {
            None => Ok(()),
            Some(Finding { name, found, .. }) => Err(WorkbenchError::Unfit { name, found }),
        }
    }

    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Protections that are not fully active, by name.
    pub(super) fn missing_protections(&self) -> Vec<String> {
        self.missing_protections.clone()
    }

    /// How long a host may take.
    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// Whether a ticket may still have its job: asked before a byte of it is fetched.
    pub(super) fn is_open(&self, ticket: B256) -> Result<(), JobEnd> {
        if self.used.contains(&ticket) {
            Err(JobEnd::TicketUsed)
        } else {
            Ok(())
        }
    }

    /// Uses up a ticket, once: before its code runs, or with a statement that needs no run. A host that sees how long each trial takes could otherwise break off before the
    /// statement and have secret and seed drawn anew until it likes what it sees (DESIGN 2).
    pub(super) fn use_up(&mut self, ticket: B256) {
        self.used.insert(ticket);
    }

    /// An empty directory for the next job.
    pub(super) fn fresh_directory(&mut self) -> io::Result<JobDirectory> {
        self.jobs += 1;
        let path = self.scratch.join(format!("job-{}-{}", std::process::id(), self.jobs));
        // An enclave that was killed may have had this process id, and its job this number.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&path)?,
        }
        Ok(JobDirectory(path))
    }
}

impl JobDirectory {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for JobDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tell(format_args!("{} could not be removed: {error}", self.0.display()));
        }
    }
}

/// Why there is no workbench.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkbenchError {
    #[error("scratch directory {path}: {source}")]
    Scratch { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error("this machine cannot run containers: {name}: {found}")]
    Unfit { name: &'static str, found: String },
}
