//! The root of a content in memory: ours by every instruction set, a scalar port, 0G's own SDK.

use super::sdk::{self, Sdk};
use super::{ContentBenchError, content, scalar};
use crate::cost::{Cost, cost_of};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::statistics::Sample;
use orv_content::Root;
use orv_content::merkle::{Engine, Implementation, root_with};
use std::num::NonZeroUsize;
use std::path::Path;

/// Rounds in which the SDK takes part.
const SDK_ROUNDS: usize = 3;

const SCALAR: &str = "tiny-keccak, scalar";

/// One way to a root, and what it cost in each round.
struct Way {
    name: String,
    engine: Option<Engine>,
    costs: Vec<Cost>,
}

impl Way {
    fn ours(name: String, engine: Engine) -> Self {
        let (engine, costs) = (Some(engine), Vec::new());
        Self { name, engine, costs }
    }

    fn theirs(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            engine: None,
            costs: Vec::new(),
        }
    }

    fn sample(&self, figure: impl Fn(&Cost) -> f64) -> Option<Sample> {
        Sample::of(self.costs.iter().map(figure))
    }
}

/// Everybody once a round.
pub(super) fn measure(mebibytes: u32, rounds: usize, folder: Option<&Path>) -> Result<Section, ContentBenchError> {
    let content = content(mebibytes);
    let expected = root_with(&Engine::one_thread(), &content)?;
    let mut notes = Vec::new();
    let mut ours = engines();
    let mut port = Way::theirs(SCALAR);
    let mut foreign = Way::theirs("");
    let file = tempfile::NamedTempFile::new().and_then(|file| std::fs::write(&file, &content).map(|()| file));
    let file = file.map_err(|source| ContentBenchError::Disk {
        path: std::env::temp_dir(),
        source,
    })?;
    let installed = folder.filter(|folder| Sdk::is_in(folder)).map(|folder| Sdk {
        folder: folder.to_owned(),
        file: file.path().to_owned(),
    });
    if installed.is_none() {
        notes.push(format!("{} is not installed here and was not measured", sdk::PACKAGE));
    }
    for round in 0..rounds {
        for way in &mut ours {
            let engine = way.engine.unwrap_or_default();
            let (root, cost) = cost_of(|| root_with(&engine, &content))?;
            same("ours by other instructions", &root?.to_string(), &expected)?;
            way.costs.push(cost);
        }
        if mebibytes.is_power_of_two() {
            let (root, cost) = cost_of(|| scalar::root_of(&content))?;
            same(SCALAR, &Root(root).to_string(), &expected)?;
            port.costs.push(cost);
        }
        if let Some(sdk) = installed.as_ref().filter(|_| round < SDK_ROUNDS) {
            let told = sdk.root()?;
            same(sdk::PACKAGE, &told.root, &expected)?;
            foreign.name = format!("{} {}", sdk::PACKAGE, told.version);
            foreign.costs.push(told.cost);
        }
    }
    Ok(section(mebibytes, rounds, &ours, &[port, foreign], notes))
}

/// One thread beside two, on a content that takes longer than a scheduler needs to find the second processor.
pub(super) fn measure_threads(mebibytes: u32, rounds: usize) -> Result<Section, ContentBenchError> {
    let content = content(mebibytes);
    let one = Engine::one_thread();
    let two = one.with_threads(NonZeroUsize::MIN.saturating_add(1));
    let mut pairs = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let (first, alone) = cost_of(|| root_with(&one, &content))?;
        let (second, shared) = cost_of(|| root_with(&two, &content))?;
        same("ours on two threads", &second?.to_string(), &first?)?;
        pairs.push((alone, shared));
    }
    let gain = Sample::of(
        pairs
            .iter()
            .map(|(alone, shared)| alone.wall.div_duration_f64(shared.wall)),
    );
    let wall = |figure: fn(&(Cost, Cost)) -> Cost| {
        let sample = Sample::of(pairs.iter().map(|pair| figure(pair).wall.as_secs_f64() * 1e3));
        sample.map_or(Cell::Nothing, |sample| Cell::of(sample.median(), Unit::Milliseconds))
    };
    let mut table = Table::new(&["one thread, wall median", "two threads, wall median", "gain"]);
    table.rows.push(vec![
        wall(|pair| pair.0),
        wall(|pair| pair.1),
        Cell::estimate(gain.as_ref(), Unit::Ratio),
    ]);
    let gain = gain.map_or(f64::NAN, |gain| gain.median());
    Ok(Section {
        name: "threads",
        title: format!("Root of {mebibytes} MiB on one thread and on two"),
        method: format!("{rounds} rounds, one and two in turn; the gain is the median of the rounds' quotients."),
        table,
        targets: vec![Target::new(
            "gain by a second thread",
            gain,
            Unit::Ratio,
            Bound::AtLeast(1.8),
        )],
        notes: Vec::new(),
    })
}

