//! `orv project`.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use orv_chain::{Curve, Project, ProjectId, primitives::U256};
use orv_creator::{Baseline, Bundles, Separation, TokenTerms, VerdictCost, measure_baseline, publish};
use orv_trial::measurement::{Measurement, Steadiness};
use serde_json::{Value, json};

use super::image::ProjectSource;
use super::protocol::{warning_document, warning_text};
use crate::{amount, failure::Failure, output::Answer, sandbox, session::Session};

#[derive(Debug, Subcommand)]
pub enum ProjectCommand {
    /// Make a project's bundles and check them as the enclave will; nothing is sent
    #[command(after_help = "Example:\n  orv project check images/example/project \\\n    \
        --image-file target/static/x86_64-unknown-linux-gnu/reproducible/lua=bin/lua")]
    Check(ProjectSource),
    /// Measure a project's snapshot in the verifier's containers; needs root, nothing is sent
    #[command(
        after_help = "Each run has a seed of its own. Says whether the metric is exact.\n\nExample:\n  sudo orv project baseline images/example/project \\\n    \
        --image-file target/static/x86_64-unknown-linux-gnu/reproducible/lua=bin/lua --runs 5"
    )]
    Baseline(BaselineArguments),
    /// Check, measure, upload and create a project; needs root. What is created cannot be changed
    #[command(
        after_help = "Example:\n  sudo -E orv project publish images/example/project \\\n    \
        --image-file target/static/x86_64-unknown-linux-gnu/reproducible/lua=bin/lua \\\n    \
        --token-name Pack --token-symbol PACK --wallet main"
    )]
    Publish(PublishArguments),
    /// Show a project
    #[command(after_help = "Example:\n  orv project show 0")]
    Show {
        /// Its number
        id: ProjectId,
    },
    /// List projects, newest first
    #[command(after_help = "Example:\n  orv project list --limit 10 --json")]
    List {
        /// Most projects shown
        #[arg(long, default_value_t = 50)]
        limit: u64,
    },
}

#[derive(Debug, Args)]
pub struct BaselineArguments {
    #[command(flatten)]
    source: ProjectSource,
    /// How many trials
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=255))]
    runs: u16,
    /// Where to write the log
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PublishArguments {
    #[command(flatten)]
    source: ProjectSource,
    /// How many trials the baseline is measured by
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=255))]
    runs: u16,
    /// Name of the project's token
    #[arg(long)]
    token_name: String,
    /// Symbol of the project's token
    #[arg(long)]
    token_symbol: String,
    /// Price of the first token: 0.001og, 2000wei, or a number of wei
    #[arg(long, value_parser = amount::wei, default_value = "0.001og")]
    base_price: U256,
    /// By how much each token raises the price
    #[arg(long, value_parser = amount::wei, default_value = "0.000001og")]
    slope: U256,
    /// Most tokens that rewards may mint
    #[arg(long, value_parser = amount::whole, default_value = "1000000")]
    miner_pool_cap: U256,
}

pub async fn run(command: ProjectCommand, session: &Session) -> Result<Answer, Failure> {
    match command {
        ProjectCommand::Check(source) => Ok(checked(&source.bundles()?)),
        ProjectCommand::Baseline(arguments) => baseline(arguments).await,
        ProjectCommand::Publish(arguments) => publish_project(arguments, session).await,
        ProjectCommand::Show { id } => show(id, session).await,
        ProjectCommand::List { limit } => list(limit, session).await,
    }
}

