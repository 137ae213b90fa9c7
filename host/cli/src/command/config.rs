//! `orv config`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use orv_verifier::VerifierConfig;
use orv_verifier::settings::{EXAMPLE, Environment, Origin, Problem, Severity, check_file, effective, unknown_keys};
use serde_json::{Value, json};

use crate::{
    arguments::GlobalArguments,
    code::{Code, Exit},
    failure::Failure,
    output::{Answer, visible},
    settings::{self, KNOWN, Row},
};

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say everything that is wrong with orv.toml, and with a verifier's configuration where one is named
    #[command(after_help = CHECK_HELP)]
    Check(ConfigArguments),
    /// Show the settings that count, and where each comes from
    #[command(after_help = PRINT_HELP)]
    Print(PrintArguments),
}

const CHECK_HELP: &str = "\
Looks at the file, at the variables and at the files that it names. Each problem has its place, line:column. Asks nobody \
outside this machine; `orv doctor --verifier FILE` does. Exits with 3 when there is an error.

Examples:
  orv config check
  orv config check --verifier /etc/orv/verifier.toml";

const PRINT_HELP: &str = "\
A flag goes before its variable, the variable before the file, the file before the default. Secrets are not shown.

Examples:
  orv config print --verifier /etc/orv/verifier.toml
  orv config print --verifier verifier.toml --json | jq '.settings[] | .key'
  orv config print --defaults > verifier.toml";

#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// The verifier's configuration
    #[arg(long, env = "ORV_VERIFIER_CONFIG", value_name = "FILE")]
    verifier: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PrintArguments {
    #[command(flatten)]
    of: ConfigArguments,
    /// Print the whole commented example of a verifier's configuration instead, with every default
    #[arg(long)]
    defaults: bool,
}

pub fn run(command: &ConfigCommand, flags: &GlobalArguments) -> Result<Answer, Failure> {
    match command {
        ConfigCommand::Check(arguments) => checked(arguments, flags),
        ConfigCommand::Print(arguments) if arguments.defaults => Ok(Answer::new(
            "orv.config.defaults/1",
            json!({ "toml": EXAMPLE }),
            EXAMPLE,
        )),
        ConfigCommand::Print(arguments) => printed(&arguments.of, flags),
    }
}

fn checked(arguments: &ConfigArguments, flags: &GlobalArguments) -> Result<Answer, Failure> {
    let mut looked_at: Vec<(PathBuf, Vec<Problem>)> = Vec::new();
    if let Some((path, text)) = settings::read(flags)? {
        let problems = unknown_keys(&text, KNOWN).into_iter();
        let coded = problems.map(|problem| problem.coded(Code::Configuration.text()));
        looked_at.push((path, coded.collect()));
    }
    if let Some(path) = &arguments.verifier {
        looked_at.push((path.clone(), check_file(path, &Environment::of_process())?));
    }
    if looked_at.is_empty() {
        return Err(Failure::missing("a configuration", "--verifier FILE or --config FILE"));
    }
    let bad = |problem: &Problem| problem.severity == Severity::Error;
    let failed = looked_at.iter().any(|(_, problems)| problems.iter().any(bad));
    let document: Vec<Value> = looked_at
        .iter()
        .map(|(path, problems)| json!({ "file": path.display().to_string(), "problems": problems }))
        .collect();
    let text: Vec<String> = looked_at.iter().map(|(path, problems)| told(path, problems)).collect();
    let answer = Answer::new(
        "orv.config.check/1",
        json!({ "usable": !failed, "files": document }),
        text.join("\n"),
    );
    Ok(if failed {
        answer.with_exit(Exit::BadContent)
    } else {
        answer
    })
}

fn told(path: &Path, problems: &[Problem]) -> String {
    let shown = path.display();
    if problems.is_empty() {
        return format!("{shown}: nothing is wrong");
    }
    let line = |problem: &Problem| {
        let place = problem.place.map_or_else(String::new, |place| format!(":{place}"));
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let code = problem.code.map_or_else(String::new, |code| format!(" {code}"));
        visible(&format!(
            "{shown}{place}: {severity}{code}: {}",
            problem.message.trim_end()
        ))
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn printed(arguments: &ConfigArguments, flags: &GlobalArguments) -> Result<Answer, Failure> {
    let rows: Vec<Row> = match &arguments.verifier {
        Some(path) => {
            let text = VerifierConfig::read(path)?;
            effective(&text, &Environment::of_process())?
                .into_iter()
                .map(Row::from)
                .collect()
        }
        None => settings::rows(flags)?,
    };
    let width = rows.iter().map(|row| row.key.len()).max().unwrap_or_default();
    let line = |row: &Row| {
        let value = row.value.as_deref().unwrap_or("-");
        format!("{:width$}  {:11}  {}", row.key, origin(row.origin), visible(value))
    };
    let text: Vec<String> = rows.iter().map(line).collect();
    Ok(Answer::new(
        "orv.config/1",
        json!({ "settings": rows }),
        text.join("\n"),
    ))
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag => "flag",
        Origin::Environment => "environment",
        Origin::File => "file",
        Origin::Default => "default",
        Origin::Absent => "absent",
    }
}
