//! The hostile miner: every attack is run twice, first without the one protection that it names, where it must succeed,
//! then at full strength, where it must not. `docs/hostile-miner.md` is the table.
//!
//! An attack that fails without its protection proves nothing about the protection, and fails the suite.
//!
//! Beside the table, the forgeries that no container can exclude in a shared project are run to their statements, which
//! must carry the weaker tier, and the same attempts in a split project, which must change no verdict.
//!
//! `--without NAME` runs every attack without that protection and fails with the names of those that got through: what
//! the suite would say of such a build.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod attack;
mod forgeries;
mod host;
mod protection;
mod report;
mod rows;
mod stage;
mod suite;

use std::process::ExitCode;

/// The static program of every attack.
pub const STATIC_PROGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../target/static/x86_64-unknown-linux-gnu/reproducible/orv-attacks"
);
/// How it is made; `./dev` does it.
pub const STATIC_BUILD: &str = "cargo build --config images/example/static.toml -p orv-attacks \
    --profile reproducible --target-dir target/static";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [helper, ..] if *helper == orv_runner::HELPER_ARGUMENT => orv_runner::helper_main(),
        ["--without", name] => suite::without(name),
        ["--write-document"] => report::write_document(),
        ["--only", name] => suite::only(name),
        [] => suite::whole(),
        other => {
            eprintln!("{other:?}: nothing, --without PROTECTION, --only PART-OF-A-NAME or --write-document");
            ExitCode::from(2)
        }
    }
}
