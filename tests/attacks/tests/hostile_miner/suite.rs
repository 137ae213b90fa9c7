//! Running the table.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::attack::{Attack, Attempted, Outcome};
use crate::host::{self, Traces};
use crate::protection::Protection;
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
    let begun = std::time::Instant::now();
    let mut proven = 0;
    for attack in &rows {
        let attempted = attempt(attack, Some(attack.protection));
        println!("{}", line(attack, "weakened", &attempted));
        match attempted {
            Ok(Outcome::Succeeded(_)) => proven += 1,
            _ => failures.push(format!(
                "{} is not proven: without {} it must succeed",
                attack.name,
                attack.protection.name()
            )),
        }
    }
    let mut contained = 0;
    for attack in &rows {
        let attempted = attempt(attack, None);
        println!("{}", line(attack, "full strength", &attempted));
        match attempted {
            Ok(Outcome::Contained(_)) => contained += 1,
            _ => failures.push(format!("{} got through", attack.name)),
        }
    }
    println!("{proven} of {} attacks proven, in {:?}", rows.len(), begun.elapsed());
    finish(&rows, proven, contained, &failures)
}

/// The lines that people and CI look for.
fn finish(rows: &[Attack], proven: usize, contained: usize, failures: &[String]) -> ExitCode {
    for failure in failures {
        println!("FAILED: {failure}");
    }
    let passed = proven + contained;
    let failed = failures.len();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored");
    println!("attacks {}, contained {contained}", rows.len());
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
