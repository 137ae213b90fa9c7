//! Running the table.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use orv_runner::{Runner, Strength};

use crate::attack::{Attack, Attempted, Outcome};
use crate::forgeries::{self, FORGERIES, SPLIT};
use crate::host::{self, Traces};
use crate::protection::Protection;
use crate::report::{self, Seen};
use crate::rows;
use crate::stage::Stage;

/// No protection may carry more rows than this: each row is to prove something of its own.
const MOST_ROWS: usize = 8;
const FEWEST_ATTACKS: usize = 60;

/// One attack with everything else at full strength.
fn attempt(attack: &Attack, without: Option<Protection>) -> Attempted {
    let stage = Stage::new(without);
    let act = || match without {
        Some(protection) => protection.left_out_of(|| (attack.run)(&stage)),
        None => (attack.run)(&stage),
    };
    let attempted = catch_unwind(AssertUnwindSafe(act));
    let attempted = attempted.unwrap_or_else(|_| Err("the row panicked".to_owned()));
    drop(stage);
    if without.is_some() {
        host::clean_up();
        return attempted;
    }
    let traces = Traces::now();
    if traces.is_clean() {
        attempted
    } else {
        host::clean_up();
        Ok(Outcome::Succeeded(format!("left on the machine: {traces:?}")))
    }
}

fn line(attack: &Attack, column: &str, attempted: &Attempted) -> String {
    let (word, seen) = match attempted {
        Ok(Outcome::Contained(seen)) => ("contained", seen.as_str()),
        Ok(Outcome::Succeeded(seen)) => ("SUCCEEDED", seen.as_str()),
        Err(error) => ("NOT TRIED", error.as_str()),
    };
    let seen: String = seen
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(90)
        .collect();
    let (name, class, protection) = (attack.name, attack.class.name(), attack.protection.name());
    format!("{column:<14} {name:<38} {class:<12} {protection:<24} {word}  {seen}")
}

/// The whole suite: weakened runs first, full strength last.
pub fn whole() -> ExitCode {
    let table = rows::all();
    let mut failures = spread(&table);
    failures.extend(report::check_document(&table).err());
    let checks = usize::from(failures.is_empty());
    let (rows, skipped) = testable(table);
    let begun = std::time::Instant::now();
    let weakened = prove(&rows, &mut failures);
    let (forgeries, split) = (forgeries(&mut failures), split_verdicts(&mut failures));
    let full = hold(&rows, &mut failures);
    let proven = weakened
        .iter()
        .filter(|attempted| matches!(attempted, Ok(Outcome::Succeeded(_))));
    let contained = full
        .iter()
        .filter(|attempted| matches!(attempted, Ok(Outcome::Contained(_))));
    let (proven, contained) = (proven.count(), contained.count());
    println!(
        "{proven} of {} attacks proven, in {} s",
        rows.len(),
        begun.elapsed().as_secs()
    );
    let seen = weakened
        .into_iter()
        .zip(full)
        .map(|(weakened, full)| Seen { weakened, full });
    if let Err(error) = report::write(&rows, &seen.collect::<Vec<_>>(), &forgeries, &split) {
        failures.push(format!("the report cannot be written: {error}"));
    }
    let passed = checks + forgeries.len() + split.len() + proven + contained;
    finish(
        Counts {
            attacks: rows.len(),
            contained,
            passed,
            skipped,
        },
        &failures,
    )
}

/// Rows whose protection this kernel has; what is left out is said loudly.
fn testable(mut rows: Vec<Attack>) -> (Vec<Attack>, usize) {
    let protections = Runner::new(std::env::temp_dir()).protections();
    let all = rows.len();
    if protections.is_ok_and(|found| found.landlock == Strength::Absent) {
        println!("SKIPPED, NOT TESTED: this kernel has no Landlock, so what it alone stops is open here");
        rows.retain(|attack| attack.protection != Protection::Runner(orv_runner::Protection::Landlock));
    }
    let skipped = all - rows.len();
    (rows, skipped)
}

/// Every attack without its own protection, where it must succeed.
fn prove(rows: &[Attack], failures: &mut Vec<String>) -> Vec<Attempted> {
    let attempts: Vec<Attempted> = rows.iter().map(proof).collect();
    for (attack, attempted) in rows.iter().zip(&attempts) {
        if !matches!(attempted, Ok(Outcome::Succeeded(_))) {
            let (name, protection) = (attack.name, attack.protection.name());
            failures.push(format!("{name} is not proven: without {protection} it must succeed"));
        }
    }
    attempts
}

