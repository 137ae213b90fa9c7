//! Patterns mean what Python's `re` makes of them, or are refused; globs open what its `fnmatch` opens: compared with Python
//! itself where the machine has it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod fixture;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use orv_content::tree::TreePath;
use orv_protocol::metric::{NoMatch, Pattern};
use orv_protocol::surface::Surface;
use serde_json::{Value, json};

/// Python's answers to all questions, `None` where there is no Python.
fn ask_python(questions: &[Value]) -> Option<Vec<Value>> {
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/oracle.py");
    let started = Command::new("python3")
        .args(["-W", "ignore", oracle])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = started else {
        eprintln!("NOT TESTED: no python3 here, so patterns were not compared with Python's re");
        return None;
    };
    let mut input = python.stdin.take().unwrap();
    let text: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    Some(answers)
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Parts of patterns, those among them that only Python, only our engine, or neither reads.
const PARTS: &[&str] = &[
    "a", "b", "1", "7", ".", "x", "-", "=", " ", "é", "_", "\n", "k", "K", "S", "²", r"\d", r"\D", r"\w", r"\W", r"\s",
    r"\S", r"\b", r"\B", r"\A", r"\Z", r"\z", "^", "$", "(", ")", "(", ")", "(", ")", "(?:", ")", "(?P<n>", "|", "|",
    "*", "+", "?", "{2}", "{,2}", "{1,}", "{1,2}", "{", "}", "{}", "{,}", "*?", "+?", "??", "*+", "[ab1]", "[^a]",
    "[a-c]", "[", "]", "[]a]", "[^]b]", "[a-]", r"[\d.]", r"[\W1]", r"[^\s]", "[a&&b]", "[a--b]", "[[a]b]", "[~~]",
    r"\.", r"\-", r"\n", r"\t", r"\x41", r"\u0062", r"\061", r"\07", r"\1", r"\8", r"[\1]", r"[\b]", r"\a", r"\e",
    r"\p", "(?i)", "(?s)", "(?a)", "(?i:", "(?s:", "(?-i:", "(?a:", "(?x)", "(?#c)", "(?=a)", "(?<=a)", "(?>a)", "#",
    "&&", r"\N", "(?m)", "(?im)",
];

const LETTERS: &[&str] = &[
    "a", "b", "1", "7", ".", "x", "-", "=", " ", "é", "_", "\n", "\r", "k", "K", "s", "S", "²", "\u{301}", "\u{1c}",
    "\u{203f}", "\u{212a}", "\u{130}", "\u{17f}", "&", "[", "]", "{", "}", "A", "~", "#",
];

fn text(numbers: &mut Numbers) -> String {
    (0..numbers.below(14)).map(|_| numbers.pick(LETTERS)).collect()
}

/// Patterns as projects have them.
const REAL: &[&str] = &[
    r"^val_bpb:\s+([0-9.]+)$",
    r"BASELINE_METRIC=([^\s]+)",
    r"loss[:=]\s*(-?\d+(?:\.\d+)?)",
    r"(?i)accuracy\s*=\s*(?P<value>\d+\.\d+)\s*%?",
    r"^\s*total time\s*\|\s*(\d+\.\d+)\s*\|",
    r"\bscore=(\d+)\b",
    r"Requests/sec:\s+(\d+\.\d{2})",
    r"(?s)begin.*?result: (\d+).*?end",
    r"(\d+) passed",
    r"time:\s+\[\d+\.\d+ \w+ (\d+\.\d+) \w+ \d+\.\d+ \w+\]",
    r"^BASELINE_METRIC=([0-9]+)$",
    "\"loss\":\\s*([0-9.]+)",
    r"(?:min|avg) = (\d+)",
];

const OUTPUTS: &[&str] = &[
    "val_bpb: 0.99\r\n",
    "val_bpb: 0.99\n",
    "x\nval_bpb:\n1\n",
    "BASELINE_METRIC=5 BASELINE_METRIC=6",
    "loss: -1.5e3",
    "loss=2",
    "Accuracy = 97.1%",
    "ACCURACY=1.0",
    " total time | 12.50 |",
    "score=12",
    "xscore=12",
    "score=12\u{301}",
    "score=12²",
    "Requests/sec:  100.123",
    "begin\nresult: 5\nend begin result: 6 end",
    "12 passed in 0.1s",
    "time:   [1.0 ms 1.1 ms 1.2 ms]",
    "{\"loss\": 0.5}",
    "min = 4\navg = 5",
    "",
    "\n",
    "BASELINE_METRIC=7",
];

#[test]
fn patterns_that_are_read_find_what_python_finds() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for real in REAL {
        cases.push((
            real.to_string(),
            OUTPUTS.iter().map(|output| output.to_string()).collect(),
        ));
    }
    while cases.len() < 30_000 {
        let pattern: String = (0..=numbers.below(7)).map(|_| numbers.pick(PARTS)).collect();
        let texts = (0..8).map(|_| text(&mut numbers)).collect();
        cases.push((pattern, texts));
    }
    let question =
        |(pattern, texts): &(String, Vec<String>)| json!({"ask": "search", "pattern": pattern, "texts": texts});
    let Some(answers) = ask_python(&cases.iter().map(question).collect::<Vec<_>>()) else {
        return;
    };
    let (mut read, mut refused, mut found) = (0, 0, 0);
    for ((pattern, texts), answer) in cases.iter().zip(&answers) {
        let Ok(ours) = Pattern::try_from(pattern.clone()) else {
            assert!(!REAL.contains(&pattern.as_str()), "{pattern} is refused");
            refused += usize::from(answer.get("found").is_some());
            continue;
        };
        read += 1;
        assert!(
            answer.get("found").is_some(),
            "{pattern:?} is read, Python says {answer}"
        );
        for (text, theirs) in texts.iter().zip(answer["found"].as_array().unwrap()) {
            let expected = match (theirs[0].as_u64().unwrap(), theirs[1].as_str()) {
                (0, _) | (1, None) => Err(NoMatch::Missing),
                (1, Some(value)) => Ok(value.to_owned()),
                _ => Err(NoMatch::Doubled),
            };
            // A stand-in for a character that engines disagree about is part of no number.
            let number = |value: Result<String, NoMatch>| {
                value.map(|value| {
                    if value.is_ascii() {
                        value
                    } else {
                        "no number".to_owned()
                    }
                })
            };
            assert_eq!(
                number(ours.only_value(text)),
                number(expected),
                "{pattern:?} in {text:?}"
            );
            found += usize::from(theirs[0] != 0);
        }
    }
    eprintln!("{read} patterns read, {refused} refused that Python reads, {found} texts with a match");
    assert!(read > 5_000 && found > 5_000, "{read} {found}");
}

