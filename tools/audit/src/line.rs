//! One line of a report: a check by name, how it ended, and what was seen.

use orv_receipt::{check, printable};
use orv_verify::{Check, CheckResult};
use serde::Serialize;

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) result: LineResult,
    pub(crate) detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineResult {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It was not made, and the detail says why.
    Skipped,
}

impl Line {
    pub(crate) fn pass(name: &str, detail: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            result: LineResult::Pass,
            detail: detail.to_string(),
        }
    }

    pub(crate) fn fail(name: &str, detail: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            result: LineResult::Fail,
            detail: detail.to_string(),
        }
    }

    /// For people; what others wrote is escaped.
    pub(crate) fn text(&self) -> String {
        let mark = match self.result {
            LineResult::Pass => "pass",
            LineResult::Fail => "FAIL",
            LineResult::Skipped => "skip",
        };
        format!("{mark}  {:<20} {}\n", self.name, printable(&self.detail))
    }
}

impl From<&Check> for Line {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name.to_string(),
            result: match check.result {
                CheckResult::Pass => LineResult::Pass,
                CheckResult::Fail => LineResult::Fail,
                CheckResult::Skipped => LineResult::Skipped,
            },
            detail: check.detail.clone(),
        }
    }
}

impl From<check::Check> for Line {
    fn from(check: check::Check) -> Self {
        Self {
            name: check.name.to_owned(),
            result: match check.result {
                check::CheckResult::Pass => LineResult::Pass,
                check::CheckResult::Fail => LineResult::Fail,
            },
            detail: check.detail,
        }
    }
}
