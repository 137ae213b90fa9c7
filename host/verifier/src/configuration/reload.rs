//! What of the configuration may change while the daemon runs.

use super::VerifierConfig;

/// Takes over what may change; names the settings that differ and may not.
///
/// Chain, account, folders, enclaves and the page are bound when the daemon starts. Projects, limits, pauses, duties and
/// times are asked for anew each time.
pub(crate) fn reloaded(running: &VerifierConfig, read: VerifierConfig) -> (VerifierConfig, Vec<&'static str>) {
    let fixed = [
        ("deployment", running.deployment != read.deployment),
        ("rpc", running.rpc != read.rpc),
        ("rpc_quorum", running.rpc_quorum != read.rpc_quorum),
        ("chain_id", running.chain_id != read.chain_id),
        ("storage_indexer", running.storage_indexer != read.storage_indexer),
        ("artifact_index", running.artifact_index != read.artifact_index),
        ("enclave", running.enclaves() != read.enclaves()),
        ("data_directory", running.data_directory != read.data_directory),
        ("cache_bytes", running.cache_bytes != read.cache_bytes),
        ("journal", running.journal != read.journal),
        ("first_block", running.first_block != read.first_block),
        ("page", running.page != read.page),
        ("wallet", running.wallet != read.wallet),
    ];
    let refused = fixed.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name);
    let taken = VerifierConfig {
        poll_seconds: read.poll_seconds,
        run_seconds: read.run_seconds,
        attempts: read.attempts,
        least_balance: read.least_balance,
        confirmations: read.confirmations,
        shutdown_seconds: read.shutdown_seconds,
        collateral: read.collateral,
        projects: read.projects,
        limits: read.limits,
        pause: read.pause,
        duties: read.duties,
        admission: read.admission,
        ..running.clone()
    };
    (taken, refused.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> VerifierConfig {
        VerifierConfig::parse(include_str!("../../verifier.example.toml")).unwrap()
    }

    #[test]
    fn what_may_change_is_taken_and_what_may_not_is_named() {
        let mut read = example();
        read.poll_seconds = 3;
        read.limits.proposals = Some(7);
        read.data_directory = "/elsewhere".into();
        let (taken, refused) = reloaded(&example(), read);
        assert_eq!((taken.poll_seconds, taken.limits.proposals), (3, Some(7)));
        assert_eq!(taken.data_directory, example().data_directory);
        assert_eq!(refused, ["data_directory"]);
    }

    #[test]
    fn an_unchanged_file_changes_nothing() {
        assert_eq!(reloaded(&example(), example()), (example(), Vec::new()));
    }
}
