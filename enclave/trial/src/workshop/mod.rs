//! Lays out what the trials of one job need: the image, the judge's files, and one prepared tree for each arm.

mod disk;
mod error;
mod pace;
mod setup;

pub use error::{Fault, PrepareError};
pub use pace::Pace;

use crate::caps::Caps;
use crate::container;
use crate::processors::Processors;
use disk::{lay_out, make, open};
use orv_content::Sha256;
use orv_content::archive::Quota;
use orv_content::oci::{self, Image, ManifestDigest};
use orv_content::tree::Tree;
use orv_protocol::judgement::Arm;
use orv_protocol::seed::{SeedVariable, seed_variable};
use orv_protocol::surface::{self, Difference};
use orv_receipt::ImageRecord;
use orv_receipt::rule::Documents;
use orv_runner::{Runner, WorkTree};
use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// The verified inputs of a job. The trees are needed until the workshop is prepared and no longer: by then their files
/// are on disk.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'documents, 'trees> {
    /// protocol.json and openresearch.json.
    pub documents: &'documents Documents,
    /// The project's repository.
    pub snapshot: &'trees Tree,
    /// The benchmark bundle.
    pub benchmark: &'trees Tree,
    /// The image layout, where the benchmark does not carry it.
    pub image: Option<&'trees Tree>,
    /// The incumbent's submission, where there is one and its bytes were to be had.
    pub incumbent: Option<&'trees Tree>,
    /// The candidate's submission; a creator who measures a baseline has none.
    pub candidate: Option<&'trees Tree>,
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

/// Everything that the trials of one job need, on disk under one directory. It holds no file in memory.
#[derive(Debug)]
pub struct Workshop<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) documents: &'a Documents,
    pub(crate) caps: Caps,
    pub(crate) processors: Processors,
    pub(crate) rootfs: PathBuf,
    pub(crate) judge_files: PathBuf,
    pub(crate) judge_work: WorkTree,
    pub(crate) environment: Vec<String>,
    image: ImageRecord,
    arms: BTreeMap<Source, Prepared>,
    incumbent_unusable: Option<PrepareError>,
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
    /// Lays out image, judge and arms beneath `directory`, which must be empty and belongs to the workshop. Before every
    /// step, and again and again while a command runs, `pace` is asked whether to go on. An incumbent that cannot be laid
    /// out or set up, while the snapshot can, is left out (docs/decisions/0017): [`Self::incumbent_unusable`].
    ///
    /// # Errors
    /// [`PrepareError`]; its [`PrepareError::fault`] says whose.
    pub fn prepare(
        inputs: &Inputs<'a, '_>,
        runner: &'a Runner,
        caps: Caps,
        directory: &Path,
        mut pace: impl FnMut() -> Pace,
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
            environment: image.config().env.clone(),
            // Copies: what the image lends keeps a whole archive in memory.
            image: ImageRecord {
                manifest: image.manifest_bytes().to_vec(),
                config: image.config_bytes().to_vec(),
            },
            arms: BTreeMap::new(),
            incumbent_unusable: None,
        };
        drop(image);
        let harness = folder(inputs.benchmark, "harness")?;
        let submissions = [
            (Source::Incumbent, inputs.incumbent),
            (Source::Candidate, inputs.candidate),
        ];
        let given = submissions
            .into_iter()
            .filter_map(|(source, tree)| tree.map(|tree| (source, Some(tree))));
        for (source, submission) in [(Source::Snapshot, None)].into_iter().chain(given) {
            setup::time_left(&mut pace, source, 0)?;
            let prepared = workshop
                .lay_out_arm(source, submission, inputs.snapshot, &harness, directory)
                .and_then(|()| workshop.check_commands(source))
                .and_then(|()| workshop.set_up(source, &mut pace));
            match prepared {
                Err(error) if error.is_the_incumbents() => {
                    workshop.arms.remove(&source);
                    workshop.incumbent_unusable = Some(error);
                }
                prepared => prepared?,
            }
        }
        Ok(workshop)
    }

    /// The image that the trials run in, as it goes on record.
    pub fn image(&self) -> &ImageRecord {
        &self.image
    }

    /// Tree hash of an arm as measured.
    pub fn tree_hash(&self, arm: Arm) -> Option<Sha256> {
        self.arms.get(&self.source_of(arm)).map(|prepared| prepared.tree)
    }

    /// Why the incumbent's submission was left out, if it was.
    pub fn incumbent_unusable(&self) -> Option<&PrepareError> {
        self.incumbent_unusable.as_ref()
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

    fn lay_out_arm(
        &mut self,
        source: Source,
        submission: Option<&Tree>,
        snapshot: &Tree,
        harness: &Tree,
        directory: &Path,
    ) -> Result<(), PrepareError> {
        let arm = source.name();
        let composition = surface::compose(snapshot, harness, submission, &self.documents.protocol)
            .map_err(|source| PrepareError::Compose { arm, source })?;
        let prepared = Prepared {
            seed_variable: seed_variable(&self.documents.protocol, &composition.tree)?,
            tree: composition.tree.hash(),
            differences: composition.differences,
            work: WorkTree {
                lower: lay_out(&composition.tree, directory, arm)?,
                layers: Vec::new(),
                size_limit: self.caps.scratch,
            },
        };
        self.arms.insert(source, prepared);
        Ok(())
    }

    /// Refuses what an arm is to run where that could be run nowhere: found out by a run, it would look like the failure
    /// of this machine.
    fn check_commands(&self, source: Source) -> Result<(), PrepareError> {
        let Some(Prepared {
            work, seed_variable, ..
        }) = self.arms.get(&source)
        else {
            return Ok(());
        };
        let setup = self.documents.protocol.environment.setup_commands.iter();
        let mut containers: Vec<_> = setup
            .map(|command| container::setup(self, work.clone(), command.argv(), self.caps.setup_time))
            .collect();
        match &self.documents.project.split {
            Some(commands) => containers.extend([
                container::judge(self, &commands.judge, &[0; 32]),
                container::candidate(self, work.clone(), &commands.candidate),
            ]),
            None => containers.push(container::shared(self, work.clone(), seed_variable.as_ref())),
        }
        let arm = source.name();
        let checks = containers.iter().map(|container| self.runner.check(container));
        checks
            .collect::<Result<(), _>>()
            .map_err(|source| PrepareError::Unfit { arm, source })
    }
}

fn open_image(inputs: &Inputs<'_, '_>) -> Result<Image, PrepareError> {
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
