//! Everything that a row may name: the runner's protections, and the rules of what is read, laid out and counted.

use orv_runner::Protection as Kernel;

/// One protection, by whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// The container's.
    Runner(Kernel),
}

impl Protection {
    /// Every one there is.
    pub fn all() -> Vec<Protection> {
        Kernel::all().iter().copied().map(Protection::Runner).collect()
    }

    /// Its name in tables and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Protection::Runner(protection) => protection.name(),
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Protection> {
        Protection::all()
            .into_iter()
            .find(|protection| protection.name() == name)
    }
}
