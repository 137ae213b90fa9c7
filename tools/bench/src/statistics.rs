//! Medians, the interval in which a median lies, and a reproducible order.

/// Figures of one kind, at least one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    sorted: Vec<f64>,
}

/// A median and the interval of order statistics that holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

/// Probability with which an interval may miss its median.
const MISS: f64 = 0.01;

impl Sample {
    /// None where there is no figure, or one that is not a number.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        if sorted.is_empty() || sorted.iter().any(|figure| figure.is_nan()) {
            return None;
        }
        sorted.sort_by(f64::total_cmp);
        Some(Self { sorted })
    }

    fn at(&self, index: usize) -> f64 {
        self.sorted.get(index).copied().unwrap_or(f64::NAN)
    }

    /// The least figure.
    pub(crate) fn least(&self) -> f64 {
        self.at(0)
    }

    /// The middle figure; of an even number the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let upper = self.sorted.len() / 2;
        let lower = (self.sorted.len() - 1) / 2;
        f64::midpoint(self.at(lower), self.at(upper))
    }

    /// The figure below which `part` of all lie, by nearest rank.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.sorted.len() as f64).ceil() as usize;
        self.at(rank.clamp(1, self.sorted.len()) - 1)
    }

    /// The median with its interval at 99 %: the `k`-th figure from below and from above, `k` the greatest for which a
    /// fair coin thrown once for each figure shows fewer than `k` heads with a probability of at most 0.5 % (David and
    /// Nagaraja, Order Statistics, 7.1). Of fewer than eight figures no such interval exists: it is then the whole range,
    /// and says less.
    pub(crate) fn estimate(&self) -> Estimate {
        let rank = rank(self.sorted.len()).max(1);
        Estimate {
            median: self.median(),
            lower: self.at(rank - 1),
            upper: self.at(self.sorted.len() - rank),
        }
    }
}

/// The greatest `k` with P(Binomial(n, 1/2) < k) <= MISS / 2.
fn rank(figures: usize) -> usize {
    let figures = figures as f64;
    // Logarithms: half to the power of a few thousand is no number of this type.
    let mut logarithm = figures * 0.5_f64.ln();
    let mut below = 0.0;
    let mut heads = 0.0;
    loop {
        below += logarithm.exp();
        if below > MISS / 2.0 {
            return heads as usize;
        }
        logarithm += ((figures - heads) / (heads + 1.0)).ln();
        heads += 1.0;
    }
}

/// Draws orders from a seed: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The numbers below `count`, in a drawn order.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            order.swap(last, other);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_one_of_the_published_table() {
        // 99 % intervals for the median: n = 8 has ranks 1 and 8, n = 20 ranks 4 and 17, n = 100 ranks 37 and 64.
        assert_eq!(rank(7), 0);
        assert_eq!(rank(8), 1);
        assert_eq!(rank(20), 4);
        assert_eq!(rank(100), 37);
        assert!(rank(5000) > 2400);
    }

    #[test]
    fn a_median_lies_in_its_interval() {
        let sample = Sample::of((0..100).rev().map(f64::from)).unwrap();
        let estimate = sample.estimate();
        assert_eq!((estimate.lower, estimate.median, estimate.upper), (36.0, 49.5, 63.0));
        assert_eq!((sample.least(), sample.quantile(0.99)), (0.0, 98.0));
        assert_eq!(Sample::of([3.0]).unwrap().estimate().upper, 3.0);
    }

    #[test]
    fn no_figure_and_a_figure_that_is_none_make_no_sample() {
        assert_eq!(Sample::of([]), None);
        assert_eq!(Sample::of([1.0, f64::NAN]), None);
    }

    #[test]
    fn an_order_has_every_number_once_and_follows_from_its_seed() {
        let mut order = Draw::from_seed(7).order(9);
        assert_eq!(order, Draw::from_seed(7).order(9));
        assert_ne!(order, Draw::from_seed(8).order(9));
        order.sort_unstable();
        assert_eq!(order, (0..9).collect::<Vec<_>>());
    }
}
