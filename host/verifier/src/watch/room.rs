//! Room on the data directory's disk: the cache gives way before the daemon begins nothing more.

use crate::operator::Operator;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Spare time beside two runs for which content stays that was wanted: from before its ticket until its last stage.
const STAY: Duration = Duration::from_secs(600);

/// How many times the least room is kept free, as long as the cache has something to give.
const COMFORT: u64 = 2;

/// Bytes that are free in the data directory, once the cache has given what is missing of [`COMFORT`].
pub(super) async fn free(operator: &Operator) -> Option<u64> {
    let config = operator.config();
    let free = operator.folder.free()?;
    let wanted = config.pause.least_disk_bytes.saturating_mul(COMFORT);
    let missing = wanted.saturating_sub(free);
    if missing == 0 || !is_on_one_disk(&config.data_directory, &config.cache()) {
        return Some(free);
    }
    let stay = STAY.saturating_add(Duration::from_secs(config.run_seconds.saturating_mul(2)));
    match operator.storage.make_room(missing, stay).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, missing, "the cache gave way: little room is left on its disk"),
        Err(error) => tracing::warn!(%error, missing, "the cache cannot give way"),
    }
    operator.folder.free()
}

/// A cache on a disk of its own has nothing to give.
fn is_on_one_disk(one: &Path, other: &Path) -> bool {
    let disk = |path: &Path| path.metadata().ok().map(|metadata| metadata.dev());
    disk(one) == disk(other)
}
