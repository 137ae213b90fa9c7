//! `orv trial`.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, value_parser};
use orv_chain::primitives::B256;
use orv_content::archive::{self, Quota};
use orv_content::materialize::read_directory;
use orv_content::tree::Tree;
use orv_creator::ImageLayout;
use orv_protocol::advice;
use orv_protocol::document::ImageDigest;
use orv_protocol::judgement::Arm;
use orv_protocol::project::{ImageError, ImageSource};
use orv_protocol::sampling::Plan;
use orv_receipt::{Bundle, Receipt, rule::Documents};
use orv_trial::agreement::disagreements;
use orv_trial::measurement::MeasureError;
use orv_trial::rehearsal::{RerunError, Seeding, rehearse, rerun};
use orv_trial::{Inputs, TrialError, missing_protections};

use super::{image::ImageArguments, trial_view};
use crate::{code::Code, failure::Failure, output::Answer, sandbox};

/// Trials where neither the arguments nor the protocol say how many.
const TRIALS: u16 = 3;

#[derive(Debug, Args)]
#[command(
    after_help = "The trials run in the verifier's containers, by the verifier's rules. Without a benchmark the protocol alone counts, with upstream's \
    conventions: shared, the metric found in the output.\n\n\
    With --ticket and --secret the judge gets the seed of that attempt; else each trial has a fresh one. With --receipt the whole job of the receipt \
    is run again, whatever the rule asks for, and compared field by field.\n\n\
    Examples:\n  sudo orv trial --protocol protocol.json --repo . --image-rootfs /srv/debian --json\n  \
    project=images/example/project\n  \
    lua=target/static/x86_64-unknown-linux-gnu/reproducible/lua\n  \
    sudo orv trial --protocol $project/protocol.json --repo $project/repository \\\n    \
    --benchmark $project/benchmark --image-file $lua=bin/lua --trials 2\n  \
    sudo orv trial --receipt 12.orv --repo snapshot --benchmark benchmark.tar \\\n    \
    --candidate candidate.tar --json"
)]
pub struct TrialArguments {
    /// protocol.json
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "receipt",
        conflicts_with = "receipt"
    )]
    protocol: Option<PathBuf>,
    /// The project's repository: a folder or a tar
    #[arg(long, value_name = "FOLDER|TAR")]
    repo: PathBuf,
    /// The project's benchmark: openresearch.json, harness/, judge/, image/
    #[arg(long, value_name = "FOLDER|TAR")]
    benchmark: Option<PathBuf>,
    /// A candidate's whole tree [default: the repository itself is measured]
    #[arg(long, value_name = "FOLDER|TAR", required_unless_present = "protocol")]
    candidate: Option<PathBuf>,
    #[command(flatten)]
    image: ImageArguments,
    /// How many trials count [default: the protocol's sampling, else 3]
    #[arg(long, value_parser = value_parser!(u16).range(1..=1000), conflicts_with = "receipt")]
    trials: Option<u16>,
    /// Ticket of an attempt, 32 bytes in hexadecimal
    #[arg(long, value_name = "HEX", requires = "secret", conflicts_with = "receipt")]
    ticket: Option<B256>,
    /// The enclave's secret of that attempt, as its receipt reveals it
    #[arg(long, value_name = "HEX", requires = "ticket", conflicts_with = "receipt")]
    secret: Option<B256>,
    /// A receipt whose job is run again
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The incumbent's tree, where the receipt names one
    #[arg(long, value_name = "FOLDER|TAR", requires = "receipt")]
    incumbent: Option<PathBuf>,
}

/// What trials are made of, read from this machine.
struct Files {
    documents: Documents,
    snapshot: Tree,
    benchmark: Tree,
    image: Option<Tree>,
    incumbent: Option<Tree>,
    candidate: Option<Tree>,
}

pub async fn run(arguments: TrialArguments) -> Result<Answer, Failure> {
    let record = arguments.receipt.as_deref().map(bundle_of).transpose()?;
    match record {
        Some(record) => run_again(arguments, record).await,
        None => run_protocol(arguments).await,
    }
}

