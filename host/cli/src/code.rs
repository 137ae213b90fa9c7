//! The table of errors: one stable code, exit status and next step each.

/// How the program exits when it fails (DESIGN 5.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Unreadable path, no connection, a refused transaction.
    Failed = 1,
    /// Wrong arguments.
    Usage = 2,
    /// Not verified, or bad content.
    BadContent = 3,
    /// Nothing could be decided.
    Inconclusive = 4,
    /// Something needed is not there now.
    Unavailable = 5,
    /// The work was gone through, and steps of it failed.
    StepsFailed = 6,
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $exit:ident, $meaning:literal, $next:literal;)+) => {
        /// What went wrong, as a stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// The whole table.
            #[cfg(test)]
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The code as people see it.
            pub fn text(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }

            /// The program's exit status.
            pub fn exit(self) -> Exit {
                match self { $(Code::$variant => Exit::$exit,)+ }
            }

            /// What it means.
            #[cfg(test)]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)+ }
            }

            /// What to do next.
            pub fn next(self) -> &'static str {
                match self { $(Code::$variant => $next,)+ }
            }
        }
    };
}

codes! {
    Usage = "ORV-C-001", Usage, "The arguments are not understood.", "run the command with --help";
    Configuration = "ORV-C-002", Failed, "The configuration file cannot be used.", "compare it with host/cli/orv.example.toml";
    MissingSetting = "ORV-C-003", Usage, "A setting is needed and given nowhere.", "give the flag, its ORV_ variable, or the key in orv.toml";
    BadAddress = "ORV-C-004", Usage, "The address of a service is none.", "give an http:// or https:// address";
    File = "ORV-C-005", Failed, "A file or folder cannot be read or written.", "check the path and its permissions";
    Deployment = "ORV-C-006", Failed, "The deployment file cannot be used.", "give --deployment the file that `orv devnet` wrote, or upstream's deployment.json";
    Machine = "ORV-C-009", Failed, "This machine refused something basic.", "read the error; it comes from the operating system";

    Passphrase = "ORV-C-010", Failed, "The passphrase does not open the wallet.", "check --passphrase-file: its first line is the passphrase";
    WalletMissing = "ORV-C-011", Failed, "There is no such wallet.", "make one with `orv wallet new`, or name another with --wallet";
    Wallet = "ORV-C-012", Failed, "The wallet cannot be used.", "read the error; a keystore must have mode 0600 and be version 3";

    ChainUnreachable = "ORV-C-020", Failed, "The chain's endpoint does not answer.", "check --rpc-url, or start a chain with `orv devnet`";
    WrongChain = "ORV-C-021", Failed, "The endpoint serves another chain.", "make --chain-id and --rpc-url those of one chain";
    NoContract = "ORV-C-022", Failed, "A contract is not where the deployment says.", "give --deployment the file of this very chain; a restarted devnet needs its new one";
    ChainAnswer = "ORV-C-023", Failed, "The chain's answer cannot be used.", "try again, or another --rpc-url";
    Refused = "ORV-C-024", Failed, "A contract refused; nothing was sent.", "read the contract's error";
    TransactionFailed = "ORV-C-025", Failed, "A transaction was not accepted, or failed on chain.", "check the account's coins and try again";
    TransactionUnknown = "ORV-C-026", Unavailable, "Nobody knows yet whether a transaction succeeded.", "look the transaction up before you do anything twice";

    NoProject = "ORV-C-030", Failed, "There is no such project.", "run `orv project list`";
    NoProposal = "ORV-C-031", Failed, "There is no such proposal.", "run `orv proposal list`";

    NotAvailable = "ORV-C-040", Unavailable, "Nobody serves the content.", "check the root and --indexer-url, or try later";
    Storage = "ORV-C-041", Failed, "Content could not be stored.", "read the error; what was stored is not paid for again";
    OtherContent = "ORV-C-042", BadContent, "The bytes are not those of the hash or size.", "compare hash and size with where you have them from";

    Project = "ORV-C-050", BadContent, "The project cannot be published as it is.", "mend what is listed and run `orv project check` again";
    Image = "ORV-C-051", BadContent, "The image cannot be used.", "give --image-file, --image-rootfs or --image-layout something that `orv project check` accepts";
    NoMetric = "ORV-C-052", Inconclusive, "A trial gave no metric.", "read the trial's last output above and mend the code or its judge";
    Prepare = "ORV-C-053", BadContent, "Trials cannot begin.", "read the error; it names the file or command at fault";
    NoImage = "ORV-C-054", Usage, "A trial needs an image, and none was named.", "give --image an OCI layout (for instance from `skopeo copy docker://... oci:FOLDER`), --image-rootfs a root file system, or carry one as image/ in the benchmark";
    Rerun = "ORV-C-055", BadContent, "The job of the receipt cannot be run again with these files.", "give the very files that the receipt names; `orv-audit receipt FILE` lists them";
    Protocol = "ORV-C-056", BadContent, "The protocol is refused, or its project gets no verdict.", "do what is said of each problem; docs/protocol.md explains every field";

    Candidate = "ORV-C-060", BadContent, "The candidate cannot be submitted.", "change files inside the project's mutable surface; `orv project show` names it";
    Patch = "ORV-C-061", BadContent, "The patch cannot be applied.", "make it against the project's snapshot with `diff -u` or `git diff`";
    PublishedProject = "ORV-C-062", BadContent, "The project's own files cannot be used.", "choose another project; no proposal to this one can be judged";
    Stake = "ORV-C-063", Failed, "The stake is not possible.", "change --stake, --budget or the account's coins";

    NotRoot = "ORV-C-070", Unavailable, "Containers need root on this machine.", "run the command as root, for instance with sudo";
    Runner = "ORV-C-071", Unavailable, "Containers cannot run on this machine.", "read the error; namespaces, overlayfs and control groups are needed";

    Devnet = "ORV-C-080", Failed, "The development network did not start.", "choose other ports, or 0 for free ones";
    NotADevnet = "ORV-C-081", Failed, "The chain is no development chain, so it has no faucet.", "get coins of this chain elsewhere";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_code_is_given_once() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    /// `ORV_UPDATE=1` writes the file anew.
    #[test]
    fn the_published_table_is_this_one() {
        let mut table = String::from(
            "# Errors of `orv`\n\nWith `--json` a failure is one line: `{\"schema\":\"orv.error/1\",\"code\",\"error\",\"next\"}`, perhaps with `details`.\n\n| code | exit | meaning | next |\n|---|---|---|---|\n",
        );
        for code in Code::ALL {
            let (text, exit) = (code.text(), code.exit() as u8);
            writeln!(table, "| `{text}` | {exit} | {} | {} |", code.meaning(), code.next()).unwrap();
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ERRORS.md");
        if std::env::var_os("ORV_UPDATE").is_some() {
            std::fs::write(path, &table).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            table,
            "run with ORV_UPDATE=1 and commit ERRORS.md"
        );
    }
}
