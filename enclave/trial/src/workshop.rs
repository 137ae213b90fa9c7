//! Lays out what the trials of one job need: the image, the judge's files, and one prepared tree for each arm.

use crate::caps::{Caps, CapsError, LEAST_SCRATCH};
use crate::container;
use crate::processors::Processors;
use orv_content::Sha256;
use orv_content::archive::Quota;
use orv_content::materialize::{self, MaterializeError};
use orv_content::oci::{self, Image, ManifestDigest, OciError};
use orv_content::tree::{Tree, TreeError};
use orv_protocol::judgement::Arm;
use orv_protocol::project::ImageError;
use orv_protocol::seed::{SeedError, SeedVariable, seed_variable};
use orv_protocol::surface::{self, Difference, SurfaceError};
use orv_receipt::rule::Documents;
use orv_runner::{Exit, Report, Runner, RunnerError, WorkTree};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The verified inputs of a job.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// protocol.json and openresearch.json.
    pub documents: &'a Documents,
    /// The project's repository.
    pub snapshot: &'a Tree,
    /// The benchmark bundle.
    pub benchmark: &'a Tree,
    /// The image layout, where the benchmark does not carry it.
    pub image: Option<&'a Tree>,
    /// The incumbent's submission, where there is one and its bytes were to be had.
    pub incumbent: Option<&'a Tree>,
    /// The candidate's submission; a creator who measures a baseline has none.
    pub candidate: Option<&'a Tree>,
}

/// Whose tree an arm runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Snapshot,
    Incumbent,
    Candidate,
}

/// One arm, ready to run.
#[derive(Debug)]
struct Prepared {
    work: WorkTree,
    tree: Sha256,
    differences: Vec<Difference>,
    seed_variable: Option<SeedVariable>,
}

/// Everything that the trials of one job need, on disk under one directory.
#[derive(Debug)]
pub struct Workshop<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) documents: &'a Documents,
    pub(crate) caps: Caps,
    pub(crate) processors: Processors,
    pub(crate) rootfs: PathBuf,
    pub(crate) judge_files: PathBuf,
    pub(crate) judge_work: WorkTree,
    pub(crate) image: Image,
    arms: BTreeMap<Source, Prepared>,
}

/// Why trials cannot begin. The first group is the project's fault, the second the candidate's, the third ours.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The documents pin no image, or two.
    #[error(transparent)]
    ImagePin(#[from] ImageError),
    /// The image is not what its digest says, or not one that we unpack.
    #[error("image: {0}")]
    Image(#[from] OciError),
    /// The benchmark bundle's folders cannot be used.
    #[error("benchmark: {0}")]
    Benchmark(TreeError),
    /// The project asks for bounds that cannot be used.
    #[error(transparent)]
    Caps(#[from] CapsError),
    /// The files of an arm cannot stand beside each other.
    #[error("{arm}: {source}")]
    Compose {
        /// Whose tree.
        arm: &'static str,
        /// What is wrong.
        source: SurfaceError,
    },
    /// The protocol's seed cannot be derived.
    #[error("seed: {0}")]
    Seed(#[from] SeedError),
    /// A setup command failed.
    #[error("{arm}: setup command {index} ended with {exit:?}")]
    Setup {
        /// Whose tree.
        arm: &'static str,
        /// Which command, from 0.
        index: usize,
        /// How it ended.
        exit: Exit,
    },
    /// Files could not be written here.
    #[error("{path}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A tree could not be written here.
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
    /// The runner failed.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

/// Who has to mend a [`PrepareError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The creator's files.
    Project,
    /// The candidate's files.
    Candidate,
    /// This machine.
    Machine,
}

impl PrepareError {
    /// Who has to mend it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Compose { arm, .. } | Self::Setup { arm, .. } if *arm == Source::Candidate.name() => Fault::Candidate,
            Self::Disk { .. } | Self::Materialize(_) | Self::Runner(_) => Fault::Machine,
            _ => Fault::Project,
        }
    }
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Incumbent => "incumbent",
            Self::Candidate => "candidate",
        }
    }
}

impl<'a> Workshop<'a> {
    /// Lays out image, judge and arms beneath `directory`, which must be empty and belongs to the workshop.
    ///
    /// # Errors
    /// [`PrepareError`]; its [`PrepareError::fault`] says whose.
    pub fn prepare(
        inputs: &Inputs<'a>,
        runner: &'a Runner,
        caps: Caps,
        directory: &Path,
    ) -> Result<Self, PrepareError> {
        let documents = inputs.documents;
        let caps = caps.narrowed(&documents.protocol, &documents.project)?;
        let image = open_image(inputs)?;
        let rootfs = make(directory, "rootfs")?;
        image.unpack_into(open(&rootfs)?.as_fd())?;
        let judge_files = lay_out(&folder(inputs.benchmark, "judge")?, directory, "judge")?;
        let judge_work = WorkTree {
            lower: make(directory, "judge-work")?,
            layers: Vec::new(),
            size_limit: caps.scratch,
        };
        let mut workshop = Self {
            runner,
            documents,
            caps,
            processors: Processors::of_this_process(),
            rootfs,
            judge_files,
            judge_work,
            image,
            arms: BTreeMap::new(),
        };
        let harness = folder(inputs.benchmark, "harness")?;
        workshop.add(Source::Snapshot, inputs, &harness, None, directory)?;
        for (source, submission) in [
            (Source::Incumbent, inputs.incumbent),
            (Source::Candidate, inputs.candidate),
        ] {
            if let Some(submission) = submission {
                workshop.add(source, inputs, &harness, Some(submission), directory)?;
            }
        }
        Ok(workshop)
    }

