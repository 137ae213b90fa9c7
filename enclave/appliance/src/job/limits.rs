//! The bounds of a job. They are part of the measured configuration: changing one changes the measurement (DESIGN 5.8).

use orv_trial::Caps;

/// Longest protocol.json that is fetched, with the padding of its last chunk, in bytes.
pub(crate) const PROTOCOL_BYTES: u64 = (1 << 20) + 256;

/// Longest archive that is fetched, in bytes.
pub(crate) const ARCHIVE_BYTES: u64 = 512 << 20;

/// Longest bundle, in bytes. Lists of files come from hostile archives, and a receipt of more than 256 MiB is read by
/// nobody (`orv_receipt::MAX_RECEIPT`).
pub(crate) const BUNDLE_BYTES: usize = 64 << 20;

pub(crate) use orv_trial::JOB_TIME;

/// Most trials of a job; the rule needs some sixty.
pub(crate) const TRIALS: usize = 2000;

/// Bounds of one trial.
pub(crate) const TRIAL: Caps = Caps::ENCLAVE;

/// The bounds as they are measured, one a line.
pub(crate) fn measured() -> String {
    format!(
        "protocol-bytes={PROTOCOL_BYTES}\narchive-bytes={ARCHIVE_BYTES}\nbundle-bytes={BUNDLE_BYTES}\njob-seconds={}\ntrials={TRIALS}\n\
         trial-seconds={}\nsetup-seconds={}\nmemory={}\nprocesses={}\nscratch={}\noutput={}\n",
        JOB_TIME.as_secs(),
        TRIAL.trial_time.as_secs(),
        TRIAL.setup_time.as_secs(),
        TRIAL.memory,
        TRIAL.processes,
        TRIAL.scratch,
        TRIAL.output,
    )
}
