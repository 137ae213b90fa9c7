//! The table, by what is attacked.

mod archives;
mod escape;
mod exhaustion;
mod information;
mod kernel;
mod metrics;
mod network;
mod persistence;
mod processes;
mod split;
mod surface;

use orv_runner::Protection as Kernel;

use crate::attack::{Attack, Attempted, Class};
use crate::protection::Protection;
use crate::stage::Stage;

/// Every attack.
pub fn all() -> Vec<Attack> {
    [
        escape::ROWS,
        network::ROWS,
        kernel::ROWS,
        information::ROWS,
        processes::ROWS,
        exhaustion::ROWS,
        persistence::ROWS,
        archives::ROWS,
        surface::ROWS,
        metrics::ROWS,
        split::ROWS,
    ]
    .concat()
}

/// A row that one of the runner's protections holds.
const fn row(
    name: &'static str,
    class: Class,
    protection: Kernel,
    expected: &'static str,
    run: fn(&Stage) -> Attempted,
) -> Attack {
    rule(name, class, Protection::Runner(protection), expected, run)
}

/// A row that any protection holds.
const fn rule(
    name: &'static str,
    class: Class,
    protection: Protection,
    expected: &'static str,
    run: fn(&Stage) -> Attempted,
) -> Attack {
    Attack {
        name,
        class,
        protection,
        expected,
        run,
    }
}
