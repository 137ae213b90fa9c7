//! What one look came to: a line with a stable code, what was found, and how to mend it.

use serde::{Serialize, Serializer};

/// How a look came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// It works, and will not for long, or not as well as it could.
    Warn,
    /// The daemon cannot work with it.
    Fail,
    /// Nobody can tell while something else fails, or the configuration does not need it.
    Skipped,
}

/// One line of the examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What was looked at.
    #[serde(serialize_with = "name_of")]
    pub check: Check,
    /// Its stable code, as in `docs/errors.md`.
    pub code: &'static str,
    /// Which of several, such as an endpoint or an enclave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in words.
    pub found: String,
    /// How to mend it, a command where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

fn name_of<S: Serializer>(check: &Check, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(check.name())
}

impl Line {
    /// It is as it should be.
    pub fn pass(check: Check, found: impl Into<String>) -> Self {
        Self::of(check, Outcome::Pass, found.into(), None)
    }

    /// It works, and will not for long.
    pub fn warn(check: Check, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(check, Outcome::Warn, found.into(), Some(fix.into()))
    }

    /// The daemon cannot work with it.
    pub fn fail(check: Check, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(check, Outcome::Fail, found.into(), Some(fix.into()))
    }

    /// Nobody can tell, and why.
    pub fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self::of(check, Outcome::Skipped, why.into(), None)
    }

    /// The same, about one of several.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn of(check: Check, outcome: Outcome, found: String, fix: Option<String>) -> Self {
        Self {
            check,
            code: check.code(),
            subject: None,
            outcome,
            found,
            fix,
        }
    }
}

macro_rules! checks {
    ($($variant:ident = $code:literal, $name:literal, $meaning:literal;)+) => {
        /// What is looked at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $(#[doc = $meaning] $variant,)+
        }

        impl Check {
            /// All of them, in the order of the report.
            pub const ALL: &'static [Check] = &[$(Check::$variant,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Check::$variant => $code,)+ }
            }

            /// Its name in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Check::$variant => $name,)+ }
            }

            /// What a failure means.
            pub fn meaning(self) -> &'static str {
                match self { $(Check::$variant => $meaning,)+ }
            }
        }
    };
}

checks! {
    Deployment = "ORV-H-001", "deployment", "The deployment file cannot be used.";
    FileModes = "ORV-H-002", "file-modes", "Other users can read a secret, or write the configuration.";
    Wallet = "ORV-H-003", "wallet", "The wallet that pays does not open.";
    DataDirectory = "ORV-H-004", "data-directory", "The data directory cannot be written.";
    Disk = "ORV-H-005", "disk", "The disk has too little room.";
    Journal = "ORV-H-006", "journal", "The journal cannot be read by this program.";
    Collateral = "ORV-H-007", "collateral", "The vendor's collateral is broken or stale.";
    OpenFiles = "ORV-H-010", "open-files", "Too few files may be open at a time.";
    Memory = "ORV-H-011", "memory", "Too little memory is free.";
    Platform = "ORV-H-012", "platform", "The device that the enclave's address needs is not there.";
    HugePages = "ORV-H-013", "huge-pages", "The Nitro allocator has set too little memory aside.";
    ControlGroups = "ORV-H-014", "control-groups", "An enclave that is a process of this machine cannot limit its containers.";
    UserNamespaces = "ORV-H-015", "user-namespaces", "An enclave that is a process of this machine cannot make user namespaces.";
    Rpc = "ORV-H-020", "rpc", "An endpoint of the chain does not answer.";
    ChainId = "ORV-H-021", "chain-id", "An endpoint serves another chain.";
    RpcLag = "ORV-H-022", "rpc-lag", "An endpoint's newest block is old, or behind the others'.";
    Clock = "ORV-H-023", "clock", "This machine's clock contradicts the chain.";
    Contracts = "ORV-H-024", "contracts", "A contract of the deployment is not on the chain.";
    Listing = "ORV-H-025", "listing", "The ledger does not list the gateway as a verifier.";
    Balance = "ORV-H-026", "balance", "The account has too few coins.";
    Enclave = "ORV-H-030", "enclave", "The enclave cannot be reached.";
    Identity = "ORV-H-031", "identity", "The enclave does not introduce itself as it should.";
    Measurement = "ORV-H-032", "measurement", "The enclave's measurement is not admitted.";
    ExitPort = "ORV-H-033", "exit-port", "Nobody can listen where the enclave reports why it ends.";
    Key = "ORV-H-034", "key", "The enclave's key is not admitted, or not for long.";
    Attesters = "ORV-H-035", "attesters", "Too few attesters can be asked.";
    Storage = "ORV-H-040", "storage", "The storage network does not answer.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_has_a_name_and_a_code_of_its_own() {
        let names: BTreeSet<_> = Check::ALL.iter().map(|check| check.name()).collect();
        let codes: BTreeSet<_> = Check::ALL.iter().map(|check| check.code()).collect();
        assert_eq!((names.len(), codes.len()), (Check::ALL.len(), Check::ALL.len()));
    }

    #[test]
    fn a_line_in_json_names_check_code_outcome_and_fix() {
        let line = Line::fail(Check::Disk, "9 bytes are free", "make room").about("/var/lib/orv");
        let json = serde_json::to_string(&line).unwrap();
        let expected = "{\"check\":\"disk\",\"code\":\"ORV-H-005\",\"subject\":\"/var/lib/orv\",\"outcome\":\"fail\",\
                        \"found\":\"9 bytes are free\",\"fix\":\"make room\"}";
        assert_eq!(json, expected);
    }
}
