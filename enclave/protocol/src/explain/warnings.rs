//! What a creator should know of a protocol that is read: nothing here refuses it.

use crate::document::{Environment, Execution, ExtractKind, Measurement, Protocol, SeedMode, SetupCommand, SetupTool};
use crate::metric;
use crate::project::ProjectManifest;
use crate::score::{Bips, Direction};
use crate::verdict::MetricChannel;

/// Something to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Path of the field that it is about, keys joined by dots.
    pub path: &'static str,
    /// What is so.
    pub what: String,
    /// What can be done.
    pub next: &'static str,
}

/// All warnings, in the document's order.
pub(super) fn of(protocol: &Protocol, manifest: Option<&ProjectManifest>) -> Vec<Warning> {
    let channel = manifest.map_or(MetricChannel::Shared, ProjectManifest::channel);
    let mut list = List(Vec::new());
    list.environment(&protocol.environment, manifest);
    list.surface(protocol);
    list.execution(&protocol.execution, channel);
    list.measurement(&protocol.measurement, channel);
    list.0
}

struct List(Vec<Warning>);

impl List {
    fn add(&mut self, path: &'static str, what: impl Into<String>, next: &'static str) {
        self.0.push(Warning {
            path,
            what: what.into(),
            next,
        });
    }

    fn environment(&mut self, environment: &Environment, manifest: Option<&ProjectManifest>) {
        let fetches = |command: &SetupCommand| match command {
            SetupCommand::Tool { kind, .. } => matches!(
                kind,
                SetupTool::Pip | SetupTool::Uv | SetupTool::Npm | SetupTool::Pnpm | SetupTool::Yarn
            ),
            SetupCommand::Shell(_) => false,
        };
        if environment.setup_commands.iter().any(fetches) {
            self.add(
                "environment.setupCommands",
                "a package manager runs without a network: what it fetches must be in the image already",
                "install packages into the image",
            );
        }
        let pinned = environment
            .sandbox
            .as_ref()
            .is_some_and(|sandbox| sandbox.image.is_some());
        if !pinned && manifest.is_none_or(|manifest| manifest.image.is_none()) {
            self.add(
                "environment.sandbox.image",
                "no image is pinned by digest here",
                "pin it in benchmark/openresearch.json or here: without one there is no verdict",
            );
        }
        if environment.constraints.no_new_dependencies == Some(true) {
            self.add(
                "environment.constraints.noNewDependencies",
                "is not enforced by itself: nothing can be fetched, but a candidate may bring code within its surface",
                "keep allowedGlobs narrow",
            );
        }
        if environment
            .constraints
            .network_allowlist
            .as_ref()
            .is_some_and(|hosts| !hosts.is_empty())
        {
            self.add(
                "environment.constraints.networkAllowlist",
                "has no effect: there is no network at all",
                "put what is needed into the image or the benchmark",
            );
        }
    }

    fn surface(&mut self, protocol: &Protocol) {
        let globs = &protocol.mutable_surface.allowed_globs;
        if globs.iter().any(|glob| glob.trim_matches(['*', '/']).is_empty()) {
            self.add(
                "mutableSurface.allowedGlobs",
                "opens the whole tree: every file that nothing protects is the candidate's",
                "name the files that are to be improved",
            );
        }
        if protocol.immutable_harness.paths.is_empty() {
            self.add(
                "immutableHarness.paths",
                "protects nothing: only the benchmark's harness/ and what is not allowed stays the project's",
                "name the files that measure",
            );
        }
    }

