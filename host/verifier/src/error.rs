//! Everything that can stop the daemon or one of its steps, with a stable code and what to do about it.

use crate::enclave::{Distrust, EnclaveError};
use crate::journal::JournalError;
use orv_attester::{AttesterError, RemoteError, SigningError};
use orv_chain::primitives::{Address, B256};
use orv_chain::wallet::WalletError;
use orv_chain::{ChainError, DeploymentError, ProposalId, SendError};
use orv_content::Root;
use orv_receipt::ReceiptError;
use orv_storage::{FetchError, PublishError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A failed step.
#[derive(Debug, thiserror::Error)]
pub enum VerifierError {
    /// The configuration file could not be read.
    #[error("cannot read the configuration {path}: {source}")]
    ConfigurationUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The configuration makes no sense.
    #[error("configuration: {0}")]
    Configuration(String),
    /// The deployment file cannot be used.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The deployment has no gateway.
    #[error("the deployment names no verifier gateway")]
    NoGateway,
    /// Neither deployment nor configuration names an indexer.
    #[error("neither deployment nor configuration names a storage indexer")]
    NoStorage,
    /// The operator's key cannot be used, or others can read a file with a secret.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The data directory cannot be used.
    #[error("cannot use {path}: {source}")]
    DataDirectory {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A question to the chain got no usable answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction did not succeed.
    #[error("{step}: {source}")]
    Send {
        /// Which one.
        step: &'static str,
        /// How.
        source: Box<SendError>,
    },
    /// Content could not be fetched.
    #[error(transparent)]
    Fetch(Box<FetchError>),
    /// Content could not be published.
    #[error("{what} cannot be published: {source}")]
    Publish {
        /// What it is.
        what: &'static str,
        /// Why not.
        source: Box<PublishError>,
    },
    /// Storage took other bytes than were given.
    #[error("storage has {what} under root {got}, its bytes have {expected}")]
    PublishedOtherRoot {
        /// What it is.
        what: &'static str,
        /// Root of the bytes.
        expected: Root,
        /// Root that storage names.
        got: Root,
    },
    /// The conversation with the enclave failed.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
    /// The enclave gives other evidence for a key than it was admitted with.
    #[error("key {key} was admitted with evidence {admitted}, the enclave now gives {given}")]
    EvidenceChanged {
        /// The key.
        key: Address,
        /// Root on chain.
        admitted: B256,
        /// Root of what the enclave gives.
        given: B256,
    },
    /// The key was admitted and counts no more.
    #[error("key {key} is admitted and not live: {reason}")]
    KeyDead {
        /// The key.
        key: Address,
        /// The registry's error.
        reason: String,
    },
    /// Somebody has revoked the key: an attester who found its evidence wanting, the registry's owner, or the operator.
    #[error("key {0} was revoked")]
    KeyRevoked(Address),
    /// The key's whole admission is too short for a run, and so would another's be.
    #[error(
        "key {key} is admitted for {whole} s in all, and a run may need {run_seconds} s: no other key would outlive one"
    )]
    KeyTooShort {
        /// The key.
        key: Address,
        /// Seconds between its first and its last.
        whole: u64,
        /// `run_seconds` of the configuration.
        run_seconds: u64,
    },
    /// The attesters refuse the key.
    #[error("the key is not admitted: {0}")]
    Attester(Box<AttesterError>),
    /// An attester could not sign.
    #[error(transparent)]
    AttesterSigning(#[from] SigningError),
    /// The attesters elsewhere gave too few signatures.
    #[error("the key is not admitted: {0}")]
    RemoteAttesters(Box<RemoteError>),
    /// Fewer attesters than the quorum needs.
    #[error("the quorum needs {needed} attesters, {known} are configured")]
    QuorumNotReached {
        /// The quorum's threshold.
        needed: u32,
        /// Configured keys.
        known: usize,
    },
    /// The admitted key did not become live.
    #[error("key {key} is admitted and did not become live within {seconds} s")]
    KeyNotLiveInTime {
        /// The key.
        key: Address,
        /// How long was waited.
        seconds: u64,
    },
    /// A receipt file could not be written or read.
    #[error("receipt {path}: {source}")]
    ReceiptFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A receipt file is damaged.
    #[error("receipt {path}: {source}")]
    ReceiptDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReceiptError,
    },
    /// Transactions for a statement were paid for again and again, and brought nothing about.
    #[error("{times} transactions for the statement were paid for in vain, and it is not sent again; the last: {last}")]
    SettlementGivenUp {
        /// How many.
        times: u32,
        /// What the last one ended with.
        last: String,
    },
    /// The journal says there is a statement or ticket and has none.
    #[error("proposal {proposal} has no {what} in the journal")]
    Incomplete {
        /// The proposal.
        proposal: ProposalId,
        /// What is missing.
        what: &'static str,
    },
    /// The gateway has a ticket that cannot be found among its events.
    #[error("ticket {0} is open and its event cannot be found")]
    TicketEventMissing(B256),
    /// The vendor's collateral cannot go into receipts.
    #[error("collateral for receipts: {0}")]
    Collateral(String),
    /// The page cannot be served.
    #[error("the page cannot be served at {address}: {source}")]
    Page {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Another daemon works in the data directory.
    #[error("another daemon works in {0}")]
    DataDirectoryTaken(PathBuf),
    /// The key will not do for many more runs.
    #[error("key {key} ends soon: {reason}")]
    KeyEnding {
        /// The key.
        key: Address,
        /// What is left.
        reason: String,
    },
    /// The operator's command did not boot the enclave anew.
    #[error("the enclave at {address} could not be booted anew: {detail}")]
    Restart {
        /// Where it listens.
        address: String,
        /// What went wrong.
        detail: String,
    },
    /// The configuration file was read again, and not all of it may change while the daemon runs.
    #[error("the configuration was read again, without {0}: these are taken up at the next start")]
    ReloadRefused(String),
    /// No new attempt is begun for now.
    #[error("no new attempt is begun: {0}")]
    Paused(String),
    /// What is in flight was not finished in time.
    #[error("{0} steps were not finished in time and are handed back")]
    HandedBack(usize),
    /// A step took too long and was given up for now.
    #[error("a step was given up after {} s", .0.as_secs())]
    Overdue(Duration),
    /// A task of this program ended before its work.
    #[error("a task of this program was stopped")]
    TaskStopped,
}

impl VerifierError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConfigurationUnreadable { .. } => "ORV-V-001",
            Self::Configuration(_) => "ORV-V-002",
            Self::Deployment(_) => "ORV-V-003",
            Self::NoGateway => "ORV-V-004",
            Self::NoStorage => "ORV-V-005",
            Self::Wallet(WalletError::ReadableByOthers { .. }) => "ORV-V-086",
            Self::Wallet(_) => "ORV-V-006",
            Self::DataDirectory { .. } => "ORV-V-007",
            Self::Journal(error) => error.code(),
            Self::Chain(_) => "ORV-V-010",
            Self::Send { source, .. } => match **source {
                SendError::Reverted(_) => "ORV-V-011",
                SendError::Unknown { .. } => "ORV-V-012",
                _ => "ORV-V-013",
            },
            Self::Fetch(_) => "ORV-V-020",
            Self::Publish { .. } => "ORV-V-021",
            Self::PublishedOtherRoot { .. } => "ORV-V-022",
            Self::Enclave(error) => enclave_code(error),
            Self::EvidenceChanged { .. } => "ORV-V-050",
            Self::KeyDead { .. } => "ORV-V-051",
            Self::KeyRevoked(_) => "ORV-V-057",
            Self::KeyTooShort { .. } => "ORV-V-058",
            Self::Attester(_) => "ORV-V-052",
            Self::AttesterSigning(_) => "ORV-V-053",
            Self::RemoteAttesters(_) => "ORV-V-056",
            Self::QuorumNotReached { .. } => "ORV-V-054",
            Self::KeyNotLiveInTime { .. } => "ORV-V-055",
            Self::ReceiptFile { .. } => "ORV-V-060",
            Self::ReceiptDamaged { .. } => "ORV-V-061",
            Self::Incomplete { .. } => "ORV-V-062",
            Self::TicketEventMissing(_) => "ORV-V-063",
            Self::TaskStopped => "ORV-V-064",
            Self::Collateral(_) => "ORV-V-065",
            Self::DataDirectoryTaken(_) => "ORV-V-066",
            Self::KeyEnding { .. } => "ORV-V-067",
            Self::Restart { .. } => "ORV-V-068",
            Self::ReloadRefused(_) => "ORV-V-069",
            Self::Paused(_) => "ORV-V-070",
            Self::HandedBack(_) => "ORV-V-071",
            Self::Overdue(_) => "ORV-V-072",
            Self::SettlementGivenUp { .. } => "ORV-V-073",
            Self::Page { .. } => "ORV-V-085",
        }
    }

    /// What to do next, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::ConfigurationUnreadable { .. } => "Give the path of a readable TOML file.",
            Self::Configuration(_) => "Correct the named setting.",
            Self::Deployment(_) => "Give a deployment file as `orv devnet` or the network's publisher writes it.",
            Self::NoGateway => "Use a deployment file that names the four contracts of the verifier.",
            Self::NoStorage => "Set `storage_indexer`, or use a deployment file with a storage section.",
            Self::Wallet(WalletError::ReadableByOthers { .. }) => {
                "Run the command that the words name; replace a secret that others may have read."
            }
            Self::Wallet(_) => "Check wallet directory, id and passphrase file.",
            Self::DataDirectory { .. } => "Make the data directory writable for this user, with space left.",
            Self::Journal(error) => error.advice(),
            Self::Chain(_) => "Check the RPC address; the step is tried again.",
            Self::Send { source, .. } => match **source {
                SendError::Reverted(_) => "Nothing was sent; the contract's error says what to change.",
                SendError::Unknown { .. } => "Do nothing twice: the next pass reads from the chain what became of it.",
                _ => "Check balance and fees; the step is tried again.",
            },
            Self::Fetch(_) => "Check the indexer's address; bytes that nobody has make a verdict inconclusive.",
            Self::Publish { .. } => "Check balance and indexer; the receipt is on disk and is published again.",
            Self::PublishedOtherRoot { .. } => "Use another storage indexer: this one does not store what it is given.",
            Self::Enclave(error) => enclave_advice(error),
            Self::EvidenceChanged { .. } | Self::KeyDead { .. } => "Restart the enclave, so that it makes a new key.",
            Self::KeyRevoked(_) => {
                "Keep the enclave's console and the journal, and find out why (docs/operator.md); only then boot it anew."
            }
            Self::KeyTooShort { .. } => {
                "Set `run_seconds` well below what an admission lasts, or have keys admitted for longer and boot the enclave anew."
            }
            Self::Attester(_) => "Compare the enclave's measurement with the attesters' and the policy's list.",
            Self::AttesterSigning(_) => "Check the attester's key.",
            Self::RemoteAttesters(_) => "Read what each attester said; ask those who do not answer.",
            Self::QuorumNotReached { .. } => "Configure as many attester keys as the quorum's threshold.",
            Self::KeyNotLiveInTime { .. } => "Wait for the challenge delay, or look whether the key was revoked.",
            Self::ReceiptFile { .. } => "Make the receipts directory writable, with space left.",
            Self::ReceiptDamaged { .. } | Self::Incomplete { .. } => {
                "Let the ticket lapse; the next attempt makes a new receipt."
            }
            Self::TicketEventMissing(_) => "Use an RPC endpoint that keeps recent events.",
            Self::Collateral(_) => {
                "Correct the folder; until then receipts lack it, and whoever checks one must have it from elsewhere."
            }
            Self::Page { .. } => {
                "The daemon works on without its page. Choose another `page.listen`, or end what listens there."
            }
            Self::DataDirectoryTaken(_) => "End the other daemon, or give this one a data directory of its own.",
            Self::KeyEnding { .. } => {
                "Restart the enclave when it is idle, or set its `restart` command: a key is admitted once."
            }
            Self::Restart { .. } => "Run the configured command by hand and look at the enclave's console.",
            Self::ReloadRefused(_) => "Start the daemon again to take them up.",
            Self::Paused(_) => {
                "Mend what the words name; what is in flight goes on, and one attempt is tried again by itself."
            }
            Self::HandedBack(_) => "Start again: the journal knows where they were.",
            Self::Overdue(_) => "Look whether chain and storage answer; the step is tried again.",
            Self::SettlementGivenUp { .. } => {
                "Compare the RPC endpoint with another one and look at the transactions; the ticket lapses by itself."
            }
            Self::TaskStopped => "Start the program again: the journal knows where it was.",
        }
    }
}