fn same(who: &'static str, found: &str, expected: &Root) -> Result<(), ContentBenchError> {
    let expected = expected.to_string();
    if found == expected {
        return Ok(());
    }
    Err(ContentBenchError::OtherRoot {
        who,
        found: found.to_owned(),
        expected,
    })
}

/// The fastest on one thread and on two, then the others on one.
fn engines() -> Vec<Way> {
    let fastest = Engine::one_thread();
    let name = Implementation::fastest().name();
    let two = fastest.with_threads(NonZeroUsize::MIN.saturating_add(1));
    let mut ways = vec![
        Way::ours(format!("ours, {name}"), fastest),
        Way::ours(format!("ours, {name}, two threads"), two),
    ];
    let others = [Implementation::avx2(), Some(Implementation::portable())];
    for other in others
        .into_iter()
        .flatten()
        .filter(|other| *other != Implementation::fastest())
    {
        ways.push(Way::ours(
            format!("ours, {}", other.name()),
            fastest.with_implementation(other),
        ));
    }
    ways
}

fn section(mebibytes: u32, rounds: usize, ours: &[Way], theirs: &[Way], notes: Vec<String>) -> Section {
    let gigabytes = f64::from(mebibytes) * f64::from(1 << 20) / 1e9;
    let mut table = Table::new(&[
        "way",
        "per cpu-second, median",
        "best",
        "wall, median",
        "times the first's cpu",
    ]);
    let first = ours.first().and_then(|way| way.sample(|cost| cost.cpu.as_secs_f64()));
    let least = first.as_ref().map_or(f64::NAN, Sample::median);
    for way in ours.iter().chain(theirs) {
        let (Some(cpu), Some(wall)) = (
            way.sample(|cost| cost.cpu.as_secs_f64()),
            way.sample(|cost| cost.wall.as_secs_f64()),
        ) else {
            continue;
        };
        table.rows.push(vec![
            Cell::text(&way.name),
            Cell::of(gigabytes / cpu.median(), Unit::GigabytesPerSecond),
            Cell::of(gigabytes / cpu.least(), Unit::GigabytesPerSecond),
            Cell::of(wall.median() * 1e3, Unit::Milliseconds),
            Cell::of(cpu.median() / least, Unit::Ratio),
        ]);
    }
    Section {
        name: "root",
        title: format!("Root of {mebibytes} MiB in memory"),
        method: format!(
            "{rounds} rounds, everybody once a round (0G's SDK, on a file, in the first {SDK_ROUNDS}), one thread where \
             not said otherwise. Every root is compared with ours. CPU: the process' own, all its threads; of the SDK \
             that of `merkleTree` alone."
        ),
        table,
        targets: targets(gigabytes, ours, theirs),
        notes,
    }
}

fn targets(gigabytes: f64, ours: &[Way], theirs: &[Way]) -> Vec<Target> {
    let mut targets = Vec::new();
    let median = |way: Option<&Way>, figure: fn(&Cost) -> f64| way?.sample(figure).map(|sample| sample.median());
    let cpu = |cost: &Cost| cost.cpu.as_secs_f64();
    let own = median(ours.first(), cpu);
    let mut against = |way: Option<&Way>, name: &str, times: f64| {
        if let (Some(own), Some(other)) = (own, median(way, cpu)) {
            targets.push(Target::new(name, other / own, Unit::Ratio, Bound::AtLeast(times)));
        }
    };
    against(theirs.first(), "cpu of tiny-keccak / ours", 6.0);
    against(theirs.get(1), "cpu of 0G's SDK / ours", 80.0);
    if let (Some(own), true) = (own, Implementation::avx512().is_some()) {
        let speed = gigabytes / own;
        targets.push(Target::new(
            "ours on AVX-512",
            speed,
            Unit::GigabytesPerSecond,
            Bound::AtLeast(1.2),
        ));
    }
    targets
}
