//! The configuration as an operator sees it: every key that is known, where each value comes from, and what is wrong
//! with a file, with the place.
//!
//! A variable goes before the file, the file before the default. The variable of `pause.failed_enclave` is
//! `ORV_VERIFIER_PAUSE_FAILED_ENCLAVE`; its value is written as in the file, texts without quotation marks.
//!
//! ```
//! use orv_verifier::settings::{Environment, VERIFIER, unknown_keys};
//! let problems = unknown_keys("deployment = \"d.json\"\npol_seconds = 3\n", VERIFIER);
//! assert_eq!(problems[0].to_string(), "2:1: unknown key pol_seconds; did you mean poll_seconds?");
//! # let _ = Environment::default();
//! ```

mod check;
mod effective;
mod environment;
mod known;
mod place;

pub use self::{
    check::{Problem, Severity, check, check_file, unknown_keys},
    effective::{Effective, Origin, effective},
    environment::{Environment, PREFIX, load, load_to_examine},
    known::{Kind, Setting, VERIFIER},
    place::Place,
};

pub(crate) use self::effective::value_at;

/// The whole commented example, with every default.
pub const EXAMPLE: &str = include_str!("../../verifier.example.toml");
