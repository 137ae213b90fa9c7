//! Creator, miners and verifier, in the order in which they act.

use crate::arguments::Arguments;
use crate::network::{Network, at, field, strings};
use crate::output::tell;
use crate::program::ProgramError;
use crate::proposals::{self, Code, Proposal};
use crate::summary::{Row, Summary};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The example project, from the repository's root.
const EXAMPLE: &str = "images/example";

/// Its interpreter, built by `./dev`.
const INTERPRETER: &str = "target/static/x86_64-unknown-linux-gnu/reproducible/lua";

/// What the verifier keeps, below the folder that is kept.
const VERIFIER: &str = "verifier";

/// Tokens staked on each proposal.
const STAKE: &str = "10";

/// Longest wait for the verifier; a proposal takes seconds.
const PATIENCE: Duration = Duration::from_secs(600);

/// Why the demo stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is not here: build it with ./dev build, and run this program in the repository's root")]
    Place { path: &'static str },
    #[error("{path} has what another demo kept, whose chain is gone: name a new folder")]
    Kept { path: PathBuf },
    #[error("an answer has no {name}: {answer}")]
    Answer { name: &'static str, answer: String },
    #[error("the verifier was not done after {} seconds: {state}", PATIENCE.as_secs())]
    Verifier { state: String },
}

/// Runs everything once.
pub(crate) fn run(arguments: &Arguments) -> Result<Summary, DemoError> {
    examine(arguments)?;
    let keep = match &arguments.keep {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("orv-demo-{}-{}", seconds_now(), std::process::id())),
    };
    make(&keep)?;
    let keep = keep
        .canonicalize()
        .map_err(|source| DemoError::File { path: keep, source })?;
    let work = keep.join("work");
    make(&work)?;
    let result = play(arguments, &keep, &work);
    // What is kept are receipts, journal and logs; wallets, sockets and the chain's files are not.
    if let (Ok(_), Err(source)) = (&result, fs::remove_dir_all(&work)) {
        return Err(DemoError::File { path: work, source });
    }
    result
}

/// What would stop it later, asked before anything is started.
fn examine(arguments: &Arguments) -> Result<(), DemoError> {
    for path in [EXAMPLE, INTERPRETER] {
        if !Path::new(path).exists() {
            return Err(DemoError::Place { path });
        }
    }
    if let Some(path) = &arguments.patch {
        fs::File::open(path).map_err(|source| DemoError::File {
            path: path.clone(),
            source,
        })?;
    }
    match &arguments.keep {
        // A journal of another chain: its proposals would be taken for this one's.
        Some(path) if path.join(VERIFIER).exists() => Err(DemoError::Kept { path: path.clone() }),
        _ => Ok(()),
    }
}

fn play(arguments: &Arguments, keep: &Path, work: &Path) -> Result<Summary, DemoError> {
    tell("starting chain, storage and enclave (SIMULATED evidence: no hardware stands behind it)");
    tell(&format!("logs are in {}", keep.join("logs").display()));
    let network = Network::start(work, keep.join("logs"))?;
    tell("a creator measures the baseline and publishes the example project");
    network.fund("creator")?;
    let project = publish(&network)?;
    tell(&format!(
        "project {} is published, baseline score {}",
        project.id, project.baseline
    ));
    let mut submitted = Vec::new();
    for proposal in proposals::all(Path::new(EXAMPLE), arguments.patch.as_deref()) {
        let id = submit(&network, &project.id, &proposal, work)?;
        tell(&format!("{} submits proposal {id}: {}", proposal.miner, proposal.what));
        submitted.push((id, proposal));
    }
    tell("the verifier judges and settles");
    network.fund("operator")?;
    let rows = judge(&network, submitted.len(), keep)?;
    let mut summary = Summary::new(keep.to_owned(), network.measurement().to_owned());
    for (id, proposal) in submitted {
        summary.rows.push(row(&network, id, proposal, &rows)?);
    }
    Ok(summary)
}