impl VerifierError {
    /// A transaction that did not succeed.
    pub(crate) fn sending(step: &'static str, source: SendError) -> Self {
        Self::Send {
            step,
            source: Box::new(source),
        }
    }

    /// Whether the chain cannot be asked now, and waiting may mend that.
    pub(crate) fn is_of_a_chain_away(&self) -> bool {
        match self {
            Self::Chain(error) => may_come_back(error),
            Self::Send { source, .. } => matches!(&**source, SendError::Chain(error) if may_come_back(error)),
            _ => false,
        }
    }

    /// Whether the journal's database cannot be asked now, and waiting may mend that.
    pub(crate) fn is_of_a_journal_away(&self) -> bool {
        matches!(self, Self::Journal(error) if error.may_pass())
    }

    /// Whether gas was paid for nothing, or may have been: what is tried again costs the operator each time.
    pub(crate) fn was_paid_for(&self) -> bool {
        matches!(self, Self::SettlementGivenUp { .. }) || self.transaction_fault().is_some_and(brought_nothing)
    }

    /// Whether it says that an enclave, or its key, does not work.
    pub(crate) fn is_of_enclave(&self) -> bool {
        match self {
            Self::Enclave(error) => !matches!(error, EnclaveError::Stopped),
            Self::KeyNotLiveInTime { .. } | Self::Attester(_) | Self::RemoteAttesters(_) | Self::Restart { .. } => true,
            other => other.is_without_live_key(),
        }
    }

