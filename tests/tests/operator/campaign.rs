//! Batches, several at a time, until enough was killed; then the table and the last line.

use crate::batch::Batch;
use crate::comparison::{Findings, compare};
use crate::elsewhere::unseen;
use crate::hunt;
use crate::network::{Size, Template, plan, submit_all};
use crate::node::{Node, log};
use crate::number;
use crate::operator::{Attempts, JournalPlace, Operator};
use crate::postgres::Server;
use crate::random::Random;
use crate::tally::{Changes, Goal, Tally};
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
const MOST_BATCHES: u64 = 100;

/// Projects and proposals of a batch.
const SIZE: Size = Size {
    projects: 3,
    proposals: 6,
};

/// Time of all kills together after which only what every run has to kill at is waited for. Other changes may have had
/// fewer kills than their share by then, and the table says so.
const LONG: Duration = Duration::from_secs(7 * 60);

/// Longest time of all kills together: several times what a run takes on two busy cores.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// What is killed, and beside what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Embedded chains, killed like the rest, and a journal in a file.
    Devnets,
    /// Anvil, which is not killed.
    Anvil,
    /// Embedded chains, and the journal in PostgreSQL.
    Postgres,
    /// The same, with two daemons of two operators on one journal.
    TwoDaemons,
}

/// What is to be killed where.
pub struct Campaign {
    pub name: &'static str,
    pub goal: Goal,
    pub stage: Stage,
}

/// What the lanes of a campaign share.
struct Course {
    begun: Instant,
    /// Where the journals are, unless they are files.
    server: Option<Server>,
    template: Option<Template>,
    tally: Arc<Mutex<Tally>>,
    findings: Mutex<Findings>,
    batches: AtomicU64,
    random: Random,
}

impl Campaign {
    /// Runs it and prints what came of it.
    pub fn run(&self) {
        let server = match self.stage {
            Stage::Postgres | Stage::TwoDaemons => match Server::start() {
                None => return,
                server => server,
            },
            Stage::Devnets | Stage::Anvil => None,
        };
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = number("ORV_SEED").unwrap_or(since.as_secs());
        println!("{}: {} kills, ORV_SEED={seed}", self.name, self.goal.kills);
        let begun = Instant::now();
        let runtime = Runtime::new().unwrap();
        let course = Course {
            begun,
            server,
            template: (self.stage != Stage::Anvil).then(|| runtime.block_on(Template::make(SIZE))),
            tally: Arc::new(Mutex::new(Tally::towards(self.goal))),
            findings: Mutex::new(Findings::default()),
            batches: AtomicU64::new(0),
            random: Random::new(seed),
        };
        let lanes = if self.stage == Stage::Devnets { LANES } else { 1 };
        std::thread::scope(|scope| {
            for _ in 0..lanes {
                scope.spawn(|| self.lane(&course));
            }
        });
        let (tally, findings) = (course.tally.lock().unwrap(), course.findings.into_inner().unwrap());
        self.print(&tally, &findings, begun.elapsed());
        assert!(findings.is_clean());
        self.assert_reached(&tally);
    }

    /// Batches, one after the other, until enough is killed.
    fn lane(&self, course: &Course) {
        for _ in 0..MOST_BATCHES {
            if is_over(&mut course.tally.lock().unwrap(), course.begun.elapsed()) {
                return;
            }
            let number = course.batches.fetch_add(1, Ordering::Relaxed);
            let journal = course
                .server
                .as_ref()
                .map_or(JournalPlace::File, |server| JournalPlace::Postgres(server.database()));
            let random = course.random.branch(number);
            let found = self.batch(course.template.as_ref(), &journal, &course.tally, random);
            println!(
                "batch {number}: {} kills so far, {:?}",
                course.tally.lock().unwrap().kills(),
                found.ends
            );
            course.findings.lock().unwrap().add(found);
        }
    }

    fn print(&self, tally: &Tally, findings: &Findings, time: Duration) {
        println!("{}", tally.table());
        if self.goal.changes == Changes::Every {
            for (reason, transitions) in unseen(tally.changes()) {
                let mut events: Vec<_> = transitions.iter().map(|transition| transition.event.as_str()).collect();
                events.sort_unstable();
                events.dedup();
                println!(
                    "not seen, {reason}: {} changes by {}",
                    transitions.len(),
                    events.join(", ")
                );
            }
        }
        report(findings);
        println!(
            "{} kills in {} s, {} while a run or a transaction was in flight",
            tally.kills(),
            time.as_secs(),
            tally.in_flight()
        );
        let (wrong, locked, lost) = (findings.wrong.len(), findings.locked.len(), findings.lost.len());
        println!("kills {}, wrong {wrong}, locked {locked}, lost {lost}", tally.kills());
    }

    /// As many kills as were wanted, where they were wanted.
    fn assert_reached(&self, tally: &Tally) {
        assert!(tally.kills() >= self.goal.kills, "too few kills");
        if self.goal.changes == Changes::Every {
            let rare: Vec<_> = tally.rare().map(ToString::to_string).collect();
            if !rare.is_empty() {
                println!("seen too seldom for ten kills: {}", rare.join(", "));
            }
            let lacking: Vec<_> = tally.lacking().collect();
            assert!(lacking.is_empty(), "too few kills at {lacking:?}");
            assert!(tally.is_half_in_flight(), "too few kills in flight");
        }
    }

    fn batch(
        &self,
        template: Option<&Template>,
        journal: &JournalPlace,
        tally: &Arc<Mutex<Tally>>,
        random: Random,
    ) -> Findings {
        let folder = tempfile::tempdir().unwrap();
        let node = self.node(template, folder.path());
        let count = if self.stage == Stage::TwoDaemons { 2 } else { 1 };
        let place = |number: usize| folder.path().join(format!("operator-{number}"));
        let enclaves = hunt::enclaves(&tally.lock().unwrap());
        let operators = (0..count)
            .map(|number| Operator::new(number, place(number), &node, journal, Attempts::All, enclaves))
            .collect();
        let mut batch = Batch::new(node, operators, Arc::clone(tally), random);
        batch.torment(TIME);
        batch.settle();
        let mut found = compare(&batch);
        found.wrong.append(&mut batch.twice);
        if !found.is_clean() {
            report(&found);
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

/// Whether the kills of a campaign end after this time, in every lane: more of them would only move what was found enough.
fn is_over(tally: &mut Tally, time: Duration) -> bool {
    if (time > LONG && tally.has_required()) || time > LONGEST {
        tally.close();
    }
    tally.is_closed()
}

/// Prints how proposals ended and all that is not as it should be.
pub fn report(findings: &Findings) {
    for (end, count) in &findings.ends {
        println!("{count} proposals: {end}");
    }
    let kinds = [
        ("wrong", &findings.wrong),
        ("locked", &findings.locked),
        ("lost", &findings.lost),
    ];
    for (kind, one) in kinds
        .iter()
        .flat_map(|(kind, found)| found.iter().map(move |one| (kind, one)))
    {
        println!("{kind}: {one}");
    }
}
