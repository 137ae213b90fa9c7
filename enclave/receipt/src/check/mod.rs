//! The checks of a receipt that need no hardware vendor: one line each, with what was compared.
//!
//! Whether the evidence itself is genuine is for `orv-verify`; what stands here ties every byte of the file to the
//! signature, and the signature to the key in the evidence.

mod advice;
mod binding;
mod contents;
mod surface;
mod verdict;

use crate::file::Receipt;

/// One checked statement about a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable name, kebab-case.
    pub name: &'static str,
    /// Whether it holds.
    pub result: CheckResult,
    /// What was compared and found.
    pub detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// It holds.
    Pass,
    /// It does not hold: the receipt proves nothing.
    Fail,
}

/// Every check of a decoded receipt, in the order in which trust is built: encoding, roots, contents, rule, signature,
/// key. All are made, also after one has failed.
pub fn check(receipt: &Receipt) -> Vec<Check> {
    let mut checks = contents::roots(receipt);
    match receipt.bundle() {
        Ok(bundle) => {
            checks.push(pass(
                "bundle-encoding",
                format!("{} bytes, canonical", receipt.bundle.len()),
            ));
            checks.push(contents::facts(&bundle));
            checks.extend(contents::documents(&bundle));
            checks.push(contents::artifacts(&bundle));
            checks.push(contents::image(&bundle));
            checks.push(surface::candidate_tree(&bundle));
            checks.push(advice::advice(&bundle));
            checks.push(verdict::seed(&bundle));
            checks.push(verdict::decision(&bundle));
            checks.push(verdict::statement(receipt, &bundle));
        }
        Err(error) => checks.push(fail("bundle-encoding", error)),
    }
    checks.push(binding::signature(receipt));
    checks.extend(binding::key(receipt));
    checks
}

fn pass(name: &'static str, detail: impl ToString) -> Check {
    Check {
        name,
        result: CheckResult::Pass,
        detail: detail.to_string(),
    }
}

fn fail(name: &'static str, detail: impl ToString) -> Check {
    Check {
        name,
        result: CheckResult::Fail,
        detail: detail.to_string(),
    }
}

/// Passes when both are equal.
fn equal<T: PartialEq + std::fmt::Display>(name: &'static str, what: &str, recorded: &T, recomputed: &T) -> Check {
    if recorded == recomputed {
        pass(name, format!("{what} is {recorded}"))
    } else {
        fail(
            name,
            format!("{what} is {recorded} in the receipt, recomputed {recomputed}"),
        )
    }
}