    /// The image that the trials run in.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Tree hash of an arm as measured.
    pub fn tree_hash(&self, arm: Arm) -> Option<Sha256> {
        self.arms.get(&self.source_of(arm)).map(|prepared| prepared.tree)
    }

    /// What the candidate's submission had otherwise than the project outside its surface.
    pub fn candidate_differences(&self) -> &[Difference] {
        self.arms
            .get(&Source::Candidate)
            .map_or(&[], |prepared| &prepared.differences)
    }

    /// The prepared tree of an arm.
    pub(crate) fn work_of(&self, arm: Arm) -> Option<&WorkTree> {
        self.arms.get(&self.source_of(arm)).map(|prepared| &prepared.work)
    }

    /// The seed that a shared project's protocol fixes for an arm.
    pub(crate) fn seed_variable_of(&self, arm: Arm) -> Option<&SeedVariable> {
        self.arms
            .get(&self.source_of(arm))
            .and_then(|prepared| prepared.seed_variable.as_ref())
    }

    /// The shadow runs the tree of the arm that is the reference: the incumbent, else the snapshot.
    fn source_of(&self, arm: Arm) -> Source {
        match arm {
            Arm::Snapshot => Source::Snapshot,
            Arm::Candidate => Source::Candidate,
            Arm::Incumbent => Source::Incumbent,
            Arm::Shadow if self.arms.contains_key(&Source::Incumbent) => Source::Incumbent,
            Arm::Shadow => Source::Snapshot,
        }
    }

    fn add(
        &mut self,
        source: Source,
        inputs: &Inputs<'_>,
        harness: &Tree,
        submission: Option<&Tree>,
        directory: &Path,
    ) -> Result<(), PrepareError> {
        let arm = source.name();
        let composition = surface::compose(inputs.snapshot, harness, submission, &self.documents.protocol)
            .map_err(|source| PrepareError::Compose { arm, source })?;
        let seed_variable = seed_variable(&self.documents.protocol, &composition.tree)?;
        let lower = lay_out(&composition.tree, directory, arm)?;
        let mut work = WorkTree {
            lower,
            layers: Vec::new(),
            size_limit: self.caps.scratch,
        };
        let begun = Instant::now();
        let mut scratch_left = self.caps.scratch;
        for (index, command) in self.documents.protocol.environment.setup_commands.iter().enumerate() {
            let time_left = self.caps.setup_time.saturating_sub(begun.elapsed());
            let share = WorkTree {
                size_limit: scratch_left.max(LEAST_SCRATCH),
                ..work.clone()
            };
            let container = container::setup(self, share, command.argv(), time_left);
            let (Report { exit, .. }, layer) = self.runner.run_setup(&container)?;
            if exit != Exit::Code(0) {
                return Err(PrepareError::Setup { arm, index, exit });
            }
            scratch_left = scratch_left.saturating_sub(layer.bytes()?);
            work.layers.push(Arc::new(layer));
        }
        let tree = composition.tree.hash();
        let prepared = Prepared {
            work,
            tree,
            differences: composition.differences,
            seed_variable,
        };
        self.arms.insert(source, prepared);
        Ok(())
    }
}

fn open_image(inputs: &Inputs<'_>) -> Result<Image, PrepareError> {
    let digest = inputs.documents.project.image_digest(&inputs.documents.protocol)?;
    let digest = ManifestDigest(Sha256(digest.0));
    let carried;
    let layout = match inputs.image {
        Some(layout) => layout,
        None => {
            carried = folder(inputs.benchmark, "image")?;
            &carried
        }
    };
    Ok(oci::read_layout(layout, &digest, &Quota::image())?)
}

fn folder(benchmark: &Tree, name: &str) -> Result<Tree, PrepareError> {
    benchmark.subtree(name).map_err(PrepareError::Benchmark)
}

fn lay_out(tree: &Tree, directory: &Path, name: &str) -> Result<PathBuf, PrepareError> {
    let path = make(directory, name)?;
    materialize::write_beneath(tree, open(&path)?.as_fd())?;
    Ok(path)
}

fn make(directory: &Path, name: &str) -> Result<PathBuf, PrepareError> {
    let path = directory.join(name);
    fs::create_dir(&path).map_err(|source| PrepareError::Disk {
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

fn open(path: &Path) -> Result<File, PrepareError> {
    File::open(path).map_err(|source| PrepareError::Disk {
        path: path.to_owned(),
        source,
    })
}
