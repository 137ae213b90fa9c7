//! From the libraries' typed errors to the table of codes.

use std::io;

use orv_attester::ServiceError;
use orv_chain::{ChainError, DeploymentError, HttpError, SendError, wallet::WalletError};
use orv_creator::{BaselineError, FolderError, ImageSourceError, Problem};
use orv_miner::{
    CandidateError, InspectError, ProjectError, StakeError, SubmitError,
    patch::{ApplyError, PatchError},
};
use orv_storage::{FetchError, PublishError};
use orv_trial::measurement::MeasureError;
use orv_trial::rehearsal::RerunError;
use orv_trial::{Fault, PrepareError};
use orv_verifier::VerifierError;

use crate::code::{Code, Exit};

/// Why a command gave no answer.
#[derive(Debug)]
pub struct Failure {
    /// The stable code: a row of [`Code`], or the verifier's own.
    pub code: &'static str,
    /// The exit status.
    pub exit: Exit,
    /// What to do next.
    pub next: &'static str,
    /// The error, with its values.
    pub message: String,
    /// Where there are several.
    pub details: Vec<String>,
}

impl Failure {
    /// One error.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.text(),
            exit: code.exit(),
            next: code.next(),
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// A file that cannot be used.
    pub fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Code::File, format!("{}: {error}", path.display()))
    }

    /// A setting that is given nowhere.
    pub fn missing(what: &str, flag: &str) -> Self {
        Self::new(Code::MissingSetting, format!("{what} is not given: use {flag}"))
    }
}

/// Implements the conversion by a function from the error to its code.
macro_rules! failure_from {
    ($($error:ty => |$value:ident| $code:expr;)+) => {
        $(impl From<$error> for Failure {
            fn from($value: $error) -> Self {
                let code = $code;
                Self::new(code, $value.to_string())
            }
        })+
    };
}

failure_from! {
    ChainError => |error| chain(&error);
    SendError => |error| send(&error);
    WalletError => |error| wallet(&error);
    FetchError => |error| fetch(&error);
    PublishError => |error| publish(&error);
    DeploymentError => |_error| Code::Deployment;
    HttpError => |error| http(&error);
    PatchError => |_error| Code::Patch;
    ApplyError => |_error| Code::Patch;
    CandidateError => |error| match error { CandidateError::Folder(_) => Code::File, _ => Code::Candidate };
    MeasureError => |error| measure(&error);
    InspectError => |error| match &error { InspectError::Chain(error) | InspectError::Events(error) => chain(error) };
    ProjectError => |error| match &error {
        ProjectError::Fetch { source, .. } => fetch(source),
        ProjectError::Disk { .. } => Code::File,
        _ => Code::PublishedProject,
    };
    StakeError => |_error| Code::Stake;
    SubmitError => |error| match &error {
        SubmitError::Stake(_) | SubmitError::PriceRose { .. } => Code::Stake,
        SubmitError::Chain(error) => chain(error),
        SubmitError::Publish { source, .. } => publish(source),
        SubmitError::Send { source, .. } => send(source),
    };
    RerunError => |error| match &error {
        RerunError::Measure(error) => measure(error),
        RerunError::Trial(_) => Code::Runner,
        _ => Code::Rerun,
    };
    FolderError => |_error| Code::File;
    ImageSourceError => |error| match error {
        ImageSourceError::Io { .. } | ImageSourceError::Folder(_) => Code::File,
        _ => Code::Image,
    };
    BaselineError => |error| match &error {
        BaselineError::Measure(error) => measure(error),
        BaselineError::Problem(_) => Code::Project,
    };
    orv_creator::PublishError => |error| match &error {
        orv_creator::PublishError::Terms(..) => Code::Usage,
        orv_creator::PublishError::Store { source, .. } => publish(source),
        orv_creator::PublishError::Create(error) => send(error),
    };
    orv_devnet::StartError => |_error| Code::Devnet;
    orv_devnet::deployment::DeployError => |_error| Code::Devnet;
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        let details: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let message = match details.len() {
            1 => "the project has a problem".to_owned(),
            count => format!("the project has {count} problems"),
        };
        Self {
            details,
            ..Self::new(Code::Project, message)
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let exit = match &error {
            ServiceError::Policy { .. } | ServiceError::Collateral(_) => Exit::BadContent,
            ServiceError::Chain(_) | ServiceError::Storage(_) => Exit::Unavailable,
            _ => Exit::Failed,
        };
        Self {
            code: error.code(),
            exit,
            next: error.advice(),
            message: error.to_string(),
            details: Vec::new(),
        }
    }
}

