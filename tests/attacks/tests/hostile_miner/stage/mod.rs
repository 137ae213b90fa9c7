//! Where an attack takes place: a project, a candidate, and the verifier's own way from the one to the other.

mod project;
mod trial;
mod verdict;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use orv_content::archive::{self, Quota};
use orv_runner::Runner;
use orv_trial::{Caps, Inputs, Pace, Workshop};
use tempfile::TempDir;

use crate::attack::{Attempted, Outcome, judge};
use crate::protection::Protection;
pub use project::{PROGRAM, Project, file};
pub use trial::{Said, Scene, Trial};

/// Variable that every process of the suite's containers has, with this process's id.
pub const MARK: &str = "ORV_HOSTILE_SUITE";

/// The machine of one attack, with or without one protection.
pub struct Stage {
    pub directory: TempDir,
    pub without: Option<Protection>,
}

impl Stage {
    pub fn new(without: Option<Protection>) -> Self {
        let directory = TempDir::with_prefix(crate::host::prefix()).expect("a directory");
        // A victim of another id must find its program here.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).expect("a mode");
        fs::create_dir(directory.path().join("scratch")).expect("a directory");
        Stage { directory, without }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The verifier's runner, or the weakened one.
    pub fn runner(&self) -> Runner {
        let runner = Runner::new(self.path("scratch"));
        match self.without {
            Some(Protection::Runner(protection)) => runner.without(protection),
            _ => runner,
        }
    }

    /// The bounds of a bundle, or these without one.
    pub fn quota(&self, quota: Quota) -> Quota {
        match self.without {
            Some(Protection::Bound(bound)) => bound.lifted(quota),
            _ => quota,
        }
    }

    /// Whether an archive is let in.
    pub fn admitted(&self, archive: Vec<u8>) -> Attempted {
        self.admitted_under(Quota::project(), archive)
    }

    /// The same under smaller bounds than a bundle's, where those would take a gigabyte to meet.
    pub fn admitted_under(&self, quota: Quota, archive: Vec<u8>) -> Attempted {
        match archive::read(archive.into(), &self.quota(quota)) {
            Ok(tree) => judge(true, format!("{} files", tree.len())),
            Err(error) => judge(false, error.to_string()),
        }
    }

    /// Lays a project out as the enclave does, and acts.
    pub fn prepared<T>(
        &self,
        project: &Project,
        act: impl FnOnce(&Scene<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let documents = project.documents()?;
        let (snapshot, benchmark, candidate) = (project.snapshot()?, project.benchmark()?, project.submission()?);
        let inputs = Inputs {
            documents: &documents,
            snapshot: &snapshot,
            benchmark: &benchmark,
            image: None,
            incumbent: None,
            candidate: Some(&candidate),
        };
        let directory = TempDir::new_in(self.directory.path()).map_err(|error| error.to_string())?;
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).map_err(|error| error.to_string())?;
        let runner = self.runner();
        let workshop = Workshop::prepare(&inputs, &runner, Caps::ENCLAVE, directory.path(), || Pace::UNHURRIED);
        let workshop = workshop.map_err(|error| format!("preparation: {error}"))?;
        act(&Scene {
            workshop: &workshop,
            documents: &documents,
            runner: &runner,
            directory: directory.path(),
        })
    }

    /// One trial of a project.
    pub fn trial(&self, project: &Project) -> Result<Trial, String> {
        self.prepared(project, |scene| scene.trial())
    }

    /// The attack of these words in the shared project; it says itself whether it got anything.
    pub fn words(&self, words: &str) -> Attempted {
        self.trial(&Project::shared(words))?.by_its_word()
    }

    /// The same words in two trials of one job: has the second anything of the first?
    pub fn twice(&self, words: &str) -> Attempted {
        self.prepared(&Project::shared(words), |scene| {
            match scene.trial()?.by_its_word()? {
                Outcome::Succeeded(got) => return Err(format!("the first trial had found something: {got}")),
                Outcome::Contained(_) => {}
            }
            scene.trial()?.by_its_word()
        })
    }

    /// The words after something has been put where no bundle can put it.
    pub fn planted(&self, words: &str, plant: impl FnOnce(&Path) -> std::io::Result<()>) -> Attempted {
        self.prepared(&Project::shared(words), |scene| {
            plant(scene.directory).map_err(|error| format!("planting: {error}"))?;
            scene.trial()?.by_its_word()
        })
    }

    /// Whether a candidate has got a better metric than its due.
    pub fn forged(&self, project: &Project) -> Attempted {
        self.trial(project)?.forged()
    }

    /// Whether a trial counts that must not.
    pub fn counted(&self, project: &Project) -> Attempted {
        let trial = self.trial(project)?;
        judge(trial.metric().is_some(), trial.describe())
    }
}
