//! Many proposals over many projects through one daemon and one enclave: how fast, and whether anything grows.

use crate::batch::Batch;
use crate::campaign::report;
use crate::comparison::{Findings, compare};
use crate::network::{Size, Template};
use crate::node::{Node, log};
use crate::operator::{Attempts, Enclaves, Flavour, JournalPlace, Operator};
use crate::random::Random;
use crate::tally::Tally;
use crate::watch::{Held, entries};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PROJECTS: usize = 20;

/// Parts of the run that are compared.
const WINDOWS: usize = 5;

/// Growth of memory, in KiB, that no leak is needed for: caches, the allocator, the journal's pages.
const ALLOWANCE: u64 = 32 << 10;

/// One look at daemon and enclave.
struct Look {
    ended: usize,
    daemon: Held,
    enclave: Held,
}

/// Has so many proposals judged, and looks at what is held meanwhile.
pub fn run(proposals: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut batch = prepare(folder.path(), proposals);
    let scratch = batch.operators[0].folder.join("scratch");
    batch.begin(&Flavour::Shipped);
    let begun = Instant::now();
    let mut looks: Vec<Look> = Vec::new();
    let mut boots = 1;
    while batch.hear_for(Duration::from_secs(1)) {
        looks.push(look(&batch));
        // An operator does what the daemon's words say: a key takes no more than its number of verdicts.
        if batch.used_up.len() >= boots {
            batch.operators[0].kill_enclaves();
            boots += 1;
        }
    }
    let time = begun.elapsed();
    looks.push(look(&batch));
    let parts = windows(&looks);
    print_windows(&parts);
    let last = looks.last().unwrap();
    println!("at rest: daemon {:?}", last.daemon);
    println!("at rest: enclave {:?}", last.enclave);
    let left = entries(&scratch);
    batch.end();
    let found = compare(&batch);
    print_totals(last.ended, time, left, &found);
    println!("{boots} boots of the enclave, {} keys used up", batch.used_up.len());
    assert!(found.is_clean());
    assert_eq!(last.ended, batch.node.cast.proposals.len(), "everything has ended");
    assert_no_growth(&parts);
    assert_nothing_left(looks.first().unwrap(), last);
    assert_eq!(left, 0, "files are left");
}

/// A chain with everything submitted, and the one operator.
fn prepare(folder: &Path, proposals: usize) -> Batch {
    let size = Size {
        projects: PROJECTS,
        proposals: proposals / PROJECTS,
    };
    let template = tokio::runtime::Runtime::new().unwrap().block_on(Template::make(size));
    let data = folder.join("chain");
    template.copy_to(&data);
    let node = Node::devnet(data, log(folder, "devnet"), template.cast.clone());
    let operator = Operator::new(
        0,
        folder.join("operator"),
        &node,
        &JournalPlace::File,
        Attempts::One,
        Enclaves::One,
    );
    let tally = Arc::new(Mutex::new(Tally::default()));
    Batch::new(node, vec![operator], tally, Random::new(0))
}

fn print_windows(parts: &[Vec<&Look>]) {
    println!(
        "{:>10} {:>12} {:>12} {:>8} {:>8}",
        "proposals", "daemon KiB", "enclave KiB", "daemon fd", "enclave fd"
    );
    for part in parts {
        let mean =
            |value: fn(&Look) -> u64| part.iter().map(|look| value(look)).sum::<u64>() / part.len().max(1) as u64;
        println!(
            "{:>10} {:>12} {:>12} {:>8} {:>8}",
            part.last().map_or(0, |look| look.ended),
            mean(daemon_memory),
            mean(enclave_memory),
            mean(|look| look.daemon.descriptors),
            mean(|look| look.enclave.descriptors),
        );
    }
}

fn print_totals(ended: usize, time: Duration, left: u64, found: &Findings) {
    let minutes = time.as_secs_f64() / 60.0;
    println!(
        "{ended} proposals in {minutes:.1} minutes: {:.0} a minute",
        ended as f64 / minutes
    );
    println!("left in the enclave's scratch: {left} entries");
    report(found);
    println!(
        "soak: proposals {ended}, wrong {}, locked {}, lost {}",
        found.wrong.len(),
        found.locked.len(),
        found.lost.len()
    );
}

/// Memory and the daemon's descriptors are at the end as they were in the second part.
fn assert_no_growth(parts: &[Vec<&Look>]) {
    let (early, late) = (&parts[1], &parts[WINDOWS - 1]);
    for (name, value) in [
        ("daemon", daemon_memory as fn(&Look) -> u64),
        ("enclave", enclave_memory),
    ] {
        let most = |part: &[&Look]| part.iter().map(|look| value(look)).max().unwrap_or_default();
        assert!(most(late) <= most(early) + ALLOWANCE, "the {name}'s memory grows");
    }
    let descriptors = |part: &[&Look]| part.last().unwrap().daemon.descriptors;
    assert!(descriptors(late) <= descriptors(early) + 8, "descriptors are left");
}

/// The enclave at rest holds no more than at the first look.
fn assert_nothing_left(first: &Look, last: &Look) {
    let (idle, rest) = (&first.enclave, &last.enclave);
    assert!(rest.processes <= idle.processes, "processes are left: {rest:?}");
    assert!(rest.mounts <= idle.mounts, "mounts are left: {rest:?}");
    assert!(rest.groups <= idle.groups, "control groups are left: {rest:?}");
}

fn daemon_memory(look: &Look) -> u64 {
    look.daemon.memory
}

fn enclave_memory(look: &Look) -> u64 {
    look.enclave.memory
}

fn look(batch: &Batch) -> Look {
    let [daemon, enclave] = batch.operators[0].ids().map(|id| id.map(Held::by).unwrap_or_default());
    Look {
        ended: batch.at_rest(),
        daemon,
        enclave,
    }
}

/// The looks in parts of as many proposals each.
fn windows(looks: &[Look]) -> Vec<Vec<&Look>> {
    let all = looks.last().map_or(0, |look| look.ended).max(1);
    let mut windows: Vec<Vec<_>> = (0..WINDOWS).map(|_| Vec::new()).collect();
    for look in looks {
        windows[(look.ended * WINDOWS / all).min(WINDOWS - 1)].push(look);
    }
    windows
}
