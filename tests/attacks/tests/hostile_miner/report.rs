//! What is written of a run: `target/hostile-miner.md` with what was seen, and `docs/hostile-miner.md` without, which is
//! checked against the table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::attack::{Attack, Attempted, Outcome};
use crate::forgeries::FORGERIES;
use crate::protection::Protection;
use crate::rows;

const ABOUT: &str = "\
# The hostile miner

Every attack below is a small program or an archive that runs through the verifier's own code (`./dev test runner`), twice: without the
one protection that it names, where it must succeed, and at full strength, where it must not. So each row proves that its
protection is there *and* that the suite would notice if it were not. After each run at full strength the machine is
looked at: no process, control group, mount or kernel object of the run may be left.

`./dev test runner --without NAME` runs all of them without one protection; it fails and names what gets through.
";

const SHARED: &str = "\
## What cannot be excluded in a shared project

In a shared project harness and candidate are one process tree, as in upstream's protocols. What the harness can print,
the candidate can print. These forgeries succeed at full strength; the suite runs each of them to its statement:
";

const TIER: &str = "\
Each ends in a statement whose `metricChannel` is 2 (shared), which is the weaker tier: the gateway settles such an approve
only for a project on its opt-in list and never above the published jump (DESIGN 5.2, 5.6). The same attempts on a split
project (`metricChannel` 1) are judged to the end in the same run, and none is approved.
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The document without anything that a run has seen.
pub fn document(rows: &[Attack]) -> String {
    let mut served: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter()
        .for_each(|attack| *served.entry(attack.protection.name()).or_default() += 1);
    let mut text = format!("{ABOUT}\n{} attacks, {} protections.\n\n", rows.len(), served.len());
    text.push_str("## The attacks\n\n| attack | class | protection | at full strength |\n|---|---|---|---|\n");
    for attack in rows {
        let cells = [
            attack.name,
            attack.class.name(),
            attack.protection.name(),
            attack.expected,
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push_str(&format!("\n{SHARED}\n"));
    for forgery in FORGERIES {
        text.push_str(&format!("- **{}**: {}\n", forgery.name, forgery.how));
    }
    text.push_str(&format!(
        "\n{TIER}\n## The protections\n\n| protection | attacks |\n|---|---|\n"
    ));
    for protection in Protection::all() {
        let name = protection.name();
        text.push_str(&format!(
            "| {name} | {} |\n",
            served.get(name).copied().unwrap_or_default()
        ));
    }
    text
}

/// Whether the committed document is the table's.
pub fn check_document(rows: &[Attack]) -> Result<(), String> {
    let path = root().join("docs/hostile-miner.md");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed == document(rows) {
        Ok(())
    } else {
        Err("docs/hostile-miner.md is not the table's: run the suite with --write-document".to_owned())
    }
}

/// Writes the committed document anew.
pub fn write_document() -> ExitCode {
    match std::fs::write(root().join("docs/hostile-miner.md"), document(&rows::all())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("docs/hostile-miner.md: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What one row has shown.
pub struct Seen {
    pub weakened: Attempted,
    pub full: Attempted,
}

/// Writes what this run has seen beneath `target`.
pub fn write(rows: &[Attack], seen: &[Seen], forgeries: &[String], split: &[String]) -> std::io::Result<()> {
    let mut text = document(rows);
    text.push_str(
        "\n## What this run has seen\n\n| attack | without its protection | at full strength |\n|---|---|---|\n",
    );
    for (attack, seen) in rows.iter().zip(seen) {
        text.push_str(&format!(
            "| {} | {} | {} |\n",
            attack.name,
            cell(&seen.weakened),
            cell(&seen.full)
        ));
    }
    text.push_str("\n### Forgeries in a shared project\n\n");
    forgeries.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
    text.push_str("\n### The same attempts in a split project (1 approve, 2 reject, 3 inconclusive)\n\n");
    split.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
    let path = root().join("target/hostile-miner.md");
    std::fs::write(path, text)
}

/// What an attacker wrote is not to break the table.
fn cell(attempted: &Attempted) -> String {
    let (word, seen) = match attempted {
        Ok(Outcome::Contained(seen)) => ("contained", seen),
        Ok(Outcome::Succeeded(seen)) => ("succeeded", seen),
        Err(error) => ("not tried", error),
    };
    let plain = seen.chars().map(|letter| {
        if letter.is_control() || letter == '|' {
            ' '
        } else {
            letter
        }
    });
    format!("{word}: {}", plain.take(120).collect::<String>())
}
