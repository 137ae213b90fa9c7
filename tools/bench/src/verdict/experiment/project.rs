//! A split project whose metric is the time of a shell loop.

use super::ExperimentError;
use crate::stage::Stage;
use orv_content::archive::Quota;
use orv_content::materialize::read_directory;
use orv_content::oci::{ManifestDigest, write_single_layer};
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_protocol::PlatformTier;
use orv_protocol::judgement::{Case, IncumbentSource};
use orv_protocol::metric::Decimal;
use orv_protocol::score::{Rounding, Score};
use orv_receipt::rule::Documents;
use orv_trial::{Caps, Inputs, Pace, Workshop};
use serde_json::json;
use std::path::PathBuf;

/// Asks twice, the second time for what is timed in earnest; writes that the answers were right.
const JUDGE: &str = "echo ready >&3; read answer <&3; echo go >&3; read answer <&3; echo ok >&4";

/// Answers each line after a loop of as many steps as the tree's file says; the first after one step.
const CANDIDATE: &str = "read steps < steps; read line <&3; echo ready >&3; read line <&3; \
                         i=0; while [ $i -lt $steps ]; do i=$((i+1)); done; echo done >&3";

/// Everything that a workshop is prepared from.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) documents: Documents,
    snapshot: Tree,
    candidate: Tree,
    benchmark: Tree,
    image: Tree,
    directory: PathBuf,
}

impl Work {
    /// A snapshot and a candidate with loops of so many steps.
    pub(super) fn new(stage: &Stage, name: &str, snapshot: u64, candidate: u64) -> Result<Self, ExperimentError> {
        let image = read_directory(&stage.path("image"), &Quota::image())?;
        let (image, digest) = write_single_layer(&image, vec!["PATH=/bin".to_owned()], "/work")?;
        Ok(Self {
            documents: documents(&digest)?,
            snapshot: tree(snapshot)?,
            candidate: tree(candidate)?,
            benchmark: Tree::new(),
            image,
            directory: stage.make(name)?,
        })
    }

    pub(super) fn inputs(&self) -> Inputs<'_, '_> {
        Inputs {
            documents: &self.documents,
            snapshot: &self.snapshot,
            benchmark: &self.benchmark,
            image: Some(&self.image),
            incumbent: None,
            candidate: Some(&self.candidate),
        }
    }

    pub(super) fn workshop<'a>(
        &'a self,
        stage: &'a Stage,
        inputs: &Inputs<'a, '_>,
    ) -> Result<Workshop<'a>, ExperimentError> {
        Ok(Workshop::prepare(
            inputs,
            stage.runner(),
            Caps::ENCLAVE,
            &self.directory,
            || Pace::UNHURRIED,
        )?)
    }

    pub(super) fn score(&self, metric: &Decimal) -> Option<Score> {
        let rule = self.documents.project.score;
        let direction = self.documents.protocol.measurement.primary_metric.direction;
        Score::from_metric(metric, rule.scale, rule.sign, direction, Rounding::TowardMinusInfinity).ok()
    }

    pub(super) fn case(&self, baseline: Score, secret: [u8; 32]) -> Case {
        let Documents { protocol, project } = &self.documents;
        Case {
            direction: protocol.measurement.primary_metric.direction,
            sign_rule: project.score.sign,
            scale: project.score.scale,
            margin: protocol.measurement.margin(),
            noise_floor: None,
            max_jump: None,
            baseline,
            incumbent: baseline,
            incumbent_source: IncumbentSource::Snapshot,
            channel: project.channel(),
            tier: PlatformTier::TrustedCounter,
            secret,
        }
    }
}

/// The size of a score, for quotients of two.
pub(super) fn seconds(score: Score) -> f64 {
    score.magnitude().to_string().parse().unwrap_or(f64::NAN)
}

fn tree(steps: u64) -> Result<Tree, ExperimentError> {
    let mut tree = Tree::new();
    let node = Node::File {
        executable: Executable::No,
        content: format!("{steps}\n").into(),
    };
    tree.insert(TreePath::new("steps")?, node)?;
    Ok(tree)
}

fn documents(image: &ManifestDigest) -> Result<Documents, ExperimentError> {
    let side = |script: &str| json!({ "command": ["/bin/busybox", "sh", "-c", script] });
    let project = json!({
        "schema": "openresearch/1",
        "score": { "scale": "1", "sign": "negate-if-minimize" },
        "metric": { "source": "window-time" },
        "image": { "manifest": image.to_string() },
        "judge": side(JUDGE),
        "candidate": side(CANDIDATE),
    });
    let protocol = include_str!("protocol.json");
    Ok(Documents::parse(
        protocol.as_bytes(),
        Some(project.to_string().as_bytes()),
    )?)
}