#[test]
fn every_character_is_in_the_sets_that_python_has_it_in() {
    let cases = [
        (r"\d", "", ""),
        (r"\D", "", ""),
        (r"\w", "", ""),
        (r"\W", "", ""),
        (r"\s", "", ""),
        (r"\S", "", ""),
        (".", "", ""),
        (r"[^\w\s]", "", ""),
        (r"(?a)\w", "", ""),
        (r"(?a)\s", "", ""),
        (r"(?a)[^\d]", "", ""),
        ("(?i)k", "", ""),
        ("(?i)[a-z]", "", ""),
        ("(?i)[^S-i]", "", ""),
        ("(?ai)[i-s]", "", ""),
        (r"a\b", "a", ""),
        (r"\bz", "", "z"),
        (r"a\B", "a", ""),
        ("a$", "a", ""),
        ("^z", "", "z"),
    ];
    let mut questions: Vec<Value> = cases
        .iter()
        .map(|(pattern, before, after)| json!({"ask": "members", "pattern": pattern, "around": [before, after]}))
        .collect();
    questions.push(json!({"ask": "assigned"}));
    let Some(mut answers) = ask_python(&questions) else {
        return;
    };
    // Only characters that this Python knows: a newer Unicode assigns more.
    let assigned: Vec<char> = numbers(&answers.pop().unwrap()["assigned"])
        .filter_map(char::from_u32)
        .collect();
    for ((pattern, before, after), answer) in cases.iter().zip(&answers) {
        let theirs: BTreeSet<u32> = answer["members"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|range| {
                let bounds: Vec<u32> = numbers(range).collect();
                bounds[0]..=bounds[1]
            })
            .collect();
        let ours = Pattern::try_from(pattern.to_string()).unwrap();
        for letter in &assigned {
            let found = ours.is_in(&format!("{before}{letter}{after}"));
            assert_eq!(
                found,
                theirs.contains(&u32::from(*letter)),
                "{pattern} and {letter:?} U+{:04x}",
                u32::from(*letter)
            );
        }
    }
}

#[test]
fn globs_open_the_paths_that_pythons_fnmatch_opens() {
    let parts = [
        "*", "**", "?", "[ab]", "[!a]", "[a-c]", "[]a]", "[!]a]", "[", "]", "[c-a]", "[a", "-", "!", "^", "[^a]", "a",
        "b", "/", ".", "src", "é", "\\", "[[]", "[a-]", "[--a]", "[a-c-e]", "[!b-a]", "[a\\]b]",
    ];
    let letters = ["a", "b", "c", "-", "]", "[", "!", "^", ".", "/", "src", "é", "\\", "A"];
    let mut numbers = Numbers(0x5851_f42d_4c95_7f2d);
    let mut cases: Vec<(String, Vec<TreePath>)> = Vec::new();
    while cases.len() < 3_000 {
        let pattern: String = (0..=numbers.below(5)).map(|_| numbers.pick(&parts)).collect();
        let path = |numbers: &mut Numbers| {
            let text: String = (0..=numbers.below(6)).map(|_| numbers.pick(&letters)).collect();
            TreePath::new(text).ok()
        };
        cases.push((pattern, (0..10).filter_map(|_| path(&mut numbers)).collect()));
    }
    let question =
        |(pattern, paths): &(String, Vec<TreePath>)| json!({"ask": "glob", "pattern": pattern, "paths": paths});
    let Some(answers) = ask_python(&cases.iter().map(question).collect::<Vec<_>>()) else {
        return;
    };
    let mut opened = 0;
    for ((pattern, paths), answer) in cases.iter().zip(&answers) {
        let surface = Surface::of(&fixture::surface(&[pattern], &[], &[]));
        for (path, theirs) in paths.iter().zip(answer["permitted"].as_array().unwrap()) {
            assert_eq!(json!(surface.is_mutable(path)), *theirs, "{pattern} and {path}");
            opened += usize::from(theirs == &json!(true));
        }
    }
    assert!(opened > 300, "{opened}");
}

fn numbers(list: &Value) -> impl Iterator<Item = u32> + '_ {
    list.as_array()
        .unwrap()
        .iter()
        .map(|number| u32::try_from(number.as_u64().unwrap()).unwrap())
}
