//! One line of a report: a check by name, how it ended, and what was seen.

use crate::page::{CheckRow, Mark};
use orv_receipt::check;
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
}

impl From<&Line> for CheckRow {
    fn from(line: &Line) -> Self {
        Self {
            mark: match line.result {
                LineResult::Pass => Mark::Good,
                LineResult::Fail => Mark::Bad,
                LineResult::Skipped => Mark::Open,
            },
            name: line.name.clone(),
            detail: line.detail.clone(),
        }
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
