//! Whether a project's metric is out of its candidates' reach, and what it would take (docs/split-judging.md). Advice in
//! plain words: nothing here refuses a project.

use orv_content::tree::{Tree, TreePath};
use orv_protocol::MetricChannel;
use orv_protocol::project::MetricSource;
use orv_protocol::surface::Surface;
use orv_receipt::rule::Documents;

/// How far judge and candidate are apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// Where the project stands.
    pub state: SeparationState,
    /// What was found, one sentence each.
    pub reasons: Vec<String>,
    /// What would have to change, in this order; empty where nothing has to.
    pub steps: Vec<String>,
    /// Who can forge what as things are; empty where nobody can.
    pub dangers: Vec<String>,
}

/// Where a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeparationState {
    /// It is split.
    Split,
    /// It is shared, and its own protected code reads the metric: that code can become the judge.
    CouldBeSplit,
    /// It is shared, and code that proposals may change prints the metric: a judge has to be written.
    NeedsJudge,
}

impl SeparationState {
    /// The word for it: `split`, `could-be-split` or `needs-judge`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::CouldBeSplit => "could-be-split",
            Self::NeedsJudge => "needs-judge",
        }
    }
}

impl Separation {
    /// Looks at documents and files.
    pub fn of(documents: &Documents, repository: &Tree, benchmark: &Tree) -> Self {
        match documents.project.channel() {
            MetricChannel::Split => Self::of_split(documents),
            MetricChannel::Shared => Self::of_shared(documents, repository, benchmark),
        }
    }

    fn of_split(documents: &Documents) -> Self {
        let metric = match documents.project.metric.source {
            MetricSource::Written => "only the judge's process can write the metric",
            MetricSource::WindowTime => {
                "the runner counts the time of the windows; the judge only says whether it was right"
            }
        };
        Self {
            state: SeparationState::Split,
            reasons: vec![metric.to_owned()],
            steps: Vec::new(),
            dangers: vec![
                "a judge that accepts answers which it has not checked itself is forged by the first candidate that sends them"
                    .to_owned(),
            ],
        }
    }

    fn of_shared(documents: &Documents, repository: &Tree, benchmark: &Tree) -> Self {
        let surface = Surface::of(&documents.protocol);
        let harness = benchmark.subtree("harness").unwrap_or_default();
        let command = documents.protocol.execution.command.as_str();
        let (mut open, mut protected) = (Vec::new(), Vec::new());
        for path in files_of(command, documents.protocol.execution.cwd.as_str()) {
            if harness.get(&path).is_some() || (repository.get(&path).is_some() && !surface.is_mutable(&path)) {
                protected.push(path);
            } else if repository.get(&path).is_some() {
                open.push(path);
            }
        }
        let mut reasons = vec![
            "the metric is searched in what the command prints, and the candidate's code is part of it".to_owned(),
        ];
        reasons.extend(
            open.iter()
                .map(|path| format!("the command runs {path}, which proposals may change: it prints what it likes")),
        );
        reasons.extend(protected.iter().map(|path| {
            format!("the command runs {path}, which is the project's own, but in one process with code that proposals change")
        }));
        if benchmark.subtree("judge").is_ok_and(|judge| !judge.is_empty()) {
            reasons.push("benchmark/judge/ is there, and openresearch.json names no judge: nobody runs it".to_owned());
        }
        let state = if open.is_empty() && !protected.is_empty() {
            SeparationState::CouldBeSplit
        } else {
            SeparationState::NeedsJudge
        };
        Self {
            state,
            reasons,
            steps: steps(state),
            dangers: dangers(),
        }
    }
}

/// The words of a command that can be files of the tree.
fn files_of(command: &str, cwd: &str) -> Vec<TreePath> {
    let words = command.split(|character: char| character.is_whitespace() || ";&|()'\"".contains(character));
    let placed = words.filter(|word| !word.is_empty()).map(|word| {
        let word = word.trim_start_matches("./");
        let place = if cwd.is_empty() || cwd == "." {
            word.to_owned()
        } else {
            format!("{cwd}/{word}")
        };
        TreePath::new(place)
    });
    placed.filter_map(Result::ok).collect()
}

fn steps(state: SeparationState) -> Vec<String> {
    let first = match state {
        SeparationState::Split => return Vec::new(),
        SeparationState::CouldBeSplit => "move what asks, checks and counts from the harness to benchmark/judge/",
        SeparationState::NeedsJudge => {
            "write a judge that asks, checks every answer itself and counts; images/judges has one in Python and one in Rust"
        }
    };
    [
        first,
        "leave in the harness a loop that reads a line from descriptor 3, calls the code under test, and writes one line back",
        "name both commands in openresearch.json: judge.command and candidate.command",
        "keep seed, data and expected answers in benchmark/judge/, where the candidate cannot read them",
        "where the metric is a time, set metric.source to window-time, and the direction to minimize",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn dangers() -> Vec<String> {
    [
        "a candidate can print the metric itself and end the process before the harness does: the receipt says `shared`, and \
         the gateway lets nothing be approved unless its owner has entered the project in SharedProjects, and then no rise \
         above the bound of that entry",
        "a candidate can read expected answers and data that lie in its tree, and return them without the work",
        "a candidate can change the clock, the functions and the files that the harness uses in the same process",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use orv_content::tree::{Executable, Node};

    use super::*;

    const PROTOCOL: &str = include_str!("../../../images/example/project/protocol.json");

    fn tree(paths: &[&str]) -> Tree {
        let mut tree = Tree::new();
        for path in paths {
            let node = Node::File {
                executable: Executable::No,
                content: Bytes::from_static(b"-"),
            };
            tree.insert(TreePath::new(*path).unwrap(), node).unwrap();
        }
        tree
    }

    fn shared(command: &str, benchmark: &[&str]) -> Separation {
        let protocol = PROTOCOL.replace("/bin/lua main.lua", command);
        let documents = Documents::parse(protocol.as_bytes(), None).unwrap();
        Separation::of(&documents, &tree(&["main.lua", "pack.lua"]), &tree(benchmark))
    }

    #[test]
    fn a_protected_program_can_become_the_judge_and_an_open_one_cannot() {
        let protected = shared("lua ./main.lua", &[]);
        assert_eq!(protected.state, SeparationState::CouldBeSplit);
        assert!(
            protected.steps[0].starts_with("move what asks"),
            "{:?}",
            protected.steps
        );
        let open = shared("lua pack.lua", &[]);
        assert_eq!(open.state, SeparationState::NeedsJudge);
        assert!(
            open.reasons.iter().any(|reason| reason.contains("pack.lua")),
            "{:?}",
            open.reasons
        );
        assert_eq!(shared("make bench", &[]).state, SeparationState::NeedsJudge);
    }

    #[test]
    fn a_judge_that_nobody_runs_is_told() {
        let told = shared("lua main.lua", &["judge/judge.lua"]);
        assert!(
            told.reasons.iter().any(|reason| reason.contains("nobody runs it")),
            "{:?}",
            told.reasons
        );
        assert!(!told.dangers.is_empty());
    }
}