fn checked(bundles: &Bundles) -> Answer {
    let separation = Separation::of(&bundles.documents, &bundles.snapshot_tree, &bundles.benchmark_tree);
    let fields = json!({
        "protocol_root": bundles.protocol_root,
        "snapshot_root": bundles.snapshot_root,
        "benchmark_root": bundles.benchmark_root,
        "image": bundles.image.to_string(),
        "channel": format!("{:?}", bundles.documents.project.channel()).to_ascii_lowercase(),
        "image_root": bundles.image_apart.as_ref().map(|image| image.root),
        "separation": separation.state.name(),
        "reasons": separation.reasons,
        "steps": separation.steps,
        "dangers": separation.dangers,
        "warnings": bundles.warnings.iter().map(warning_document).collect::<Vec<_>>(),
    });
    let mut text = format!(
        "the project can be published\nprotocol  {}\nsnapshot  {}\nbenchmark {}\nimage     {}",
        bundles.protocol_root, bundles.snapshot_root, bundles.benchmark_root, bundles.image
    );
    let told = [
        ("", &separation.reasons),
        ("to split it: ", &separation.steps),
        ("danger: ", &separation.dangers),
    ];
    for (front, lines) in told {
        for line in lines {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{front}{line}");
        }
    }
    for warning in &bundles.warnings {
        let _ = write!(text, "\nwarning: protocol.json: {}", warning_text(warning));
    }
    Answer::new("orv.check/1", fields, text)
}

async fn baseline(arguments: BaselineArguments) -> Result<Answer, Failure> {
    let bundles = Arc::new(arguments.source.bundles()?);
    let baseline = measured(&bundles, arguments.runs).await?;
    if let Some(path) = &arguments.out {
        fs::write(path, &baseline.log).map_err(|error| Failure::file(path, &error))?;
    }
    let (mut fields, mut text) = measurement(&baseline.measurement);
    let remarks = baseline.remarks(&bundles.documents);
    let margin = bundles.documents.protocol.measurement.margin();
    if let Value::Object(fields) = &mut fields {
        fields.extend([
            ("margin_bips".to_owned(), json!(margin.0)),
            (
                "noise_bips".to_owned(),
                json!(baseline.noise.map(|noise| noise.range_bips)),
            ),
            ("smallest_margin_bips".to_owned(), json!(smallest_margin(&baseline))),
            ("first_verdict".to_owned(), cost(&baseline.first_verdict)),
            ("later_verdict".to_owned(), cost(&baseline.later_verdict)),
            ("remarks".to_owned(), json!(remarks)),
        ]);
    }
    let later = baseline.later_verdict;
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\na verdict takes {} trials, about {} s",
        later.trials,
        later.time.as_secs()
    );
    if let Some(noise) = baseline.noise {
        let _ = write!(
            text,
            "\ntrials lie {} basis points apart; the smallest margin that makes sense is {}",
            noise.range_bips, noise.half_width_bips
        );
    }
    for remark in &remarks {
        let _ = write!(text, "\nnote: {remark}");
    }
    Ok(Answer::new("orv.baseline/1", fields, text))
}

/// An exact metric needs none: the ledger itself asks for one unit more. Of one trial nothing is known.
fn smallest_margin(baseline: &Baseline) -> Option<u64> {
    match baseline.measurement.steadiness {
        Steadiness::Exact => Some(0),
        Steadiness::Unknown | Steadiness::Coarse => None,
        Steadiness::Varies { .. } => baseline.noise.map(|noise| noise.half_width_bips),
    }
}

fn cost(cost: &VerdictCost) -> Value {
    json!({
        "trials": cost.trials,
        "most_trials": cost.most_trials,
        "seconds": cost.time.as_secs_f64(),
        "fits_into_a_job": cost.fits(),
    })
}

async fn measured(bundles: &Arc<Bundles>, runs: u16) -> Result<Baseline, Failure> {
    let (bundles, seeds) = (Arc::clone(bundles), sandbox::seeds(runs)?);
    sandbox::measure(move |bench| measure_baseline(&bundles, &seeds, bench)).await
}

/// A measurement in both forms.
pub fn measurement(measurement: &Measurement) -> (Value, String) {
    let scores: Vec<String> = measurement.trials.iter().map(|trial| trial.score.to_string()).collect();
    let fields = json!({
        "metric": measurement.metric.to_string(),
        "score": measurement.score.to_string(),
        "steadiness": measurement.steadiness.name(),
        "scores": scores,
    });
    let text = format!(
        "metric {}, score {}, {} over {} trials",
        measurement.metric,
        measurement.score,
        measurement.steadiness.name(),
        scores.len()
    );
    (fields, text)
}

