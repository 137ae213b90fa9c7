//! `orv proposal`.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use clap::{Args, Subcommand};
use orv_chain::{
    Project, ProjectId, Proposal, ProposalId,
    primitives::{Address, I256, U256},
};
use orv_miner::{Candidate, ProjectFiles, Spending, Terms, inspect, patch::Patch, submit};
use orv_protocol::advice;
use orv_protocol::judgement::Arm;
use orv_protocol::score::{Bips, Score};
use orv_trial::Inputs;
use orv_trial::measurement::{Measurement, measure};
use serde_json::{Value, json};

use super::{proposal_view, trial_view};
use crate::{
    amount,
    code::Code,
    failure::Failure,
    output::{Answer, visible},
    sandbox,
    session::Session,
};

/// Most undone files that are named.
const NAMED: usize = 20;

#[derive(Debug, Subcommand)]
pub enum ProposalCommand {
    /// Make a candidate, measure it, upload it, buy missing tokens, stake and submit
    #[command(
        after_help = "The candidate is a whole tree, or the project's snapshot with a patch. What it changes outside the mutable surface is undone. \
        Without --claimed-score it is measured here first, in the verifier's containers, which needs root. The claim decides nothing.\n\n\
        Examples:\n  sudo -E orv proposal submit --project 0 --stake 10 \\\n    \
        --patch images/example/patches/best-fit.patch\n  \
        orv proposal submit --project 0 --folder my-tree --stake 10 --claimed-score=-963"
    )]
    Submit(SubmitArguments),
    /// Make a candidate and say what of it counts and what upstream would warn of; nothing is run or sent
    #[command(after_help = "Example:\n  orv proposal check --project 0 --patch images/example/patches/best-fit.patch")]
    Check(CheckArguments),
    /// Show a proposal and what became of every attempt to judge it
    #[command(after_help = "Example:\n  orv proposal show 0")]
    Show {
        /// Its number
        id: ProposalId,
    },
    /// List proposals, newest first
    #[command(after_help = "Example:\n  orv proposal list --project 0")]
    List {
        /// Only those of this project
        #[arg(long)]
        project: Option<ProjectId>,
        /// Most proposals looked at
        #[arg(long, default_value_t = 50)]
        limit: u64,
    },
}

#[derive(Debug, Args)]
pub struct SubmitArguments {
    /// The project to improve
    #[arg(long)]
    project: ProjectId,
    #[command(flatten)]
    source: CandidateSource,
    /// Whole tokens; the reward is as large, and half of them are lost on a rejection or expiry
    #[arg(long, value_parser = amount::whole)]
    stake: U256,
    /// Score to claim instead of measuring, in scaled units; larger is better, so a minimised metric is negated
    #[arg(long, allow_hyphen_values = true)]
    claimed_score: Option<I256>,
    /// How many trials the claim is measured by
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=255))]
    runs: u16,
    /// Who gets the reward [default: the wallet]
    #[arg(long, value_name = "ADDRESS")]
    reward_recipient: Option<Address>,
    /// Most to pay for missing tokens: 1.5og, 2000wei, or a number of wei
    #[arg(long, value_parser = amount::wei)]
    budget: Option<U256>,
    /// How far the token's price may rise meanwhile, in basis points
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    slippage_bips: u16,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The project to improve
    #[arg(long)]
    project: ProjectId,
    #[command(flatten)]
    source: CandidateSource,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct CandidateSource {
    /// A whole tree
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// A unified diff against the project's snapshot, paths as for patch -p1
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
}

pub async fn run(command: ProposalCommand, session: &Session) -> Result<Answer, Failure> {
    match command {
        ProposalCommand::Submit(arguments) => submit_candidate(arguments, session).await,
        ProposalCommand::Check(arguments) => check_candidate(arguments, session).await,
        ProposalCommand::Show { id } => {
            let chain = session.chain().await?;
            let inspection = inspect(&chain, &session.deployment()?, id).await?;
            Ok(proposal_view::answer(&inspection))
        }
        ProposalCommand::List { project, limit } => list(project, limit, session).await,
    }
}

