//! Every key of the verifier's configuration.

/// How a value is written in a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without quotation marks.
    Text,
    /// A text, or a list of texts in brackets.
    Texts,
    /// As in the file: a number, `true`, or a list.
    Value,
    /// Not at all: a list of tables.
    Tables,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its path, with dots.
    pub path: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Whether its value is never shown.
    pub secret: bool,
}

const fn text(path: &'static str) -> Setting {
    of(path, Kind::Text)
}

const fn value(path: &'static str) -> Setting {
    of(path, Kind::Value)
}

const fn of(path: &'static str, kind: Kind) -> Setting {
    Setting {
        path,
        kind,
        secret: false,
    }
}

const fn secret(path: &'static str, kind: Kind) -> Setting {
    Setting {
        path,
        kind,
        secret: true,
    }
}

/// The keys of `verifier.toml`, in the order of the example.
pub const VERIFIER: &[Setting] = &[
    text("deployment"),
    text("enclave"),
    text("data_directory"),
    value("cache_bytes"),
    secret("journal", Kind::Text),
    of("rpc", Kind::Texts),
    value("rpc_quorum"),
    text("storage_indexer"),
    text("artifact_index"),
    value("chain_id"),
    value("first_block"),
    value("poll_seconds"),
    value("run_seconds"),
    value("attempts"),
    text("least_balance"),
    value("confirmations"),
    value("shutdown_seconds"),
    text("collateral"),
    value("projects.allow"),
    value("projects.deny"),
    value("limits.proposals"),
    value("limits.concurrent_settlements"),
    value("pause.failed_settlements"),
    value("pause.failed_enclave"),
    value("pause.least_disk_bytes"),
    value("pause.stale_head_seconds"),
    value("pause.retry_seconds"),
    value("duties.expire"),
    value("duties.withdraw_from"),
    text("page.listen"),
    value("page.hosts"),
    text("page.explorer"),
    value("page.stalled_seconds"),
    text("wallet.keystore.directory"),
    text("wallet.keystore.id"),
    text("wallet.keystore.passphrase_file"),
    secret("wallet.unsafe_raw_key", Kind::Text),
    of("admission.remote.attesters", Kind::Value),
    text("admission.local.trust"),
    secret("admission.local.attester_keys", Kind::Value),
    of("admission.local.measurements", Kind::Tables),
    value("admission.local.life_seconds"),
    value("admission.local.verdicts"),
    of("enclaves", Kind::Tables),
    text("enclaves.address"),
    value("enclaves.restart"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Keys of the example, the commented ones too, with the table that they stand under.
    fn keys_of_the_example() -> BTreeSet<String> {
        let mut table = String::new();
        let mut keys = BTreeSet::new();
        for line in crate::settings::EXAMPLE.lines() {
            let bare = line.trim_start_matches(['#', ' ']);
            let plain = |text: &str| {
                text.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.')
            };
            if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                let name = name.trim_start_matches('[');
                if plain(name) && !bare.contains('=') {
                    table = name.to_owned();
                }
            } else if let Some((key, _)) = bare.split_once(" = ")
                && plain(key)
            {
                let path = match table.as_str() {
                    "" => key.to_owned(),
                    table => format!("{table}.{key}"),
                };
                keys.insert(path);
            }
        }
        keys
    }

    #[test]
    fn the_example_shows_every_known_key_and_no_other() {
        let shown = keys_of_the_example();
        for key in &shown {
            assert!(VERIFIER.iter().any(|setting| setting.path == key), "{key} is not known");
        }
        let tables = ["enclaves", "wallet.unsafe_raw_key"];
        for setting in VERIFIER.iter().filter(|setting| !tables.contains(&setting.path)) {
            assert!(shown.contains(setting.path), "the example lacks {}", setting.path);
        }
    }
}
