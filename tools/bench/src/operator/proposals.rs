//! Proposals from their events to their settlements.

use super::enclave::Enclave;
use super::network::Network;
use super::record::{Moment, Record, Way};
use super::{OperatorBenchError, at};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::statistics::Sample;
use orv_receipt::{Bundle, Receipt};
use orv_verifier::{Daemon, VerifierConfig};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What an operator pays beyond the benchmark's own time for a bundle of ten megabytes, in milliseconds.
const GOAL: f64 = 300.0;

/// What the receipt says of one proposal's trials.
#[derive(Debug, Clone, Copy, Default)]
struct Trials {
    number: u32,
    /// What the programs themselves took.
    own: Duration,
}

/// One proposal's time, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Share {
    own: f64,
    trials: f64,
    trial: f64,
    block: f64,
    found: f64,
    job: f64,
}

/// A line of the table: its name, the figure, and what it counts.
type Row = (&'static str, fn(&Share) -> f64, Unit);

impl Share {
    fn overhead(&self) -> f64 {
        self.found + self.job
    }
}

pub(super) async fn measure(
    network: &Network,
    program: &Path,
    folder: &Path,
    found: &[Duration],
) -> Result<Vec<Section>, OperatorBenchError> {
    let enclave = Enclave::start(program, folder)?;
    let config = configuration(network, folder)?;
    let record = Arc::new(Record::default());
    let observer = Arc::clone(&record);
    Daemon::once(config, observer).await?;
    drop(enclave);
    let ways = record.ways();
    if ways.len() != found.len() {
        return Err(OperatorBenchError::NotApproved {
            approved: ways.len(),
            submitted: found.len(),
            failures: record.failures(),
        });
    }
    let trials = trials(&folder.join("data/receipts"))?;
    let shares: Vec<_> = ways
        .iter()
        .zip(found)
        .map(|(way, found)| {
            let trials = trials.get(&way.proposal.0.to_string()).copied();
            share(way, trials.unwrap_or_default(), *found)
        })
        .collect();
    Ok(vec![overhead(&shares), stages(&ways), throughput(&ways)])
}

/// An operator of the development network, who reads it from its first block.
fn configuration(network: &Network, folder: &Path) -> Result<VerifierConfig, OperatorBenchError> {
    let [operator, attester] = network.keys()?;
    let text = format!(
        "deployment = {:?}\nenclave = \"unix:{}\"\ndata_directory = {:?}\nfirst_block = 1\npoll_seconds = 1\n\
         run_seconds = 60\n\n[wallet]\nunsafe_raw_key = \"{operator}\"\n\n\
         [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{attester}\"]\n\
         measurements = [{{ id = \"{}\", name = \"this build\" }}]\n",
        folder.join("deployment.json"),
        folder.join("socket").display(),
        folder.join("data"),
        network.measurement,
    );
    Ok(VerifierConfig::parse(&text)?)
}

/// Number and own time of the trials, by proposal, from the receipts.
fn trials(receipts: &Path) -> Result<BTreeMap<String, Trials>, OperatorBenchError> {
    let mut trials = BTreeMap::new();
    for entry in std::fs::read_dir(receipts).map_err(at("receipts"))? {
        let path = entry.map_err(at("receipts"))?.path();
        let bytes = std::fs::read(path).map_err(at("receipts"))?;
        let receipt = Receipt::decode(&bytes).map_err(at("receipt"))?;
        let bundle: Bundle = receipt.bundle().map_err(at("receipt"))?;
        let own = bundle
            .trials
            .iter()
            .map(|trial| trial.observation.measured.wall_nanoseconds);
        let found = Trials {
            number: u32::try_from(bundle.trials.len()).unwrap_or(u32::MAX),
            own: Duration::from_nanos(own.sum()),
        };
        trials.insert(bundle.proposal.id.to_string(), found);
    }
    Ok(trials)
}

fn share(way: &Way, trials: Trials, found: Duration) -> Share {
    let all = way.between(Moment::Trials, Moment::Signing);
    let around = all.saturating_sub(trials.own);
    let whole = way.between(Moment::Running, Moment::Settled);
    let block = way.between(Moment::Settling, Moment::Settled);
    Share {
        own: milliseconds(trials.own),
        trials: f64::from(trials.number),
        trial: milliseconds(around) / f64::from(trials.number.max(1)),
        block: milliseconds(block),
        found: milliseconds(found),
        job: milliseconds(whole.saturating_sub(all).saturating_sub(block)),
    }
}

fn overhead(shares: &[Share]) -> Section {
    let sample = |figure: fn(&Share) -> f64| Sample::of(shares.iter().map(figure));
    let mut table = Table::new(&["of each proposal", "median"]);
    let rows: [Row; 7] = [
        ("trials", |share| share.trials, Unit::Count),
        (
            "the benchmark's own time in them",
            |share| share.own,
            Unit::Milliseconds,
        ),
        ("each trial beyond it", |share| share.trial, Unit::Milliseconds),
        ("the settlement's transaction", |share| share.block, Unit::Milliseconds),
        (
            "finding its bundle on 0G, ahead of the ticket",
            |share| share.found,
            Unit::Milliseconds,
        ),
        ("everything else of its job", |share| share.job, Unit::Milliseconds),
        (
            "the overhead: the last two together",
            Share::overhead,
            Unit::Milliseconds,
        ),
    ];
    for (name, figure, unit) in rows {
        table
            .rows
            .push(vec![Cell::text(name), Cell::estimate(sample(figure).as_ref(), unit)]);
    }
    let target = |name, figure| {
        let measured = sample(figure).map_or(f64::NAN, |sample| sample.median());
        Target::new(name, measured, Unit::Milliseconds, Bound::AtMost(GOAL))
    };
    Section {
        name: "overhead",
        title: "What a proposal costs beyond its benchmark".to_owned(),
        method: format!(
            "{} proposals to as many projects, each with a bundle that is no other's (`--bundle`, 10 MB by itself), by one \
             daemon (`Daemon::once`) and one enclave. The job is from the notice that the enclave has it to the one that it \
             is settled: streaming bytes, roots, trees, bundle, signature, the daemon's own checks, storing the bundle on \
             0G, the journal. The benchmark's own time is the wall time of its processes in the receipt; a trial's cost \
             beyond it is what the stage of trials took longer; the transaction is from sending it to its block in the \
             journal, on a devnet that makes a block for each. The daemon finds bundles ahead, beside other runs; that is \
             timed by a client of its own before, all segments with their proofs. Opening the ticket is another transaction \
             and not among these figures. Medians with their 99 % interval.",
            shares.len(),
        ),
        table,
        targets: vec![
            target("overhead of a proposal with a bundle of 10 MB", Share::overhead),
            target("the same, once the bundle is on the operator's machine", |share| {
                share.job
            }),
        ],
        notes: Vec::new(),
    }
}

/// Where the time goes, by what the daemon told.
fn stages(ways: &[Way]) -> Section {
    use Moment::{Fetching, Judged, Preparing, Running, Settled, Settling, Signing, TicketOpen, Trials};
    let mut table = Table::new(&["stage", "median"]);
    for (name, from, to) in [
        ("a ticket waits for the enclave and for its bytes", TicketOpen, Running),
        ("the enclave is asked", Running, Fetching),
        (
            "bytes arrive in the enclave, are hashed and unpacked",
            Fetching,
            Preparing,
        ),
        ("trees and image are laid out", Preparing, Trials),
        ("trials", Trials, Signing),
        ("bundle, signature, the daemon's checks, the journal", Signing, Judged),
        ("the bundle goes to 0G", Judged, Settling),
        ("the settlement is sent and in a block", Settling, Settled),
    ] {
        let sample = Sample::of(ways.iter().map(|way| milliseconds(way.between(from, to))));
        table.rows.push(vec![
            Cell::text(name),
            Cell::estimate(sample.as_ref(), Unit::Milliseconds),
        ]);
    }
    Section {
        name: "stages",
        title: "Where it goes".to_owned(),
        method: "The same run, by the daemon's notices.".to_owned(),
        table,
        targets: Vec::new(),
        notes: Vec::new(),
    }
}

fn throughput(ways: &[Way]) -> Section {
    let first = ways.iter().filter_map(|way| way.at(Moment::TicketOpen)).min();
    let last = ways.iter().filter_map(|way| way.at(Moment::Settled)).max();
    let span = first
        .zip(last)
        .map_or(Duration::ZERO, |(first, last)| last.saturating_duration_since(first));
    let each_minute = ways.len() as f64 * 60.0 / span.as_secs_f64();
    let mut table = Table::new(&[
        "proposals",
        "from the first ticket to the last settlement",
        "proposals a minute",
    ]);
    table.rows.push(vec![
        Cell::of(ways.len() as f64, Unit::Count),
        Cell::of(milliseconds(span), Unit::Milliseconds),
        Cell::of(each_minute, Unit::Count),
    ]);
    Section {
        name: "throughput",
        title: "Proposals a minute".to_owned(),
        method:
            "The same run: one enclave judges one proposal at a time, the daemon does the rest beside it. A benchmark \
                 that takes longer takes the more of it."
                .to_owned(),
        table,
        targets: Vec::new(),
        notes: Vec::new(),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
