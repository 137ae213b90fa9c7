//! How many tests passed, by a JUnit report in what a run printed.
//!
//! The reference leaves open what is counted (openresearch.md 4.2). Here it is the `testcase` elements without a
//! `failure`, `error` or `skipped` of their own, in the only `testsuites` or `testsuite` element of the output. Tags are
//! read, text is not: no entity is ever expanded, and a document type inside the report is refused.

use super::{Decimal, MetricError};

/// Most elements inside each other.
const DEEPEST: usize = 64;

/// Names that a report begins with.
const ROOTS: [&str; 2] = ["testsuites", "testsuite"];
/// Children that tell of a test that did not pass.
const NOT_PASSED: [&str; 3] = ["failure", "error", "skipped"];

/// The number of tests that passed.
pub(super) fn passed(output: &str) -> Result<Decimal, MetricError> {
    let report = root(output).ok_or(MetricError::Missing)?;
    let mut reader = Reader::new(report);
    reader.read()?;
    if root(reader.rest).is_some() {
        return Err(MetricError::Doubled);
    }
    Ok(reader.passed.to_string().parse()?)
}

/// The text from the first opening tag of a report.
fn root(text: &str) -> Option<&str> {
    text.match_indices('<').find_map(|(at, _)| {
        let tag = text.get(at..)?;
        let is_root = ROOTS.iter().any(|name| {
            tag.get(1..)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|after| after.starts_with([' ', '\t', '\r', '\n', '/', '>']))
        });
        is_root.then_some(tag)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Outside,
    Passed,
    NotPassed,
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    case: Case,
    passed: u64,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a str) -> Self {
        Reader {
            rest,
            open: Vec::new(),
            case: Case::Outside,
            passed: 0,
        }
    }

    /// Reads one element to its end.
    fn read(&mut self) -> Result<(), MetricError> {
        loop {
            self.rest = self.behind("<")?;
            if let Some(comment) = self.rest.strip_prefix("!--") {
                self.rest = comment;
                self.rest = self.behind("-->")?;
            } else if let Some(text) = self.rest.strip_prefix("![CDATA[") {
                self.rest = text;
                self.rest = self.behind("]]>")?;
            } else if self.rest.starts_with('?') {
                self.rest = self.behind("?>")?;
            } else if self.rest.starts_with('!') {
                return Err(MetricError::Report("a document type"));
            } else {
                self.tag()?;
            }
            if self.open.is_empty() {
                return Ok(());
            }
        }
    }

    fn behind(&self, mark: &str) -> Result<&'a str, MetricError> {
        self.rest
            .split_once(mark)
            .map(|(_, after)| after)
            .ok_or(MetricError::Report("an end before its elements are closed"))
    }

    fn tag(&mut self) -> Result<(), MetricError> {
        let tag = self.until_bracket()?;
        if let Some(name) = tag.strip_prefix('/') {
            return self.close(name.trim_end());
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        if name.is_empty() {
            return Err(MetricError::Report("a tag without a name"));
        }
        self.enter(name)?;
        if is_empty { self.close(name) } else { Ok(()) }
    }

    /// The inside of a tag; a bracket between quotes does not end it.
    fn until_bracket(&mut self) -> Result<&'a str, MetricError> {
        let mut quote = None;
        for (at, letter) in self.rest.char_indices() {
            match (letter, quote) {
                ('<', _) => return Err(MetricError::Report("a tag inside a tag")),
                ('>', None) => {
                    let tag = self.rest.get(..at).unwrap_or_default();
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(tag);
                }
                ('"' | '\'', None) => quote = Some(letter),
                (letter, Some(open)) if letter == open => quote = None,
                _ => {}
            }
        }
        Err(MetricError::Report("a tag without an end"))
    }

    fn enter(&mut self, name: &'a str) -> Result<(), MetricError> {
        if self.open.len() >= DEEPEST {
            return Err(MetricError::Report("too many elements inside each other"));
        }
        match (name, self.case) {
            ("testcase", Case::Outside) => self.case = Case::Passed,
            ("testcase", _) => return Err(MetricError::Report("a test inside a test")),
            (name, Case::Passed) if self.open.last() == Some(&"testcase") && NOT_PASSED.contains(&name) => {
                self.case = Case::NotPassed;
            }
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), MetricError> {
        if self.open.pop() != Some(name) {
            return Err(MetricError::Report("a closing tag of another element"));
        }
        if name == "testcase" {
            self.passed += u64::from(self.case == Case::Passed);
            self.case = Case::Outside;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(output: &str) -> Result<String, MetricError> {
        passed(output).map(|number| number.to_string())
    }

    const REPORT: &str = concat!(
        "<?xml version=\"1.0\"?><testsuites name='all'>\n<testsuite tests=\"5\" failures=\"1\">",
        "<properties><property name=\"a\" value=\"x > y\"/></properties>",
        "<testcase name=\"one\"/><testcase name=\"two\"><system-out>said &amp; done</system-out></testcase>",
        "<testcase name=\"three\"><failure message='no'><![CDATA[<testcase/> ]]></failure></testcase>",
        "<testcase name=\"four\"><skipped/></testcase><!-- <testcase/> -->",
        "<testcase name=\"five\"><error>e</error></testcase>",
        "</testsuite></testsuites>"
    );

    #[test]
    fn tests_that_neither_failed_nor_were_skipped_are_counted() {
        assert_eq!(count(REPORT).unwrap(), "2");
        assert_eq!(count(&format!("collected 5\n....{REPORT}\nbye <3\n")).unwrap(), "2");
        assert_eq!(count("<testsuite/>").unwrap(), "0");
        assert_eq!(count("nothing"), Err(MetricError::Missing));
        assert_eq!(count("<testsuitesX/>"), Err(MetricError::Missing));
    }

    #[test]
    fn a_second_report_is_nobodys_metric() {
        assert_eq!(count(&format!("{REPORT}{REPORT}")), Err(MetricError::Doubled));
        assert_eq!(count(&format!("{REPORT}<testsuite>")), Err(MetricError::Doubled));
    }

    #[test]
    fn a_failure_deeper_than_its_test_is_part_of_what_was_printed() {
        let nested = "<testsuite><testcase><system-out><failure/></system-out></testcase></testsuite>";
        assert_eq!(count(nested).unwrap(), "1");
    }

    #[test]
    fn broken_reports_and_entities_are_refused() {
        for broken in [
            "<testsuite>",
            "<testsuite><testcase></testsuite>",
            "<testsuite></testcase></testsuite>",
            "<testsuite><!DOCTYPE a [<!ENTITY b \"c\">]></testsuite>",
            "<testsuite a=\"<\"></testsuite>",
            "<testsuite a=\"></testsuite>",
            "<testsuite><></></testsuite>",
            "<testsuite><testcase><testcase/></testcase></testsuite>",
        ] {
            assert!(matches!(count(broken), Err(MetricError::Report(_))), "{broken}");
        }
        let deep = format!("<testsuite>{}", "<a>".repeat(100_000));
        assert!(matches!(count(&deep), Err(MetricError::Report(_))));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(<testsuite ?|</?testcase>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|[<>/'\"a é]){0,40}") {
            let _ = count(&text);
            let _ = count(&format!("<testsuite>{text}"));
        }
    }
}