    /// Whether a transaction was needed that was not sent.
    pub(crate) fn sent_nothing(&self) -> bool {
        self.transaction_fault().is_some_and(is_not_sent)
    }

    /// What became of the transaction that was to be sent.
    fn transaction_fault(&self) -> Option<&SendError> {
        match self {
            Self::Send { source, .. } => Some(source),
            Self::Publish { source, .. } => match &**source {
                PublishError::Send(source) => Some(source),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the enclave has no key that could carry a ticket.
    pub(crate) fn is_without_live_key(&self) -> bool {
        matches!(self, Self::KeyRevoked(_) | Self::KeyTooShort { .. }) || self.wants_new_key()
    }

    /// Whether only a new boot of the enclave, with a new key, helps, and nobody need look at it before.
    pub(crate) fn wants_new_key(&self) -> bool {
        match self {
            Self::KeyDead { .. } | Self::EvidenceChanged { .. } => true,
            Self::Enclave(error) => error.needs_new_key(),
            _ => false,
        }
    }
}

/// Whether a transaction certainly was not sent.
fn is_not_sent(error: &SendError) -> bool {
    !brought_nothing(error) && !matches!(error, SendError::Unknown { .. } | SendError::OwnerStopped)
}

/// Whether a transaction was mined and left things as they were, as far as anybody can say.
fn brought_nothing(error: &SendError) -> bool {
    // One that was superseded cost nothing, if it was: that it is in no block is the word of endpoints, which may lag or
    // hide it. Counted as paid for, it is sent a few times at most whatever they say (decision 0026).
    matches!(
        error,
        SendError::Failed { .. } | SendError::NoEvent { .. } | SendError::Superseded { .. }
    )
}

/// Not where the deployment, or the configuration, is of another chain or of none.
fn may_come_back(error: &ChainError) -> bool {
    match error {
        ChainError::Http(_)
        | ChainError::WrongChainId { .. }
        | ChainError::BadQuorum { .. }
        | ChainError::SameEndpointTwice(_)
        | ChainError::NoCode { .. }
        | ChainError::Reverted(_) => false,
        ChainError::Unreachable(_)
        | ChainError::Disagreement { .. }
        | ChainError::NoQuorum { .. }
        | ChainError::Refused { .. }
        | ChainError::Malformed { .. }
        | ChainError::NoBlock(_)
        | ChainError::NoProject(_)
        | ChainError::NoProposal(_)
        | ChainError::UnknownStatus(_) => true,
    }
}

macro_rules! boxed {
    ($($source:ident => $variant:ident),+) => {
        $(impl From<$source> for VerifierError {
            fn from(error: $source) -> Self {
                Self::$variant(Box::new(error))
            }
        })+
    };
}

// The largest ones are boxed: every `Result` of this crate would be as large as they are.
boxed!(FetchError => Fetch, AttesterError => Attester, RemoteError => RemoteAttesters);

fn enclave_code(error: &EnclaveError) -> &'static str {
    match error {
        EnclaveError::Unreachable { .. } => "ORV-V-030",
        EnclaveError::Connection(_) | EnclaveError::Poll(_) => "ORV-V-031",
        EnclaveError::Refused(_) => "ORV-V-032",
        EnclaveError::Exit(_) => "ORV-V-033",
        EnclaveError::OutOfOrder { .. } => "ORV-V-034",
        EnclaveError::Version(_) => "ORV-V-035",
        EnclaveError::Envelope(_) | EnclaveError::Context(_) | EnclaveError::Key => "ORV-V-036",
        EnclaveError::OtherBinding { .. } => "ORV-V-037",
        EnclaveError::Bundle(_) | EnclaveError::BundleIncomplete => "ORV-V-038",
        EnclaveError::Silent(_) => "ORV-V-039",
        EnclaveError::OutOfTime => "ORV-V-040",
        EnclaveError::Stopped => "ORV-V-041",
        EnclaveError::Contents { .. } => "ORV-V-042",
        EnclaveError::Distrusted(Distrust::BundleRoot { .. } | Distrust::NoBundle) => "ORV-V-043",
        EnclaveError::Distrusted(Distrust::Signature(_) | Distrust::Signer { .. }) => "ORV-V-044",
        EnclaveError::Distrusted(Distrust::OtherStatement { .. }) => "ORV-V-045",
        EnclaveError::Distrusted(Distrust::Check { .. }) => "ORV-V-046",
        EnclaveError::ExitPort { .. } => "ORV-V-047",
    }
}

fn enclave_advice(error: &EnclaveError) -> &'static str {
    match error {
        EnclaveError::Unreachable { .. } => "Start the enclave and check its address.",
        EnclaveError::Connection(_) | EnclaveError::Poll(_) | EnclaveError::Silent(_) => {
            "Look at the enclave's console; the job is offered again while its ticket is open and its code has not run."
        }
        EnclaveError::Refused(_) if error.needs_new_key() => "Restart the enclave, so that it makes a new key.",
        EnclaveError::Refused(_) => "The enclave's own words say what it did not accept.",
        EnclaveError::Exit(_) => "Restart the enclave: it ends itself after an anomaly.",
        EnclaveError::ExitPort { .. } => "Run one daemon for each enclave, as a user who may write beside its socket.",
        EnclaveError::OutOfOrder { .. } | EnclaveError::Version(_) => "Run enclave and host of the same release.",
        EnclaveError::Envelope(_) | EnclaveError::Context(_) | EnclaveError::Key => {
            "Restart the enclave; if it stays, run enclave and host of the same release."
        }
        EnclaveError::OtherBinding { .. } => {
            "Restart the enclave: its key is bound to another chain, gateway or operator."
        }
        EnclaveError::Bundle(_) | EnclaveError::BundleIncomplete | EnclaveError::Distrusted(_) => {
            "Nothing was sent to the chain; do not trust this enclave and keep its output for a report."
        }
        EnclaveError::OutOfTime => {
            "Raise the machine's speed, or leave out projects that run longer than a ticket lives."
        }
        EnclaveError::Stopped => "Start again: the journal knows where it was.",
        EnclaveError::Contents { .. } => "Check the cache directory's disk.",
    }
}
