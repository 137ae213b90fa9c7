//! Running the table.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

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
    let rows = rows::all();
    let mut failures = spread(&rows);
    failures.extend(report::check_document(&rows).err());
    let mut checks = 2 - failures.len().min(2);
    let begun = std::time::Instant::now();
    let weakened: Vec<Attempted> = rows.iter().map(proof).collect();
    for (attack, attempted) in rows.iter().zip(&weakened) {
        if !matches!(attempted, Ok(Outcome::Succeeded(_))) {
            let protection = attack.protection.name();
            failures.push(format!(
                "{} is not proven: without {protection} it must succeed",
                attack.name
            ));
        }
    }
    let (forgeries, split) = (forgeries(&mut failures), split_verdicts(&mut failures));
    checks += forgeries.len() + split.len();
    let full: Vec<Attempted> = rows.iter().map(|attack| shown(attack, None)).collect();
    for (attack, attempted) in rows.iter().zip(&full) {
        if !matches!(attempted, Ok(Outcome::Contained(_))) {
            failures.push(format!("{} got through", attack.name));
        }
    }
    let proven = weakened
        .iter()
        .filter(|attempted| matches!(attempted, Ok(Outcome::Succeeded(_))))
        .count();
    let contained = full
        .iter()
        .filter(|attempted| matches!(attempted, Ok(Outcome::Contained(_))))
        .count();
    println!(
        "{proven} of {} attacks proven, in {} s",
        rows.len(),
        begun.elapsed().as_secs()
    );
    let seen = weakened
        .into_iter()
        .zip(full)
        .map(|(weakened, full)| Seen { weakened, full })
        .collect::<Vec<_>>();
    if let Err(error) = report::write(&rows, &seen, &forgeries, &split) {
        failures.push(format!("the report cannot be written: {error}"));
    }
    finish(rows.len(), checks + proven + contained, contained, &failures)
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

/// The lines that people and CI look for.
fn finish(attacks: usize, passed: usize, contained: usize, failures: &[String]) -> ExitCode {
    for failure in failures {
        println!("FAILED: {failure}");
    }
    let failed = failures.len();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored");
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
