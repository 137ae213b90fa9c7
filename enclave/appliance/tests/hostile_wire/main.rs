//! Every way to be a hostile host that we know, against the real enclave with its keeper and its spawner.
//!
//! After each way an honest job on a connection of its own has to be judged by the same key, and nothing of the host may
//! be left: no process, thread, descriptor, mount, control group or file. Every statement that the enclave gives out is
//! checked as an auditor would check it. The tables of ways are data, in `ways`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

#[path = "../host/mod.rs"]
mod host;
mod line;
mod notary;
mod scene;
mod vitals;
mod way;
mod ways;

use scene::Scene;
use std::collections::BTreeSet;
use std::sync::Mutex;
use vitals::memory;
use way::Way;

/// Most memory that service, keeper and spawner may ever have had together: thrice the largest content of the table, as
/// it came, as a tree and as a record, and what they need by themselves. In kibibytes.
const MOST_MEMORY: u64 = (3 * 66 + 64) << 10;

/// Most that they may keep of it when every host is gone, beyond what they had after their first job. In kibibytes.
const MOST_KEPT: u64 = 64 << 10;

/// Connections of random frames.
const RANDOM: u64 = 100;

/// Enclaves that see the quick ways at a time.
const QUICK: usize = 2;

/// Enclaves that are kept waiting at a time.
const SLOW: usize = 6;

/// What became of some ways.
#[derive(Default)]
struct Tally {
    ways: usize,
    refused: usize,
    statements: usize,
    down: usize,
    wrong: Vec<String>,
    faults: Vec<String>,
    most_memory: u64,
}

impl Tally {
    /// Tries one way, and whether the enclave is none the worse for it.
    fn attempt(&mut self, scene: &Scene, way: &Way) {
        self.ways += 1;
        println!("{way}");
        let answers = (way.host)(scene);
        let as_expected = answers.len() == way.answers.len()
            && way.answers.iter().zip(&answers).all(|(expected, got)| expected.is(got));
        if !as_expected {
            let expected = way.answers;
            self.faults.push(format!("{way}: {answers:?}, expected {expected:?}"));
        }
        let refused = as_expected && way.answers.iter().any(|expected| expected.is_refusal());
        self.refused += usize::from(refused);
        if let Err(left) = scene.is_at_rest() {
            self.faults.push(format!("{way}: {left}"));
        }
        scene.judge_honestly();
    }

    /// Counts what an enclave has come to after its ways.
    fn close(&mut self, scene: &mut Scene, resting: u64) {
        let memory = memory(&scene.enclave);
        self.most_memory = self.most_memory.max(memory.peak);
        if memory.peak > MOST_MEMORY {
            self.faults
                .push(format!("{} KiB at its peak, more than {MOST_MEMORY}", memory.peak));
        }
        if memory.resident > resting + MOST_KEPT {
            self.faults.push(format!(
                "{} KiB at the end, {resting} at the beginning",
                memory.resident
            ));
        }
        self.down += usize::from(scene.enclave.has_ended());
        let notary = scene.notary.get_mut();
        self.statements += notary.statements();
        self.wrong.append(&mut notary.wrong);
    }

    fn add(&mut self, mut other: Self) {
        self.ways += other.ways;
        self.refused += other.refused;
        self.statements += other.statements;
        self.down += other.down;
        self.wrong.append(&mut other.wrong);
        self.faults.append(&mut other.faults);
        self.most_memory = self.most_memory.max(other.most_memory);
    }
}

/// The quick ways, one after the other, for enclaves that keep their full patience and see many hosts.
fn quick() -> Tally {
    let rows = Mutex::new(ways::quick());
    together(QUICK, || {
        let mut tally = Tally::default();
        let mut scene = Scene::new(&[]);
        let resting = memory(&scene.enclave).resident;
        while let Some(way) = next(&rows) {
            tally.attempt(&scene, way);
        }
        tally.close(&mut scene, resting);
        tally
    })
}

/// Frames from seeds, for another.
fn random() -> Tally {
    let mut tally = Tally::default();
    let mut scene = Scene::new(ways::slowness::IMPATIENT);
    let resting = memory(&scene.enclave).resident;
    for seed in 0..RANDOM {
        ways::random::host(&scene, seed);
    }
    tally.ways += 1;
    tally.refused += 1;
    if let Err(left) = scene.is_at_rest() {
        tally.faults.push(format!("random frames: {left}"));
    }
    scene.judge_honestly();
    tally.close(&mut scene, resting);
    tally
}

/// The slow ways, each for an enclave of its own that has little patience: they are waited for together.
fn slow() -> Tally {
    let rows = Mutex::new(ways::slow());
    together(SLOW, || {
        let mut tally = Tally::default();
        while let Some(way) = next(&rows) {
            let mut scene = Scene::new(ways::slowness::IMPATIENT);
            let resting = memory(&scene.enclave).resident;
            tally.attempt(&scene, way);
            tally.close(&mut scene, resting);
        }
        tally
    })
}

fn next(rows: &Mutex<impl Iterator<Item = &'static Way>>) -> Option<&'static Way> {
    rows.lock().unwrap().next()
}

/// Does the same on some threads, and adds up what they came to.
fn together(threads: usize, work: impl Fn() -> Tally + Sync) -> Tally {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let mut sum = Tally::default();
        for thread in threads {
            sum.add(thread.join().unwrap());
        }
        sum
    })
}

#[test]
fn no_way_to_break_the_protocol_breaks_the_enclave() {
    let mut tally = quick();
    tally.add(random());
    tally.add(slow());
    println!(
        "hostile host: ways {}, refused {}, enclave down {}, wrong statements {}",
        tally.ways,
        tally.refused,
        tally.down,
        tally.wrong.len()
    );
    println!(
        "{} statements checked, {} KiB of memory at most",
        tally.statements, tally.most_memory
    );
    let bad: Vec<_> = tally.faults.iter().chain(&tally.wrong).map(String::as_str).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert_eq!(tally.down, 0);
}

#[test]
fn every_way_has_a_name_of_its_own() {
    let ways: Vec<_> = ways::quick().chain(ways::slow()).collect();
    let names: BTreeSet<_> = ways.iter().map(|way| way.name).collect();
    assert_eq!(names.len(), ways.len());
    assert!(ways.len() >= 40);
}