/// The published project.
struct Published {
    id: String,
    baseline: String,
}

fn publish(network: &Network) -> Result<Published, DemoError> {
    let project = format!("{EXAMPLE}/project");
    let image = format!("{INTERPRETER}=bin/lua");
    let command = [
        "project",
        "publish",
        &project,
        "--image-file",
        &image,
        "--token-name",
        "Pack",
        "--token-symbol",
        "PACK",
    ];
    let answer = network.orv("creator", &strings(&command))?;
    let baseline = field(at(&answer, "/baseline"), "score").or_else(|_| field(&answer, "baseline_score"))?;
    Ok(Published {
        id: field(&answer, "project_id")?,
        baseline,
    })
}

fn submit(network: &Network, project: &str, proposal: &Proposal, work: &Path) -> Result<String, DemoError> {
    network.fund(&proposal.miner)?;
    let claimed = format!("--claimed-score={}", proposal.claimed_score);
    let mut command = strings(&["proposal", "submit", "--project", project, "--stake", STAKE, &claimed]);
    match &proposal.code {
        Code::Patch(patch) => command.extend(strings(&["--patch", &patch.display().to_string()])),
        Code::Overlay(files) => {
            let tree = work.join("trees").join(&proposal.miner);
            copy(&Path::new(EXAMPLE).join("project/repository"), &tree)?;
            copy(files, &tree)?;
            command.extend(strings(&["--folder", &tree.display().to_string()]));
        }
    }
    field(&network.orv(&proposal.miner, &command)?, "proposal_id")
}

/// Runs the verifier until its journal has an end for every proposal.
fn judge(network: &Network, proposals: usize, keep: &Path) -> Result<Vec<Value>, DemoError> {
    let verifier = network.verifier("operator", &keep.join(VERIFIER))?;
    let started = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let rows = match verifier.status() {
            Ok(rows) => rows,
            // The journal is there once the verifier has begun.
            Err(error) if started.elapsed() > Duration::from_secs(60) => return Err(error),
            Err(_) => continue,
        };
        if rows.len() == proposals && rows.iter().all(is_over) {
            return Ok(rows);
        }
        if started.elapsed() > PATIENCE {
            let state = rows
                .iter()
                .map(|row| format!("{} {}", at(row, "/proposal"), at(row, "/state")))
                .collect::<Vec<_>>();
            return Err(DemoError::Verifier {
                state: state.join(", "),
            });
        }
    }
}

fn is_over(row: &Value) -> bool {
    let state = at(row, "/state").as_str().unwrap_or_default();
    ["settled", "inconclusive", "set-aside", "closed"]
        .iter()
        .any(|end| state.starts_with(end))
}

/// One proposal as the journal, the ledger and the auditor's program tell it.
fn row(network: &Network, id: String, proposal: Proposal, rows: &[Value]) -> Result<Row, DemoError> {
    let journal = rows
        .iter()
        .find(|row| at(row, "/proposal").as_str() == Some(&id))
        .cloned()
        .unwrap_or(Value::Null);
    let ledger = network.orv(&proposal.miner, &strings(&["proposal", "show", &id]))?;
    let audited = match at(&journal, "/receipt").as_str() {
        Some(receipt) => at(&network.audit(receipt)?, "/verified").as_bool().unwrap_or(false),
        None => false,
    };
    Ok(Row {
        id,
        proposal,
        journal,
        ledger,
        audited,
    })
}

fn copy(from: &Path, to: &Path) -> Result<(), DemoError> {
    make(to)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DemoError::File { path, source }
    };
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let source = entry.map_err(failed(from))?.path();
        let Some(name) = source.file_name() else { continue };
        let target = to.join(name);
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(failed(&source))?;
        }
    }
    Ok(())
}

fn make(path: &Path) -> Result<(), DemoError> {
    fs::create_dir_all(path).map_err(|source| DemoError::File {
        path: path.to_owned(),
        source,
    })
}

fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
