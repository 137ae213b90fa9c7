//! The checks of a policy that every platform has.

use orv_evidence::UnixTime;

use super::{Counter, Policy};
use crate::{Check, CheckName, Claims, Hardware, measurement_id};

impl Policy {
    /// The checks that do not depend on the platform, each made, so that a refusal names all its causes.
    pub(crate) fn judge(&self, claims: &Claims, now: UnixTime) -> [Check; 4] {
        [
            self.measurement(claims, now),
            self.tier(claims),
            self.age(claims, now),
            self.freshness(claims, now),
        ]
    }

    /// What the policy knows of the counter of the program that `claims` measured.
    pub(crate) fn counter(&self, claims: &Claims, now: UnixTime) -> Counter {
        let mut listed = self.measurements.iter().flatten();
        listed
            .find(|allowed| allowed.is(claims) && allowed.counts_at(now))
            .map_or_else(Counter::default, |allowed| allowed.counter)
    }

    /// The last second at which `claims` can meet this policy, as far as it has dates: a measurement's, or a grace's.
    pub(crate) fn until(&self, claims: &Claims, now: UnixTime) -> UnixTime {
        let listed = self.measurements.iter().flatten();
        let counting = listed.filter(|allowed| allowed.is(claims) && allowed.counts_at(now));
        let measurement = latest(counting.map(|allowed| allowed.valid_until));
        let grace = match &claims.hardware {
            Hardware::Tdx(tdx) => self.tdx.until(tdx, now),
            _ => None,
        };
        let ends = [measurement, grace].into_iter().flatten();
        ends.fold(claims.validity.not_after, UnixTime::min)
    }

    fn measurement(&self, claims: &Claims, now: UnixTime) -> Check {
        const NAME: CheckName = CheckName::Measurement;
        let shown = format!("0x{}", hex::encode(measurement_id(claims)));
        let Some(allowed) = &self.measurements else {
            return Check::skipped(NAME, format!("{shown}; the policy lists no measurements"));
        };
        let mut found = allowed.iter().filter(|allowed| allowed.is(claims)).peekable();
        if found.peek().is_none() {
            return Check::fail(NAME, format!("{shown} is not on the policy's list"));
        }
        let mut last = "";
        for allowed in found {
            if allowed.counts_at(now) {
                return Check::pass(NAME, format!("{shown} is {}", allowed.name));
            }
            last = &allowed.name;
        }
        Check::fail(NAME, format!("{shown} is {last}, which does not count at {now}"))
    }

    fn tier(&self, claims: &Claims) -> Check {
        let shown = format!("{:?}", claims.tier);
        match &self.tiers {
            None => Check::skipped(CheckName::Tier, format!("{shown}; the policy lists no tiers")),
            Some(tiers) if tiers.contains(&claims.tier) => Check::pass(CheckName::Tier, shown),
            Some(_) => Check::fail(CheckName::Tier, format!("{shown} is not on the policy's list")),
        }
    }

    fn age(&self, claims: &Claims, now: UnixTime) -> Check {
        const NAME: CheckName = CheckName::Age;
        let Some(issued_at) = claims.issued_at else {
            return Check::skipped(NAME, "this platform's evidence names no time; only the challenge tells");
        };
        let age = now.seconds().saturating_sub(issued_at.seconds());
        match self.maximum_age {
            None => Check::skipped(NAME, format!("{age} s; the policy has no maximum")),
            Some(maximum) if age <= maximum => Check::pass(NAME, format!("{age} s of at most {maximum} s")),
            Some(maximum) => Check::fail(NAME, format!("{age} s, at most {maximum} s are allowed")),
        }
    }

    fn freshness(&self, claims: &Claims, now: UnixTime) -> Check {
        const NAME: CheckName = CheckName::Freshness;
        let end = claims.validity.not_after;
        let remaining = end.seconds().saturating_sub(now.seconds());
        let shown = format!("what this stands on is valid until {end}, {remaining} s from the time asked");
        match self.minimum_remaining {
            None => Check::pass(NAME, shown),
            Some(minimum) if remaining >= minimum => Check::pass(NAME, shown),
            Some(minimum) => Check::fail(NAME, format!("{shown}; the policy asks for {minimum} s")),
        }
    }
}

/// The latest of these ends; none where there are none, or one of them never ends.
pub(crate) fn latest(ends: impl Iterator<Item = Option<UnixTime>>) -> Option<UnixTime> {
    let ends: Option<Vec<UnixTime>> = ends.collect();
    ends?.into_iter().max()
}