async fn run_protocol(arguments: TrialArguments) -> Result<Answer, Failure> {
    let path = arguments
        .protocol
        .clone()
        .ok_or_else(|| Failure::missing("the protocol", "--protocol FILE"))?;
    let protocol = fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    let attempt = arguments.ticket.zip(arguments.secret);
    let asked = arguments.trials;
    let files = arguments.files(|benchmark| {
        let manifest = benchmark.file("openresearch.json").map(Bytes::as_ref);
        Documents::parse(&protocol, manifest).map_err(|error| Failure::new(Code::Project, error.to_string()))
    })?;
    let plan = plan(&files.documents, asked);
    let trials = plan.warmups.saturating_add(plan.measured);
    let count = u16::try_from(trials)
        .map_err(|_| Failure::new(Code::Usage, format!("{trials} trials are too many: give --trials")))?;
    let seeds = sandbox::seeds(count)?;
    let trials = usize::from(count);
    sandbox::measure(move |bench| {
        let seeding = match attempt {
            Some((ticket, secret)) => Seeding::Attempt { ticket, secret, trials },
            None => Seeding::Each(&seeds),
        };
        let arm = if files.candidate.is_some() {
            Arm::Candidate
        } else {
            Arm::Snapshot
        };
        let rehearsal = rehearse(&files.inputs(), arm, seeding, bench)?;
        let missing = missing_protections(bench.runner).map_err(TrialError::from)?;
        let submitted = files.candidate.as_ref();
        let advice = submitted.map(|tree| advice::of(&files.documents.protocol, &files.snapshot, tree));
        let advice = advice.unwrap_or_default();
        Ok::<_, MeasureError>(trial_view::rehearsed(
            &rehearsal,
            &plan,
            &files.documents,
            &missing,
            &advice,
        ))
    })
    .await
}

/// As many trials as were asked for, else as many as the protocol samples.
fn plan(documents: &Documents, asked: Option<u16>) -> Plan {
    let plan = Plan::of(&documents.protocol.measurement);
    match (asked, &documents.protocol.measurement.sampling) {
        (None, Some(_)) => plan,
        (asked, _) => Plan {
            warmups: 0,
            measured: asked.unwrap_or(TRIALS).into(),
            ..plan
        },
    }
}

async fn run_again(arguments: TrialArguments, record: Bundle) -> Result<Answer, Failure> {
    let files = arguments.files(|_| {
        Documents::parse(&record.protocol_json, record.project_json.as_deref())
            .map_err(|error| Failure::new(Code::Rerun, error.to_string()))
    })?;
    sandbox::measure(move |bench| {
        let again = rerun(&record, &files.inputs(), bench)?;
        let differences = disagreements(&record, &again, &files.documents);
        Ok::<_, RerunError>(trial_view::run_again(&again, &differences, &files.documents))
    })
    .await
}

impl TrialArguments {
    /// Reads everything; the documents come from whoever asks.
    fn files(self, documents: impl FnOnce(&Tree) -> Result<Documents, Failure>) -> Result<Files, Failure> {
        let given = |path: Option<PathBuf>| path.as_deref().map(tree_of).transpose();
        let benchmark = given(self.benchmark)?.unwrap_or_default();
        let mut documents = documents(&benchmark)?;
        let image = self.image.layout()?;
        let carried = benchmark.subtree("image").is_ok_and(|image| !image.is_empty());
        match &image {
            Some(image) => adopt(&mut documents, image),
            None if !carried => {
                return Err(Failure::new(
                    Code::NoImage,
                    "neither the arguments nor the benchmark have an image for the trials to run in",
                ));
            }
            None => {}
        }
        Ok(Files {
            documents,
            snapshot: tree_of(&self.repo)?,
            benchmark,
            image: image.map(|image| image.layout),
            incumbent: given(self.incumbent)?,
            candidate: given(self.candidate)?,
        })
    }
}

impl Files {
    fn inputs(&self) -> Inputs<'_, '_> {
        Inputs {
            documents: &self.documents,
            snapshot: &self.snapshot,
            benchmark: &self.benchmark,
            image: self.image.as_ref(),
            incumbent: self.incumbent.as_ref(),
            candidate: self.candidate.as_ref(),
        }
    }
}

/// Where neither document pins an image, or one leaves it open, the image that was given is the one that is meant.
fn adopt(documents: &mut Documents, image: &ImageLayout) {
    let open = match documents.project.image_digest(&documents.protocol) {
        Ok(digest) => digest == ImageDigest([0; 32]),
        Err(error) => error == ImageError::NotPinned,
    };
    if open {
        documents.project.image = Some(ImageSource {
            manifest: ImageDigest(image.digest.0.0),
            root: None,
        });
    }
}

/// A folder, or a tar with a single top folder left out.
fn tree_of(path: &Path) -> Result<Tree, Failure> {
    let unusable = |error: &dyn std::error::Error| Failure::new(Code::File, format!("{}: {error}", path.display()));
    if path.is_dir() {
        return read_directory(path, &Quota::project()).map_err(|error| unusable(&error));
    }
    let bytes = fs::read(path).map_err(|error| Failure::file(path, &error))?;
    let tree = archive::read(Bytes::from(bytes), &Quota::project()).map_err(|error| unusable(&error))?;
    tree.without_top_folder().map_err(|error| unusable(&error))
}

fn bundle_of(path: &Path) -> Result<Bundle, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::file(path, &error))?;
    Receipt::decode(&bytes)
        .and_then(|receipt| receipt.bundle())
        .map_err(|error| Failure::new(Code::Rerun, format!("{}: {error}", path.display())))
}
