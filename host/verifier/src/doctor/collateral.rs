//! The folder of what the hardware's vendor publishes: readable, and fresh.

use super::line::{Check, Line};
use crate::configuration::VerifierConfig;
use orv_attester::collateral_pieces_in;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Seconds after which collateral is called stale: Intel's expires after 30 days, and lists change more often.
const STALE: u64 = 7 * 86_400;

/// The configured folder.
pub(super) fn lines(config: &VerifierConfig, clock: u64) -> Vec<Line> {
    let Some(folder) = &config.collateral else {
        return vec![Line::skipped(
            Check::Collateral,
            "none is configured; only TDX needs it",
        )];
    };
    let shown = folder.display().to_string();
    let line = match collateral_pieces_in(folder) {
        Err(error) => Line::fail(
            Check::Collateral,
            error.to_string(),
            "remove or replace the file; until then receipts lack the collateral",
        ),
        Ok(pieces) if pieces.is_empty() => Line::warn(
            Check::Collateral,
            "the folder is empty",
            "fill it from your caching service, or leave `collateral` out",
        ),
        Ok(pieces) => judge(pieces.len(), newest(folder), clock),
    };
    vec![line.about(shown)]
}

/// When a file of the folder was last written, in seconds of Unix time.
fn newest(folder: &Path) -> u64 {
    let written = |entry: std::fs::DirEntry| {
        let time = entry.metadata().ok()?.modified().ok()?;
        Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(written).max().unwrap_or_default()
}

fn judge(pieces: usize, newest: u64, clock: u64) -> Line {
    let age = clock.saturating_sub(newest);
    let found = format!("{pieces} pieces, the newest {} h old", age / 3600);
    if age > STALE {
        return Line::warn(
            Check::Collateral,
            found,
            "refresh the folder: let a timer ask your caching service each day",
        );
    }
    Line::pass(Check::Collateral, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn collateral_that_nobody_refreshes_is_a_warning() {
        let judged = [100, STALE + 101].map(|clock| judge(3, 100, clock).outcome);
        assert_eq!(judged, [Outcome::Pass, Outcome::Warn]);
    }
}
