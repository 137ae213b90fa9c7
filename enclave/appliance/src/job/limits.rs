//! The bounds of a job. They are part of the measured configuration: changing one changes the measurement (DESIGN 5.8).

use crate::configuration::Patience;
use orv_trial::Caps;
use std::time::Duration;

/// Longest protocol.json that is fetched, with the padding of its last chunk, in bytes.
pub(crate) const PROTOCOL_BYTES: u64 = (1 << 20) + 256;

/// Longest archive that is fetched, in bytes.
pub(crate) const ARCHIVE_BYTES: u64 = 512 << 20;

/// How long the host may look for a content that it is asked for: it may have to be fetched from 0G first.
pub(crate) const SEARCH_TIME: Duration = Duration::from_secs(600);

/// How long each segment of 256 KiB and every other frame may take, either way, however its bytes drip.
pub(crate) const SEGMENT_TIME: Duration = Duration::from_secs(30);

/// Longest bundle, in bytes. Lists of files come from hostile archives, and a receipt of more than 256 MiB is read by
/// nobody (`orv_receipt::MAX_RECEIPT`).
pub(crate) const BUNDLE_BYTES: usize = 64 << 20;

pub(crate) use orv_trial::JOB_TIME;

/// Most trials of a job; the rule needs some sixty.
pub(crate) const TRIALS: usize = 2000;

/// Bounds of one trial.
pub(crate) const TRIAL: Caps = Caps::ENCLAVE;

/// The bounds as they are measured, one a line.
pub(crate) fn measured(patience: Patience) -> String {
    format!(
        "protocol-bytes={PROTOCOL_BYTES}\narchive-bytes={ARCHIVE_BYTES}\nsearch-seconds={}\nsegment-seconds={}\nbundle-bytes={BUNDLE_BYTES}\njob-seconds={}\ntrials={TRIALS}\n\
         trial-seconds={}\nsetup-seconds={}\nmemory={}\nprocesses={}\nscratch={}\noutput={}\n",
        patience.search.as_secs(),
        patience.segment.as_secs(),
        JOB_TIME.as_secs(),
        TRIAL.trial_time.as_secs(),
        TRIAL.setup_time.as_secs(),
        TRIAL.memory,
        TRIAL.processes,
        TRIAL.scratch,
        TRIAL.output,
    )
}