/// Every attack at full strength, where none may succeed.
fn hold(rows: &[Attack], failures: &mut Vec<String>) -> Vec<Attempted> {
    let attempts: Vec<Attempted> = rows.iter().map(|attack| shown(attack, None)).collect();
    for (attack, attempted) in rows.iter().zip(&attempts) {
        if !matches!(attempted, Ok(Outcome::Contained(_))) {
            failures.push(format!("{} got through", attack.name));
        }
    }
    attempts
}

/// The run without its own protection. Some attacks need a moment of a busy machine's processor: they have three tries,
/// as a miner has; at full strength not one may succeed.
fn proof(attack: &Attack) -> Attempted {
    const TRIES: usize = 3;
    let mut attempted = shown(attack, Some(attack.protection));
    for _ in 1..TRIES {
        if matches!(attempted, Ok(Outcome::Succeeded(_))) {
            break;
        }
        attempted = shown(attack, Some(attack.protection));
    }
    attempted
}

/// One attempt, and its line.
fn shown(attack: &Attack, without: Option<Protection>) -> Attempted {
    let attempted = attempt(attack, without);
    let column = if without.is_some() { "weakened" } else { "full strength" };
    println!("{}", line(attack, column, &attempted));
    attempted
}

/// The forgeries of shared projects, with what their statements say.
fn forgeries(failures: &mut Vec<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for forgery in FORGERIES {
        match forgeries::check(forgery) {
            Ok(said) => lines.push(format!("{}: {said}", forgery.name)),
            Err(error) => failures.push(error),
        }
    }
    lines.iter().for_each(|line| println!("shared project {line}"));
    lines
}

/// The verdicts of split projects under attack.
fn split_verdicts(failures: &mut Vec<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for (judge, words) in SPLIT {
        match forgeries::check_split(judge, words) {
            Ok(said) => lines.push(said),
            Err(error) => failures.push(format!("split project {error}")),
        }
    }
    lines.iter().for_each(|line| println!("split project  {line}"));
    lines
}

/// What is told at the end.
struct Counts {
    attacks: usize,
    contained: usize,
    passed: usize,
    skipped: usize,
}

/// The lines that people and CI look for.
fn finish(counts: Counts, failures: &[String]) -> ExitCode {
    for failure in failures {
        println!("FAILED: {failure}");
    }
    let Counts {
        attacks,
        contained,
        passed,
        skipped,
    } = counts;
    let failed = failures.len();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; {skipped} ignored");
    println!("attacks {attacks}, contained {contained}");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Names, numbers and protections of the table.
fn spread(rows: &[Attack]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut served: BTreeMap<Protection, usize> = BTreeMap::new();
    for attack in rows {
        *names.entry(attack.name).or_default() += 1;
        *served.entry(attack.protection).or_default() += 1;
    }
    if rows.len() < FEWEST_ATTACKS {
        failures.push(format!(
            "{} attacks, at least {FEWEST_ATTACKS} are asked for",
            rows.len()
        ));
    }
    for (name, _) in names.iter().filter(|(_, count)| **count > 1) {
        failures.push(format!("{name} is the name of two attacks"));
    }
    for (protection, count) in served.iter().filter(|(_, count)| **count > MOST_ROWS) {
        failures.push(format!(
            "{} serves {count} attacks, at most {MOST_ROWS}",
            protection.name()
        ));
    }
    for protection in Protection::all() {
        if !served.contains_key(&protection) {
            failures.push(format!("no attack proves {}", protection.name()));
        }
    }
    failures
}

/// Every attack without one protection: what gets through then.
pub fn without(name: &str) -> ExitCode {
    let Some(protection) = Protection::named(name) else {
        let names: Vec<&str> = Protection::all().into_iter().map(Protection::name).collect();
        eprintln!("no protection is called {name}; there are: {}", names.join(", "));
        return ExitCode::from(2);
    };
    let rows = rows::all();
    let mut through = Vec::new();
    for attack in &rows {
        let attempted = attempt(attack, Some(protection));
        if !matches!(attempted, Ok(Outcome::Contained(_))) {
            println!("{}", line(attack, "weakened", &attempted));
            through.push(attack.name);
        }
    }
    println!("without {name} these got through: {}", through.join(", "));
    println!("attacks {}, contained {}", rows.len(), rows.len() - through.len());
    if through.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One attack both ways, for whoever writes it.
pub fn only(name: &str) -> ExitCode {
    let rows = rows::all();
    for attack in rows
        .iter()
        .filter(|attack| attack.name.contains(name) || attack.protection.name() == name)
    {
        println!(
            "{}",
            line(attack, "weakened", &attempt(attack, Some(attack.protection)))
        );
        println!("{}", line(attack, "full strength", &attempt(attack, None)));
    }
    ExitCode::SUCCESS
}
