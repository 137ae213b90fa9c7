//! Ways to verify the same documents, in turn.

use super::AttestationBenchError;
use crate::cost::{Cost, cost_of, microseconds};
use crate::document::{Bound, Cell, Table, Target, Unit};
use crate::statistics::{Draw, Sample};

/// How one verifies the document of a number.
type Verification<'a> = Box<dyn FnMut(usize) -> Result<(), String> + 'a>;

/// One way, and what it cost for each document.
pub(super) struct Way<'a> {
    pub(super) name: &'static str,
    verify: Verification<'a>,
    costs: Vec<Cost>,
}

impl<'a> Way<'a> {
    pub(super) fn new(name: &'static str, verify: impl FnMut(usize) -> Result<(), String> + 'a) -> Self {
        Self {
            name,
            verify: Box::new(verify),
            costs: Vec::new(),
        }
    }

    fn run(&mut self, index: usize) -> Result<Cost, AttestationBenchError> {
        let (verdict, cost) = cost_of(|| (self.verify)(index))?;
        verdict.map_err(|cause| AttestationBenchError::Refused {
            way: self.name.to_owned(),
            cause,
        })?;
        Ok(cost)
    }

    fn cpu(&self) -> Option<Sample> {
        Sample::of(self.costs.iter().map(|cost| microseconds(cost.cpu)))
    }
}

/// Document `documents` once in each way without counting, then each before it once in each way, in a drawn order.
pub(super) fn alternate(documents: usize, ways: &mut [Way<'_>]) -> Result<(), AttestationBenchError> {
    for way in ways.iter_mut() {
        way.run(documents)?;
    }
    let mut draw = Draw::from_seed(1);
    for index in 0..documents {
        for place in draw.order(ways.len()) {
            if let Some(way) = ways.get_mut(place) {
                let cost = way.run(index)?;
                way.costs.push(cost);
            }
        }
    }
    Ok(())
}

/// The median over the documents of `dividend`'s processor time by `divisor`'s.
fn quotient(dividend: &Way<'_>, divisor: &Way<'_>) -> Option<Sample> {
    let pairs = dividend.costs.iter().zip(&divisor.costs);
    Sample::of(pairs.map(|(dividend, divisor)| dividend.cpu.div_duration_f64(divisor.cpu)))
}

/// The target that `divisor` is at least `times` as fast as `dividend`.
pub(super) fn at_least(times: f64, name: &str, dividend: &Way<'_>, divisor: &Way<'_>) -> Target {
    let measured = quotient(dividend, divisor).map_or(f64::NAN, |sample| sample.median());
    Target::new(name, measured, Unit::Ratio, Bound::AtLeast(times))
}

/// A row for each way; the last column is the first way's time by this one's.
pub(super) fn table(ways: &[Way<'_>]) -> Table {
    let mut table = Table::new(&[
        "who",
        "cpu of a document, median",
        "least",
        "documents per cpu-second",
        "times as fast as the first",
    ]);
    for way in ways {
        let Some(cpu) = way.cpu() else { continue };
        let quotient = ways.first().and_then(|first| quotient(first, way));
        table.rows.push(vec![
            Cell::text(way.name),
            Cell::estimate(Some(&cpu), Unit::Microseconds),
            Cell::of(cpu.least(), Unit::Microseconds),
            Cell::of(1e6 / cpu.median(), Unit::Count),
            Cell::estimate(quotient.as_ref(), Unit::Ratio),
        ]);
    }
    table
}