async fn publish_project(arguments: PublishArguments, session: &Session) -> Result<Answer, Failure> {
    let bundles = Arc::new(arguments.source.bundles()?);
    let wallet = session.open_wallet()?;
    let chain = session.chain().await?;
    let storage = session.storage()?;
    session
        .output
        .note(&format!("measuring the baseline: {} trials", arguments.runs));
    let baseline = measured(&bundles, arguments.runs).await?;
    let owner = session.owner(chain, wallet);
    let token = TokenTerms {
        name: arguments.token_name,
        symbol: arguments.token_symbol,
        base_price: arguments.base_price,
        slope: arguments.slope,
        miner_pool_cap: arguments.miner_pool_cap,
    };
    let contracts = &session.deployment()?.openresearch;
    let published = publish(&owner, &storage, contracts, &bundles, &baseline, token).await?;
    let steadiness = baseline.measurement.steadiness.name();
    let fields = json!({
        "project_id": published.id,
        "token": published.token.to_string(),
        "protocol_root": published.protocol_root,
        "snapshot_root": published.snapshot_root,
        "benchmark_root": published.benchmark_root,
        "baseline_log_root": published.baseline_log_root,
        "baseline_score": published.baseline_score.to_string(),
        "steadiness": steadiness,
        "tx": published.transaction.to_string(),
        "gas_used": published.gas_used,
    });
    let text = format!(
        "project {}\ntoken    {}\nbaseline {} ({steadiness})\nsent in  {}",
        published.id, published.token, published.baseline_score, published.transaction
    );
    Ok(Answer::new("orv.published/1", fields, text))
}

async fn show(id: ProjectId, session: &Session) -> Result<Answer, Failure> {
    let chain = session.chain().await?;
    let project = Project::read(&chain, &session.deployment()?.openresearch, id).await?;
    let pool = Curve::new(chain, project.token).reward_pool_left().await?;
    let mut fields = fields_of(&project);
    if let Value::Object(fields) = &mut fields {
        fields.insert("reward_pool_left".to_owned(), json!(pool.to_string()));
    }
    let mut text = String::new();
    for (name, value) in fields.as_object().into_iter().flatten() {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{name:24} {}",
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        );
    }
    Ok(Answer::new("orv.project/1", fields, text))
}

async fn list(limit: u64, session: &Session) -> Result<Answer, Failure> {
    let chain = session.chain().await?;
    let contracts = &session.deployment()?.openresearch;
    let count = Project::count(&chain, contracts).await?;
    let mut rows = Vec::new();
    let mut text = format!("projects: {count}\n");
    let mut next = count;
    while let Some(id) = next.checked_sub(U256::from(1)).filter(|_| (rows.len() as u64) < limit) {
        next = id;
        let project = Project::read(&chain, contracts, ProjectId(id)).await?;
        let _ = writeln!(
            text,
            "{:>6}  best {}  creator {}",
            project.id, project.current_best_score, project.creator
        );
        rows.push(fields_of(&project));
    }
    Ok(Answer::new(
        "orv.projects/1",
        json!({ "count": count.to_string(), "projects": rows }),
        text,
    ))
}

fn fields_of(project: &Project) -> Value {
    json!({
        "project_id": project.id,
        "creator": project.creator.to_string(),
        "token": project.token.to_string(),
        "baseline_score": project.baseline_score.to_string(),
        "current_best_score": project.current_best_score.to_string(),
        "current_best_miner": project.current_best_miner.to_string(),
        "current_best_code_hash": project.current_best_code_hash.to_string(),
        "current_best_metrics_hash": project.current_best_metrics_hash.to_string(),
        "protocol_hash": project.protocol_hash.to_string(),
        "snapshot_hash": project.repo_snapshot_hash.to_string(),
        "benchmark_hash": project.benchmark_hash.to_string(),
        "baseline_metrics_hash": project.baseline_metrics_hash.to_string(),
        "created_at": project.created_at,
    })
}
