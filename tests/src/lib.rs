//! Whole-system suites: they start the real programs and look at them from outside.
//!
//! Each file under `tests/` is one suite; what a suite is about is its name.