async fn submit_candidate(arguments: SubmitArguments, session: &Session) -> Result<Answer, Failure> {
    let wallet = session.open_wallet()?;
    let chain = session.chain().await?;
    let contracts = session.deployment()?.openresearch;
    let project = Project::read(&chain, &contracts, arguments.project).await?;
    let storage = session.storage()?;
    let files = ProjectFiles::fetch(&storage, &project).await?;
    let candidate = arguments.source.candidate(&files)?;
    let undone = undone(&candidate, &files, session)?;
    let advice = advised(&candidate, &files, session);
    let claim = match arguments.claimed_score {
        Some(score) => Claim::stated(score),
        None => Claim::measured(files, &candidate, &project, arguments.runs, session).await?,
    };
    let terms = Terms {
        claimed: claim.score,
        stake: arguments.stake,
        reward_recipient: arguments.reward_recipient,
        spending: Spending {
            slippage: Bips(arguments.slippage_bips),
            budget: arguments.budget,
            ..Spending::default()
        },
    };
    let owner = session.owner(chain, wallet);
    let submitted = submit(&owner, &storage, &contracts, &project, &candidate, claim.log, &terms).await?;
    let fields = json!({
        "proposal_id": submitted.id,
        "project_id": arguments.project,
        "code_hash": submitted.code_hash,
        "benchmark_log_hash": submitted.log_root,
        "claimed_score": claim.score.to_string(),
        "stake": arguments.stake.to_string(),
        "paid_wei": submitted.purchase.map(|purchase| purchase.value.to_string()),
        "undone": undone,
        "advice": advice,
        "trial": claim.document,
        "tx": submitted.transaction.to_string(),
        "gas_used": submitted.gas_used,
    });
    let text = format!(
        "proposal {0}\ncode     {1}\nclaimed  {2}\nsent in  {3}\nnext: orv proposal show {0}",
        submitted.id, submitted.code_hash, claim.score, submitted.transaction
    );
    Ok(Answer::new("orv.submitted/1", fields, text))
}

async fn check_candidate(arguments: CheckArguments, session: &Session) -> Result<Answer, Failure> {
    let chain = session.chain().await?;
    let contracts = session.deployment()?.openresearch;
    let project = Project::read(&chain, &contracts, arguments.project).await?;
    let files = ProjectFiles::fetch(&session.storage()?, &project).await?;
    let candidate = arguments.source.candidate(&files)?;
    let undone = undone(&candidate, &files, session)?;
    let advice = advised(&candidate, &files, session);
    let channel = format!("{:?}", files.documents.project.channel()).to_ascii_lowercase();
    let text = format!(
        "the candidate can be submitted\ncode     {}\nchannel  {channel}\nnext: sudo -E orv proposal submit --project {} {} --stake TOKENS",
        candidate.root(),
        arguments.project,
        visible(&arguments.source.told())
    );
    let fields = json!({
        "project_id": arguments.project,
        "code_hash": candidate.root(),
        "channel": channel,
        "undone": undone,
        "advice": advice,
    });
    Ok(Answer::new("orv.candidate/1", fields, text))
}

/// What upstream's own validator would say. It decides nothing here.
fn advised(candidate: &Candidate, files: &ProjectFiles, session: &Session) -> Value {
    let advice = advice::of(&files.documents.protocol, &files.snapshot, candidate.tree());
    for finding in advice.findings.iter().take(NAMED) {
        let path = visible(finding.path.as_str());
        session
            .output
            .note(&format!("advice: {path}: {}", finding.gate.explain()));
    }
    trial_view::advised(&advice)
}

/// What a miner claims, and what stands behind it.
struct Claim {
    score: Score,
    log: Bytes,
    document: Value,
}

impl Claim {
    /// The log of a claim that nobody measured says so.
    fn stated(score: I256) -> Self {
        let document = json!({ "schema": "orv.claim/1", "score": score.to_string(), "measured": false });
        let log = Bytes::from(format!("{document}\n"));
        Self {
            score: Score(score),
            log,
            document: Value::Null,
        }
    }

