//! Verdicts counted, and what a count says about its rate.

use orv_protocol::Verdict;

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) approved: u64,
    pub(crate) rejected: u64,
    pub(crate) inconclusive: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Approve => self.approved += 1,
            Verdict::Reject => self.rejected += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
        }
    }

    pub(crate) fn merged(self, other: Tally) -> Tally {
        Tally {
            approved: self.approved + other.approved,
            rejected: self.rejected + other.rejected,
            inconclusive: self.inconclusive + other.inconclusive,
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.approved + self.rejected + self.inconclusive
    }
}

/// The verdict of a proposal whose attempts ended like this, where `operators` must agree: the first verdict that so many
/// attempts share.
pub(crate) fn settled(attempts: &[Verdict], operators: usize) -> Verdict {
    let mut counts = [0_usize; 2];
    for verdict in attempts {
        let place = match verdict {
            Verdict::Approve => 0,
            Verdict::Reject => 1,
            Verdict::Inconclusive => continue,
        };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
            if *count == operators {
                return *verdict;
            }
        }
    }
    Verdict::Inconclusive
}

/// A part in percent.
pub(crate) fn percent(count: u64, all: u64) -> f64 {
    100.0 * count as f64 / all.max(1) as f64
}

/// The largest rate, in percent, under which as few as `count` of `all` happen with 5 %: Clopper and Pearson's one-sided
/// bound; three in `all` where none happened.
pub(crate) fn upper_bound(count: u64, all: u64) -> f64 {
    if count >= all {
        return 100.0;
    }
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(count, all, middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    100.0 * high
}

/// The probability of at most `count` of `all`, each happening with `rate`.
fn at_most(count: u64, all: u64, rate: f64) -> f64 {
    let (mut term, mut sum) = (all as f64 * (1.0 - rate).ln(), 0.0);
    for chosen in 0..=count {
        sum += f64::exp(term);
        term += ((all - chosen) as f64 / (chosen + 1) as f64).ln() + rate.ln() - (1.0 - rate).ln();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_in_many_the_bound_is_three_in_as_many() {
        let bound = upper_bound(0, 10_000);
        assert!((bound - 0.029_95).abs() < 0.000_1, "{bound}");
        // Clopper and Pearson, 5 of 10 000: 0.1051 %.
        let bound = upper_bound(5, 10_000);
        assert!((bound - 0.105_1).abs() < 0.000_2, "{bound}");
        assert_eq!(upper_bound(3, 3).to_bits(), 100.0_f64.to_bits());
    }

    #[test]
    fn a_verdict_is_the_first_on_which_enough_operators_agree() {
        use Verdict::{Approve, Inconclusive, Reject};
        assert_eq!(settled(&[Inconclusive, Approve], 1), Approve);
        assert_eq!(settled(&[Reject, Approve, Reject], 2), Reject);
        assert_eq!(settled(&[Reject, Approve, Inconclusive], 2), Inconclusive);
    }
}
