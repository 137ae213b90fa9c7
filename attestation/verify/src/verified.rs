//! What comes out of a verification: authentic claims, and whether they are acceptable.

use orv_evidence::UnixTime;
use serde::Serialize;

use crate::{Check, CheckResult, Claims};

/// Authentic evidence: its claims, and every check made, those of acceptability included.
///
/// That a value of this type exists says *authentic*. *Acceptable* is asked with [`Verified::acceptable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    claims: Claims,
    checks: Vec<Check>,
    /// The last second at which the same evidence meets the same policy.
    #[serde(skip)]
    until: UnixTime,
}

impl Verified {
    pub(crate) const fn new(claims: Claims, checks: Vec<Check>, until: UnixTime) -> Self {
        Self { claims, checks, until }
    }

    /// What the hardware says, for display. To act on it, take it from [`Verified::acceptable`].
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Every check in the order made.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The claims as something to act on.
    ///
    /// # Errors
    /// [`Refused`] with each check that failed.
    pub fn acceptable(&self) -> Result<Acceptable<'_>, Refused> {
        let failed: Vec<Check> = self
            .checks
            .iter()
            .filter(|check| check.result == CheckResult::Fail)
            .cloned()
            .collect();
        if failed.is_empty() {
            Ok(Acceptable {
                claims: &self.claims,
                until: self.until,
            })
        } else {
            Err(Refused { failed })
        }
    }
}

/// Claims that are authentic, meet the policy and are bound as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptable<'a> {
    claims: &'a Claims,
    until: UnixTime,
}

impl<'a> Acceptable<'a> {
    /// The claims.
    pub const fn claims(&self) -> &'a Claims {
        self.claims
    }

    /// The last second to build on: when the first of what the verification stands on ends, or sooner, when the policy
    /// no longer takes the measurement or the state of the TCB. An admission must not outlive it (DESIGN 5.4).
    pub const fn until(&self) -> UnixTime {
        self.until
    }
}

/// Authentic evidence that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("authentic evidence refused: {}", list(.failed))]
pub struct Refused {
    /// Each check that failed, at least one.
    pub failed: Vec<Check>,
}

fn list(failed: &[Check]) -> String {
    failed
        .iter()
        .map(|check| format!("{} ({})", check.name, check.detail))
        .collect::<Vec<_>>()
        .join(", ")
}
