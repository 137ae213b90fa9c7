//! What a further trial costs beyond the time of the program that it runs.

use crate::account::{Account, AccountError};
use crate::cost::{Cost, milliseconds};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::inside::{self, Work};
use crate::stage::{PROGRAM, Stage, StageError};
use crate::statistics::{Draw, Sample};
use orv_content::archive::Quota;
use orv_content::materialize::{ReadError, read_directory};
use orv_content::oci::{ManifestDigest, OciError, write_single_layer};
use orv_content::tree::{Executable, Node, PathError, Tree, TreeError, TreePath};
use orv_protocol::judgement::Arm;
use orv_receipt::rule::{Documents, RuleError};
use orv_receipt::{Ending, Observation};
use orv_trial::{Caps, Inputs, Pace, PrepareError, TrialError, Workshop};
use serde_json::json;
use std::time::Duration;

/// The tree of every arm: 2,000 files in 40 folders, 50 MB.
const FILES: usize = 2_000;
const FOLDERS: usize = 40;
const FILE_BYTES: usize = 25_000;

/// What a trial may cost.
const MOST_MILLISECONDS: f64 = 30.0;

/// Requests of the split project's judge.
const REQUESTS: &str = "10";

/// Why trials could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialBenchError {
    /// A directory could not be made.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The image could not be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The image could not be written.
    #[error(transparent)]
    Image(#[from] OciError),
    /// A path of ours is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Our files do not make a tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Our documents are no project.
    #[error(transparent)]
    Documents(#[from] RuleError),
    /// Trials could not begin.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A trial could not be run.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The program failed inside, or did not say how long it took.
    #[error("a trial ended with {ending:?} and no time of its own: {log}")]
    NoTime {
        /// How.
        ending: Ending,
        /// What it wrote.
        log: String,
    },
    /// Processor time could not be told.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Who measures: one command, or a judge beside the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Shared,
    Split,
}

/// One trial.
struct Trial {
    cost: Cost,
    own: Duration,
}

pub(super) fn measure(account: &Account, stage: &Stage, trials: usize) -> Result<Section, TrialBenchError> {
    let mut table = Table::new(&[
        "project",
        "trial, wall median",
        "the program's own",
        "beyond it",
        "cpu of the whole trial",
    ]);
    let mut targets = Vec::new();
    for (channel, name) in [(Channel::Shared, "shared"), (Channel::Split, "split")] {
        let found = run(account, stage, channel, trials)?;
        let of = |figure: fn(&Trial) -> Duration| Sample::of(found.iter().map(|trial| milliseconds(figure(trial))));
        let cell = |sample: Option<Sample>| {
            sample.map_or(Cell::Nothing, |sample| Cell::of(sample.median(), Unit::Milliseconds))
        };
        let beyond = of(|trial| trial.cost.wall.saturating_sub(trial.own));
        let cpu = of(|trial| trial.cost.cpu);
        table.rows.push(vec![
            Cell::text(name),
            cell(of(|trial| trial.cost.wall)),
            cell(of(|trial| trial.own)),
            Cell::estimate(beyond.as_ref(), Unit::Milliseconds),
            cell(cpu),
        ]);
        if let Some(beyond) = beyond {
            let bound = Bound::AtMost(MOST_MILLISECONDS);
            let name = format!("a further trial of a {name} project");
            targets.push(Target::new(name, beyond.median(), Unit::Milliseconds, bound));
        }
    }
    Ok(Section {
        name: "trial",
        title: "A further trial with a tree of 50 MB".to_owned(),
        method: format!(
            "{trials} trials through `orv_trial::Workshop`, after one that does not count. The tree has {FILES} files. \
             The shared project's program reads all of them and rewrites one, and prints its own time from the first \
             line of its `main`; the split one's time is its judge's, who asks {REQUESTS} requests. Beyond it: fresh \
             tree and containers, starting, reporting, taking down. Median with its 99 % interval."
        ),
        table,
        targets,
        notes: Vec::new(),
    })
}

fn run(account: &Account, stage: &Stage, channel: Channel, trials: usize) -> Result<Vec<Trial>, TrialBenchError> {
    let name = match channel {
        Channel::Shared => "shared",
        Channel::Split => "split",
    };
    let directory = stage.make(&format!("workshop-{name}"))?;
    let snapshot = snapshot()?;
    let (image, digest) = image(stage)?;
    let documents = documents(channel, &digest)?;
    let benchmark = Tree::new();
    let inputs = Inputs {
        documents: &documents,
        snapshot: &snapshot,
        benchmark: &benchmark,
        image: Some(&image),
        incumbent: None,
        candidate: None,
    };
    let workshop = Workshop::prepare(&inputs, stage.runner(), Caps::ENCLAVE, &directory, || Pace::UNHURRIED)?;
    let mut found = Vec::with_capacity(trials);
    for index in 0..=trials {
        let (observation, cost) = account.cost_of(|| workshop.run(Arm::Snapshot, &[7; 32]))?;
        let own = own_time(channel, &observation?)?;
        // The first one also gives the tree to the payload.
        if index > 0 {
            found.push(Trial { cost, own });
        }
    }
    Ok(found)
}

fn own_time(channel: Channel, observation: &Observation) -> Result<Duration, TrialBenchError> {
    let measured = &observation.measured;
    let exited = measured.ending == Ending::Exited && measured.number == 0 && observation.violation.is_none();
    let nanoseconds = match channel {
        Channel::Split => Some(measured.wall_nanoseconds),
        Channel::Shared => {
            let printed = String::from_utf8_lossy(&observation.metric);
            let mut lines = printed
                .lines()
                .filter_map(|line| line.strip_prefix("own-nanoseconds: "));
            lines.next().and_then(|number| number.parse().ok())
        }
    };
    let log = || String::from_utf8_lossy(&measured.log).into_owned();
    nanoseconds
        .filter(|_| exited)
        .map(Duration::from_nanos)
        .ok_or_else(|| TrialBenchError::NoTime {
            ending: measured.ending,
            log: log(),
        })
}

fn snapshot() -> Result<Tree, TrialBenchError> {
    let mut tree = Tree::new();
    let mut draw = Draw::from_seed(50);
    for file in 0..FILES {
        let bytes: Vec<u8> = std::iter::repeat_with(|| draw.next().to_le_bytes())
            .flatten()
            .take(FILE_BYTES)
            .collect();
        let path = TreePath::new(format!("folder-{:02}/file-{file:04}", file % FOLDERS))?;
        let node = Node::File {
            executable: Executable::No,
            content: bytes.into(),
        };
        tree.insert(path, node)?;
    }
    Ok(tree)
}

/// The stage's image, with what stands in for a `bash`.
fn image(stage: &Stage) -> Result<(Tree, ManifestDigest), TrialBenchError> {
    let mut image = read_directory(&stage.path("image"), &Quota::image())?;
    let node = Node::File {
        executable: Executable::Yes,
        content: "#!/bin/busybox sh\nexec /bin/busybox sh \"$@\"\n".into(),
    };
    image.insert(TreePath::new("bin/bash")?, node)?;
    Ok(write_single_layer(&image, vec!["PATH=/bin".to_owned()], "/work")?)
}

fn documents(channel: Channel, image: &ManifestDigest) -> Result<Documents, TrialBenchError> {
    let tree = format!("{PROGRAM} {} {}", inside::ARGUMENT, Work::Tree.name());
    let protocol = include_str!("protocol.json").replace("COMMAND", &tree);
    let mut project = json!({
        "schema": "openresearch/1",
        "score": { "scale": "1", "sign": "negate-if-minimize" },
        "image": { "manifest": image.to_string() },
    });
    if let (Channel::Split, Some(project)) = (channel, project.as_object_mut()) {
        let side = |work: Work, more: &[&str]| {
            let words = [PROGRAM, inside::ARGUMENT, work.name(), "3"];
            json!({ "command": words.iter().chain(more).collect::<Vec<_>>() })
        };
        project.insert("judge".to_owned(), side(Work::Judge, &[REQUESTS]));
        project.insert("candidate".to_owned(), side(Work::Candidate, &[]));
    }
    Ok(Documents::parse(
        protocol.as_bytes(),
        Some(project.to_string().as_bytes()),
    )?)
}
