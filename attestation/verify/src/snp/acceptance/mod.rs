//! What a policy asks of an authentic report.

mod firmware;
mod guest;
mod identity;

use orv_evidence::UnixTime;

use super::authenticate::Authentic;
use super::{Demand, Product};
use crate::{Check, Counter, ExpectedBinding, PlatformTier, Policy, Verified};

impl Authentic {
    /// Judges authentic claims by policy and binding. Every check is made, so that a refusal names all its causes.
    pub(crate) fn judge(self, now: UnixTime, policy: &Policy, expected: &ExpectedBinding) -> Verified {
        let Self {
            mut claims,
            snp,
            mut checks,
        } = self;
        // A report does not say whether the guest's counter is SecureTSC; whoever lists the measurement knows. On Milan
        // there is none.
        let counter = policy.counter(&claims, now);
        if claims.tier == PlatformTier::WeakCounter
            && counter == Counter::SecureTsc
            && snp.certificate.product != Product::Milan
        {
            claims.tier = PlatformTier::TrustedCounter;
        }
        checks.extend(guest::checks(&snp, &policy.snp));
        checks.extend(firmware::checks(&snp, &policy.snp));
        checks.extend(identity::checks(&snp, &policy.snp));
        checks.extend(policy.judge(&claims, now));
        checks.extend(expected.report_data(&snp.report.report_data.0));
        let until = policy.until(&claims, now);
        Verified::new(claims, checks, until)
    }
}

impl Demand {
    /// What is wrong with a bit of that name, if anything is.
    fn objection(self, name: &str, is_set: Bit) -> Option<String> {
        match (self, is_set) {
            (Self::Required, Bit::Clear) => Some(format!("{name} is not set")),
            (Self::Forbidden, Bit::Set) => Some(format!("{name} is set")),
            _ => None,
        }
    }
}

/// How a bit stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bit {
    Set,
    Clear,
}

impl From<bool> for Bit {
    fn from(is_set: bool) -> Self {
        if is_set { Self::Set } else { Self::Clear }
    }
}

/// A check that passes with `detail` where nothing is objected to.
fn unless(name: crate::CheckName, objections: &[String], detail: String) -> Check {
    if objections.is_empty() {
        Check::pass(name, detail)
    } else {
        Check::fail(name, objections.join(", "))
    }
}
