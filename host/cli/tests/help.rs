//! What `--help` teaches can be copied as it stands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod orv;

use orv::Home;

/// Columns of a terminal in which an example stays one line.
const NARROW: usize = 90;

/// Help of a command and of all below it.
fn helps(home: &Home, command: &[&str]) -> Vec<String> {
    let help = home.text(&[command, &["--help"]].concat()).stdout;
    let below = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let below = below.lines().take_while(|line| !line.is_empty());
    // A description that goes on stands further in.
    let names = below
        .filter(|line| !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<_> = names.filter(|name| *name != "help").collect();
    let further = names.iter().flat_map(|name| helps(home, &[command, &[name]].concat()));
    [vec![help.clone()], further.collect()].concat()
}

/// The lines below `Example:` or `Examples:`.
fn examples(help: &str) -> Vec<&str> {
    let found = help.split_once("Example:\n").or_else(|| help.split_once("Examples:\n"));
    found.map_or(Vec::new(), |(_, lines)| lines.lines().collect())
}

#[test]
fn an_example_is_a_command_that_no_terminal_breaks() {
    let helps = helps(&Home::new(), &[]);
    let mut seen = 0;
    for line in helps.iter().flat_map(|help| examples(help)) {
        let word = line.split_whitespace().next().unwrap();
        let begins = line.starts_with("  ") && (["orv", "sudo"].contains(&word) || word.contains('='));
        assert!(begins || line.starts_with("    "), "broken: {line}");
        assert!(line.chars().count() <= NARROW, "too long: {line}");
        seen += 1;
    }
    assert!(helps.len() > 25 && seen > 25, "{} commands, {seen} lines", helps.len());
}
