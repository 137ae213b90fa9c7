//! Batches, several at a time, until enough was killed; then the table and the last line.

use crate::batch::Batch;
use crate::comparison::{Findings, compare};
use crate::network::{Size, Template, plan, submit_all};
use crate::node::{Node, log};
use crate::number;
use crate::operator::{JournalPlace, Operator};
use crate::random::Random;
use crate::tally::{Goal, Tally};
use orv_devnet::deployment::deploy;
use orv_devnet::peer::{Network, PeerKind};
use orv_devnet::storage::NodeOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;

/// Batches at a time: most of a batch's time is waiting.
const LANES: u64 = 3;

/// Longest time of a batch's kills.
const TIME: Duration = Duration::from_secs(60);

/// Most batches of one lane: an end for a campaign that makes no progress.
const MOST_BATCHES: u64 = 40;

/// Projects and proposals of a batch.
const SIZE: Size = Size {
    projects: 3,
    proposals: 6,
};

/// Which chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chains {
    /// The embedded one, killed like the rest.
    Devnets,
    /// Anvil, which is not killed.
    Anvil,
}

/// What is to be killed where.
pub struct Campaign {
    pub name: &'static str,
    pub goal: Goal,
    pub chains: Chains,
}

impl Campaign {
    /// Runs it and prints what came of it.
    pub fn run(&self) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = number("ORV_SEED").unwrap_or(since.as_secs());
        println!("{}: {} kills, ORV_SEED={seed}", self.name, self.goal.kills);
        let begun = Instant::now();
        let runtime = Runtime::new().unwrap();
        let template = (self.chains == Chains::Devnets).then(|| runtime.block_on(Template::make(SIZE)));
        let (tally, findings) = (
            Arc::new(Mutex::new(Tally::towards(self.goal))),
            Mutex::new(Findings::default()),
        );
        let batches = AtomicU64::new(0);
        let random = Random::new(seed);
        let lanes = if self.chains == Chains::Devnets { LANES } else { 1 };
        std::thread::scope(|scope| {
            for _ in 0..lanes {
                scope.spawn(|| {
                    for _ in 0..MOST_BATCHES {
                        if tally.lock().unwrap().is_enough() {
                            return;
                        }
                        let number = batches.fetch_add(1, Ordering::Relaxed);
                        let found = self.batch(template.as_ref(), &tally, random.branch(number));
                        println!(
                            "batch {number}: {} kills so far, {:?}",
                            tally.lock().unwrap().kills(),
                            found.ends
                        );
                        findings.lock().unwrap().add(found);
                    }
                });
            }
        });
        let (tally, findings) = (tally.lock().unwrap(), findings.into_inner().unwrap());
        println!("{}", tally.table());
        for (end, count) in &findings.ends {
            println!("{count} proposals: {end}");
        }
        for (kind, found) in [
            ("wrong", &findings.wrong),
            ("locked", &findings.locked),
            ("lost", &findings.lost),
        ] {
            for one in found {
                println!("{kind}: {one}");
            }
        }
        println!(
            "{} kills in {} s, {} while a run or a transaction was in flight",
            tally.kills(),
            begun.elapsed().as_secs(),
            tally.in_flight()
        );
        let (wrong, locked, lost) = (findings.wrong.len(), findings.locked.len(), findings.lost.len());
        println!("kills {}, wrong {wrong}, locked {locked}, lost {lost}", tally.kills());
        assert_eq!((wrong, locked, lost), (0, 0, 0));
        assert!(tally.is_enough(), "too few kills");
    }

    fn batch(&self, template: Option<&Template>, tally: &Arc<Mutex<Tally>>, random: Random) -> Findings {
        let folder = tempfile::tempdir().unwrap();
        let node = self.node(template, folder.path());
        let operators = vec![Operator::new(
            0,
            folder.path().join("operator"),
            &node,
            &JournalPlace::File,
        )];
        let mut batch = Batch::new(node, operators, Arc::clone(tally), random);
        batch.torment(TIME);
        batch.settle();
        let found = compare(&batch);
        if !(found.wrong.is_empty() && found.locked.is_empty() && found.lost.is_empty()) {
            println!("kept for a look: {}", folder.keep().display());
        }
        found
    }

    fn node(&self, template: Option<&Template>, folder: &Path) -> Node {
        if let Some(template) = template {
            let data = folder.join("chain");
            template.copy_to(&data);
            return Node::devnet(data, log(folder, "devnet"), template.cast.clone());
        }
        let runtime = Runtime::new().unwrap();
        let made = runtime.block_on(async {
            let network = Network::start_with(PeerKind::Anvil, NodeOptions::default())
                .await
                .unwrap();
            let deployed = deploy(&network.rpc_url(), plan(network.storage_url())).await.unwrap();
            network.storage().follow(deployed.address("Flow").unwrap());
            let json = deployed.to_json().unwrap();
            let path = folder.join("deployment.json");
            std::fs::write(&path, &json).unwrap();
            Node::anvil(network, path, submit_all(&json, SIZE).await)
        });
        // The storage nodes live on it.
        std::mem::forget(runtime);
        made
    }
}
