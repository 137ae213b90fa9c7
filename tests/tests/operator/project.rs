//! A project whose trials take milliseconds, and candidates whose right verdict is known beforehand.

use crate::host::{self, Shelf};
use alloy_primitives::{Address, B256, I256, U256};
use orv_content::archive;
use orv_content::tree::{Executable, TreePath};
use orv_receipt::ProjectFacts;

const FOLDER: &str = "tests/tests/operator/project";

/// What the snapshot answers. Less is better.
const BASELINE: i64 = 1_000_000;

/// How much better each improvement is than the one before, in percent: twice the margin.
const STEP: i64 = 2;

/// What a candidate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Beats everything before it.
    Improve,
    /// Is worse than the snapshot.
    Worsen,
    /// Is as good as the snapshot.
    Equal,
    /// Stops with an error.
    Crash,
}

/// The kinds in the order of a project's proposals, over and over. Neighbours that are judged at a time settle in any
/// order: the better of two improvements first, or an improvement before what is no better than the one before it.
const ORDER: [Kind; 6] = [
    Kind::Improve,
    Kind::Improve,
    Kind::Worsen,
    Kind::Equal,
    Kind::Crash,
    Kind::Improve,
];

/// One candidate of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub kind: Kind,
    /// Its place among the project's proposals.
    pub place: usize,
    /// What it answers.
    answer: i64,
}

impl Candidate {
    /// The candidate at a place of a project.
    pub fn at(place: usize) -> Self {
        let kind_at = |place: usize| ORDER[place % ORDER.len()];
        let kind = kind_at(place);
        let better = (0..=place).filter(|earlier| kind_at(*earlier) == Kind::Improve).count();
        let answer = match kind {
            Kind::Improve => (0..better).fold(BASELINE, |answer, _| answer * (100 - STEP) / 100),
            Kind::Worsen => BASELINE * (100 + STEP) / 100,
            Kind::Equal | Kind::Crash => BASELINE,
        };
        Self { kind, place, answer }
    }

    /// Its score as the ledger has it.
    pub fn score(self) -> I256 {
        -I256::try_from(self.answer).unwrap()
    }

    /// Its tar; no two are the same.
    pub fn bundle(self) -> Vec<u8> {
        let mut tree = host::read(&format!("{FOLDER}/repository"));
        let answer = match self.kind {
            Kind::Crash => "error(\"on purpose\")".to_owned(),
            _ => format!("return {}", self.answer),
        };
        let text = format!(
            "-- {:?} {}\nreturn function()\n  {answer}\nend\n",
            self.kind, self.place
        );
        let node = host::file(text.into_bytes(), Executable::No);
        tree.insert(TreePath::new("answer.lua").unwrap(), node).unwrap();
        archive::write(&tree)
    }
}

/// The project's facts, everything it names on the shelf.
pub fn project(shelf: &mut Shelf) -> ProjectFacts {
    let protocol = std::fs::read(host::workspace().join(FOLDER).join("protocol.json")).unwrap();
    ProjectFacts {
        id: U256::ZERO,
        protocol_hash: shelf.put(protocol),
        repo_snapshot_hash: shelf.put(archive::write(&host::read(&format!("{FOLDER}/repository")))),
        benchmark_hash: shelf.put(host::benchmark(&format!("{FOLDER}/benchmark"), &[("bin/lua", "lua")])),
        baseline_score: I256::try_from(-BASELINE).unwrap(),
        baseline_metrics_hash: B256::repeat_byte(4),
        token: Address::ZERO,
        creator: Address::ZERO,
        created_at: 0,
    }
}
