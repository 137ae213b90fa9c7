//! What a figure should be.

use super::Unit;
use serde::Serialize;

/// The bound of a target, in the figure's unit, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    /// Not more.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
    /// Neither more nor less than these.
    Within(f64, f64),
}

/// A figure beside its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    measured: f64,
    unit: Unit,
    bound: Bound,
    met: bool,
}

impl Target {
    pub(crate) fn new(name: impl Into<String>, measured: f64, unit: Unit, bound: Bound) -> Self {
        // A figure that is not a number meets nothing.
        let met = match bound {
            Bound::AtMost(most) => measured <= most,
            Bound::AtLeast(least) => measured >= least,
            Bound::Within(least, most) => measured >= least && measured <= most,
        };
        Self {
            name: name.into(),
            measured,
            unit,
            bound,
            met,
        }
    }

    /// The bound, the figure, and whether it is met, for people.
    pub(crate) fn cells(&self) -> [String; 4] {
        let bound = match self.bound {
            Bound::AtMost(most) => format!("at most {}", self.unit.written(most)),
            Bound::AtLeast(least) => format!("at least {}", self.unit.written(least)),
            Bound::Within(least, most) => format!("{} to {}", self.unit.written(least), self.unit.written(most)),
        };
        let met = if self.met { "met" } else { "NOT MET" };
        [
            self.name.clone(),
            bound,
            self.unit.written(self.measured),
            met.to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_met_at_its_end_and_by_no_figure_that_is_not_a_number() {
        let met = |measured, bound| Target::new("", measured, Unit::Ratio, bound).met;
        assert!(met(1.0, Bound::AtMost(1.0)) && !met(1.001, Bound::AtMost(1.0)));
        assert!(met(6.0, Bound::AtLeast(6.0)) && !met(5.9, Bound::AtLeast(6.0)));
        assert!(met(0.995, Bound::Within(0.995, 1.005)) && !met(1.006, Bound::Within(0.995, 1.005)));
        assert!(!met(f64::NAN, Bound::AtMost(1.0)) && !met(f64::NAN, Bound::AtLeast(1.0)));
    }
}