impl From<VerifierError> for Failure {
    fn from(error: VerifierError) -> Self {
        let exit = match &error {
            VerifierError::ReceiptDamaged { .. } => Exit::BadContent,
            VerifierError::Fetch(_) | VerifierError::Enclave(_) => Exit::Unavailable,
            _ => Exit::Failed,
        };
        Self {
            code: error.code(),
            exit,
            next: error.advice(),
            message: error.to_string(),
            details: Vec::new(),
        }
    }
}

fn chain(error: &ChainError) -> Code {
    match error {
        ChainError::Unreachable(_) => Code::ChainUnreachable,
        ChainError::Http(error) => http(error),
        ChainError::WrongChainId { .. } => Code::WrongChain,
        ChainError::NoCode { .. } => Code::NoContract,
        ChainError::Reverted(_) => Code::Refused,
        ChainError::NoProject(_) => Code::NoProject,
        ChainError::NoProposal(_) => Code::NoProposal,
        _ => Code::ChainAnswer,
    }
}

fn http(error: &HttpError) -> Code {
    match error {
        HttpError::BadAddress(_) => Code::BadAddress,
        HttpError::Unreachable { .. } => Code::ChainUnreachable,
        HttpError::SetUp(_) => Code::Machine,
        HttpError::TooLarge { .. } => Code::ChainAnswer,
    }
}

fn send(error: &SendError) -> Code {
    match error {
        SendError::Reverted(_) => Code::Refused,
        SendError::Unknown { .. } => Code::TransactionUnknown,
        SendError::Wallet(error) => wallet(error),
        SendError::Chain(error) => chain(error),
        _ => Code::TransactionFailed,
    }
}

fn wallet(error: &WalletError) -> Code {
    match error {
        WalletError::WrongPassphrase => Code::Passphrase,
        WalletError::Unreadable { path, source } if source.kind() == io::ErrorKind::NotFound => {
            // The keystore and the passphrase are both files; only the first is a wallet.
            if path.extension().is_some_and(|extension| extension == "json") {
                Code::WalletMissing
            } else {
                Code::File
            }
        }
        WalletError::Unreadable { .. } | WalletError::Unwritable { .. } => Code::File,
        _ => Code::Wallet,
    }
}

fn fetch(error: &FetchError) -> Code {
    match error {
        FetchError::Cache(_) => Code::File,
        FetchError::Http(error @ HttpError::BadAddress(_)) => http(error),
        _ => Code::NotAvailable,
    }
}

fn publish(error: &PublishError) -> Code {
    match error {
        PublishError::Send(error) => send(error),
        PublishError::Chain(error) => chain(error),
        _ => Code::Storage,
    }
}

fn measure(error: &MeasureError) -> Code {
    match error {
        MeasureError::NotRoot(_) => Code::NotRoot,
        MeasureError::NoTrials => Code::Usage,
        MeasureError::Disk { .. } => Code::File,
        MeasureError::Trial(_) => Code::Runner,
        MeasureError::Prepare(error) => prepare(error),
        MeasureError::Void { .. } | MeasureError::OutOfRange(_) => Code::NoMetric,
    }
}

fn prepare(error: &PrepareError) -> Code {
    match error.fault() {
        Fault::Project => Code::Prepare,
        Fault::Candidate => Code::Candidate,
        Fault::Machine | Fault::Bounds => Code::Runner,
    }
}
