//! How many tests passed, by the last line that pytest prints.
//!
//! The reference leaves open what is counted (openresearch.md 4.2). Here it is the number before `passed`, zero where
//! the line has none, in the only line of the output that is a summary: counts with pytest's words for them, commas
//! between, ` in ` and a time, perhaps between equals signs.

use super::{Decimal, MetricError};

/// What pytest counts.
const WORDS: [&str; 11] = [
    "passed",
    "failed",
    "error",
    "errors",
    "skipped",
    "xfailed",
    "xpassed",
    "deselected",
    "warning",
    "warnings",
    "rerun",
];

/// The number of tests that passed.
pub(super) fn passed(output: &str) -> Result<Decimal, MetricError> {
    let mut summaries = output.lines().filter_map(summary);
    let found = summaries.next().ok_or(MetricError::Missing)?;
    if summaries.next().is_some() {
        return Err(MetricError::Doubled);
    }
    super::decimal(found.as_bytes())
}

/// The number before `passed` of a summary line.
fn summary(line: &str) -> Option<&str> {
    let line = line.trim_end_matches('\r');
    let inside = line.trim_matches('=');
    let inside = match inside.strip_prefix(' ') {
        Some(padded) if line.len() != inside.len() => padded.strip_suffix(' ')?,
        None if line.len() == inside.len() => inside,
        _ => return None,
    };
    let (counts, time) = inside.rsplit_once(" in ")?;
    if !is_time(time) {
        return None;
    }
    if counts == "no tests ran" {
        return Some("0");
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut passed = "0";
    for count in counts.split(", ") {
        let (number, word) = count.split_once(' ')?;
        let plain = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
        if !plain || !WORDS.contains(&word) || seen.contains(&word) {
            return None;
        }
        seen.push(word);
        if word == "passed" {
            passed = number;
        }
    }
    Some(passed)
}

/// `1.23s`, for a long run with hours behind it in parentheses.
fn is_time(text: &str) -> bool {
    let (seconds, clock) = match text.split_once(' ') {
        Some((seconds, clock)) => (seconds, Some(clock)),
        None => (text, None),
    };
    let seconds = seconds.strip_suffix('s').and_then(|number| number.split_once('.'));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let in_clock = |letter: char| letter.is_ascii_digit() || matches!(letter, ':' | ',' | ' ' | 'd' | 'a' | 'y' | 's');
    seconds.is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
        && clock.is_none_or(|clock| {
            clock
                .strip_prefix('(')
                .and_then(|clock| clock.strip_suffix(')'))
                .is_some_and(|clock| clock.contains(':') && clock.chars().all(in_clock))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(output: &str) -> Result<String, MetricError> {
        passed(output).map(|number| number.to_string())
    }

    #[test]
    fn the_number_before_passed_counts() {
        for (line, expected) in [
            ("3 passed in 0.12s", "3"),
            ("===== 3 passed in 0.12s =====", "3"),
            (
                "=== 1 failed, 12 passed, 2 skipped, 1 warning in 75.40s (0:01:15) ===",
                "12",
            ),
            ("1 failed, 2 errors in 0.10s", "0"),
            ("no tests ran in 0.01s", "0"),
            (
                "5 passed, 1 xfailed, 1 xpassed, 2 deselected, 3 rerun in 90000.00s (1 day, 1:00:00)\r",
                "5",
            ),
        ] {
            assert_eq!(count(&format!("tests/t.py ...\n{line}\n")).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_only_look_like_a_summary_are_none() {
        for line in [
            "I passed in 0.1s",
            "3 passed in 0.1",
            "3 passed",
            "passed in 0.1s",
            "3 passed, 4 passed in 0.1s",
            "3 passed  in 0.1s",
            "3 won in 0.1s",
            "x 3 passed in 0.1s",
            "=3 passed in 0.1s=",
            "-1 passed in 0.1s",
            "3 passed in 0.1s (soon)",
        ] {
            assert_eq!(count(line), Err(MetricError::Missing), "{line}");
        }
    }

    #[test]
    fn a_second_summary_is_nobodys_metric() {
        assert_eq!(count("3 passed in 0.1s\n9 passed in 0.1s\n"), Err(MetricError::Doubled));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(= |[=é\\n 0-9s.,():]|passed| in |no tests ran){0,30}") {
            let _ = count(&text);
        }
    }
}