    fn execution(&mut self, execution: &Execution, channel: MetricChannel) {
        if channel == MetricChannel::Split {
            self.add(
                "execution.command",
                "is not run: the project is split, and openresearch.json has both commands",
                "keep it for readers that know no split projects",
            );
        }
        let derivation = execution
            .determinism
            .as_ref()
            .and_then(|determinism| determinism.seed_derivation.as_ref());
        match (derivation.map(|derivation| derivation.mode), channel) {
            (Some(SeedMode::FiatShamir), MetricChannel::Shared) => self.add(
                "execution.determinism.seedDerivation.mode",
                "the seed follows from the candidate's own files, so a miner can change a comment until it is a lucky one",
                "make the project split: its judge gets a seed that nobody knows beforehand",
            ),
            (Some(SeedMode::Fixed), MetricChannel::Shared) => self.add(
                "execution.determinism.seedDerivation.mode",
                "the seed is known to everybody, so a candidate can be fitted to it",
                "make the project split: its judge gets a seed that nobody knows beforehand",
            ),
            (Some(SeedMode::FiatShamir | SeedMode::Fixed), MetricChannel::Split) => self.add(
                "execution.determinism.seedDerivation.mode",
                "has no effect: a split project's judge gets a seed of the enclave's",
                "nothing",
            ),
            (Some(SeedMode::None) | None, _) => {}
        }
    }

    fn measurement(&mut self, measurement: &Measurement, channel: MetricChannel) {
        let primary = &measurement.primary_metric;
        if primary.direction == Direction::Minimize {
            self.add(
                "measurement.primaryMetric.direction",
                "the score of a minimised metric is its negative: the baseline on chain must not be positive",
                "publish with orv, which negates it",
            );
        }
        if channel == MetricChannel::Shared {
            self.shared(measurement);
        }
        if measurement.margin() == Bips(0) {
            self.add(
                "measurement.minScoreImprovementBips",
                "is zero: one unit of score is enough, so noise may win",
                "measure the noise (orv project baseline) and ask for more",
            );
        }
        let sampling = measurement.sampling.as_ref();
        if sampling.is_some_and(|sampling| sampling.max_relative_std_dev.is_some()) {
            self.add(
                "measurement.sampling.maxRelativeStdDev",
                "is shown beside a verdict and decides none: noise is judged by the interval of paired trials",
                "set metric.noise_floor_bips in openresearch.json",
            );
        }
        let secondary = measurement.secondary_metrics.as_deref().unwrap_or_default();
        let unseen = |metric: &crate::document::SecondaryMetric| {
            metric
                .extract
                .as_ref()
                .is_none_or(|extract| extract.kind() == ExtractKind::Custom)
        };
        if secondary.iter().any(unseen) {
            self.add(
                "measurement.secondaryMetrics",
                "one is not extracted, so receipts do not show it",
                "say how it is found",
            );
        }
    }

    fn shared(&mut self, measurement: &Measurement) {
        let primary = &measurement.primary_metric;
        self.add(
            "measurement.primaryMetric.extract",
            "without a judge the candidate's code runs in the process that prints the metric, and can print one itself: \
             receipts call the channel shared, a weaker tier",
            "give openresearch.json a judge and a candidate command",
        );
        let kind = primary.extract.kind();
        if matches!(kind, ExtractKind::Junit | ExtractKind::PytestSummary) {
            self.add(
                "measurement.primaryMetric.extract.kind",
                "counts the tests that passed; a run that exits with another code than 0 has no metric, and pytest exits 1 \
                 when a test fails",
                "end the command so that failed tests are counted and not fatal",
            );
            if primary.direction == Direction::Minimize {
                self.add(
                    "measurement.primaryMetric.direction",
                    "fewer tests that passed would be better",
                    "write maximize",
                );
            }
        }
        match &primary.extract.example_stdout {
            None => self.add(
                "measurement.primaryMetric.extract.exampleStdout",
                "there is no example, so nobody has tried the extraction",
                "add what the command prints",
            ),
            Some(example) => {
                if let Err(error) = metric::extract(&primary.extract, example.as_bytes()) {
                    self.add(
                        "measurement.primaryMetric.extract.exampleStdout",
                        format!("the extraction does not find one plain number in it: {error}"),
                        "correct the pattern or the example: a project with this is not published",
                    );
                }
            }
        }
    }
}