    /// Measures, and says when an approval is out of reach.
    async fn measured(
        files: ProjectFiles,
        candidate: &Candidate,
        project: &Project,
        runs: u16,
        session: &Session,
    ) -> Result<Self, Failure> {
        session.output.note(&format!("measuring the candidate: {runs} trials"));
        let margin = files.documents.protocol.measurement.margin();
        let measurement = measured(files, candidate.clone(), runs).await?;
        let (document, text) = super::project::measurement(&measurement);
        session.output.note(&text);
        if let Some(threshold) = measurement.short_of(Score(project.current_best_score), margin) {
            session.output.note(&format!(
                "below {threshold}, which an approval needs: the stake is likely to be lost by half"
            ));
        }
        Ok(Self {
            score: measurement.score,
            log: Bytes::from(measurement.log()),
            document,
        })
    }
}

impl CandidateSource {
    /// As it was given.
    fn told(&self) -> String {
        let folder = self.folder.iter().map(|path| format!("--folder {}", path.display()));
        let patch = self.patch.iter().map(|path| format!("--patch {}", path.display()));
        folder.chain(patch).collect()
    }

    fn candidate(&self, files: &ProjectFiles) -> Result<Candidate, Failure> {
        if let Some(folder) = &self.folder {
            return Ok(Candidate::from_folder(folder)?);
        }
        let path = self
            .patch
            .as_ref()
            .ok_or_else(|| Failure::new(Code::Usage, "neither --folder nor --patch"))?;
        let text = fs::read(path).map_err(|error| Failure::file(path, &error))?;
        Ok(Candidate::of(Patch::parse(&text)?.apply(&files.snapshot)?)?)
    }
}

/// Checks the candidate, and tells what of it will be undone.
fn undone(candidate: &Candidate, files: &ProjectFiles, session: &Session) -> Result<Vec<Value>, Failure> {
    let differences = candidate.check(files)?;
    if !differences.is_empty() {
        session.output.note(&format!(
            "{} files outside the mutable surface will be undone:",
            differences.len()
        ));
    }
    for difference in differences.iter().take(NAMED) {
        session
            .output
            .note(&visible(&format!("  {:?} {}", difference.kind, difference.path)));
    }
    let row = |difference: &orv_protocol::surface::Difference| json!({ "path": difference.path.as_str(), "kind": format!("{:?}", difference.kind).to_ascii_lowercase() });
    Ok(differences.iter().map(row).collect())
}

async fn measured(files: ProjectFiles, candidate: Candidate, runs: u16) -> Result<Measurement, Failure> {
    let seeds = sandbox::seeds(runs)?;
    sandbox::measure(move |bench| {
        let inputs = Inputs {
            documents: &files.documents,
            snapshot: &files.snapshot,
            benchmark: &files.benchmark,
            image: files.image.as_ref(),
            incumbent: None,
            candidate: Some(candidate.tree()),
        };
        measure(&inputs, Arm::Candidate, &seeds, bench)
    })
    .await
}

async fn list(project: Option<ProjectId>, limit: u64, session: &Session) -> Result<Answer, Failure> {
    let chain = session.chain().await?;
    let contracts = &session.deployment()?.openresearch;
    if let Some(id) = project {
        Project::read(&chain, contracts, id).await?;
    }
    let count = Proposal::count(&chain, contracts).await?;
    let (mut rows, mut looked) = (Vec::new(), 0_u64);
    let mut text = format!("proposals: {count}\n");
    let mut next = count;
    while let Some(id) = next.checked_sub(U256::from(1)).filter(|_| looked < limit) {
        (next, looked) = (id, looked + 1);
        let proposal = Proposal::read(&chain, contracts, ProposalId(id)).await?;
        if project.is_some_and(|project| project != proposal.project_id) {
            continue;
        }
        let status = format!("{:?}", proposal.status).to_ascii_lowercase();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:>6}  project {}  {status}  claimed {}  stake {}",
            proposal.id, proposal.project_id, proposal.claimed_score, proposal.stake
        );
        rows.push(proposal_view::fields(&proposal));
    }
    Ok(Answer::new(
        "orv.proposals/1",
        json!({ "count": count.to_string(), "proposals": rows }),
        text,
    ))
}
