//! One connection: `Hello` first, then jobs.

use super::Service;
use super::identity::EndorseError;
use super::transport::Peer;
use crate::console::tell;
use crate::job::{Backing, JobEnd, judge};
use crate::keeper::{Binding, KeeperError, Refusal};
use orv_content::merkle::EmptyContent;
use orv_content::{Root, merkle};
use orv_receipt::Domain;
use orv_wire::{
    Channel, Exit, ExitCode, FailureCode, FrameError, Hello, Identity, Job, Message, MessageError, WIRE_VERSION,
};
use std::sync::PoisonError;

/// What a connection has been told.
struct Introduced {
    domain: Domain,
    evidence_root: Root,
}

/// Speaks with one host until it leaves or breaks the protocol.
pub(super) fn run(peer: Peer, service: &Service) {
    let mut channel = Channel::new(peer);
    if let Err(error) = converse(&mut channel, service) {
        tell(format_args!("connection closed: {error}"));
    }
}

/// Tells a host that there is no room for it now. Nothing was sent to it before, so nothing has to be waited for.
pub(super) fn turn_away(peer: Peer) {
    let _ = Channel::new(peer).fail(0, FailureCode::Busy, "too many connections");
}

fn converse(channel: &mut Channel<Peer>, service: &Service) -> Result<(), MessageError> {
    let mut introduced = None;
    loop {
        let patience = service.patience;
        let (stream, message) = match channel.receive_within(patience.search, patience.segment) {
            Ok(received) => received,
            Err(MessageError::Frame(FrameError::Closed)) => return Ok(()),
            Err(error) => {
                // The stream is out of step: say why and end it.
                let _ = channel.fail(0, FailureCode::Malformed, &error.to_string());
                return Err(error);
            }
        };
        match message {
            Message::Hello(hello) => match introduce(&hello, service) {
                Ok((known, identity)) => {
                    introduced = Some(known);
                    channel.send(stream, &Message::Identity(identity))?;
                }
                Err(refused) => refuse(channel, stream, &refused, service)?,
            },
            Message::Job(job) => match &introduced {
                Some(known) => work(channel, stream, &job, known, service)?,
                None => channel.fail(stream, FailureCode::NoIdentity, "say Hello before a job")?,
            },
            Message::Cancel(_) => channel.fail(stream, FailureCode::Cancelled, "no job runs")?,
            other => {
                let kind = other.to_frame(stream).kind;
                channel.fail(stream, FailureCode::OutOfOrder, &format!("{kind:?} has no place here"))?;
            }
        }
    }
}

/// Why a host is not introduced.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the enclave speaks version {WIRE_VERSION}, not {0}")]
    Version(u16),
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    #[error("no evidence: {0}")]
    Evidence(#[from] EndorseError),
    /// Without evidence there is no identity, and without an identity no job.
    #[error("this machine cannot endorse a key: {0}")]
    Unendorsed(String),
    #[error("the evidence is empty")]
    Empty(#[from] EmptyContent),
}

/// Tells why; a keeper that is gone ends the enclave.
fn refuse(channel: &mut Channel<Peer>, stream: u32, refused: &Refused, service: &Service) -> Result<(), FrameError> {
    let code = match refused {
        Refused::Version(_) => FailureCode::Version,
        Refused::Keeper(error) => code_of(error),
        Refused::Evidence(_) | Refused::Unendorsed(_) | Refused::Empty(_) => FailureCode::Evidence,
    };
    let told = channel.fail(stream, code, &refused.to_string());
    // The host may have hung up: an anomaly ends the enclave whether or not there is anybody to tell.
    if let Refused::Keeper(error) = refused
        && error.is_anomaly()
    {
        end_the_enclave(channel, &Exit::new(ExitCode::Keeper, refused), service)
    }
    told
}

/// Binds the key and endorses it for the host's challenge.
fn introduce(hello: &Hello, service: &Service) -> Result<(Introduced, Identity), Refused> {
    if hello.version != WIRE_VERSION {
        return Err(Refused::Version(hello.version));
    }
    let endorser = service
        .endorser
        .as_ref()
        .map_err(|error| Refused::Unendorsed(error.to_string()))?;
    service.keeper.bind(Binding::from(hello))?;
    let envelope = endorser.endorse(hello, service.keeper.public_key())?;
    let known = Introduced {
        domain: hello.domain,
        evidence_root: merkle::root_of(&envelope)?,
    };
    Ok((
        known,
        Identity {
            version: WIRE_VERSION,
            envelope,
        },
    ))
}

/// Runs one job and tells its end.
fn work(
    channel: &mut Channel<Peer>,
    stream: u32,
    job: &Job,
    known: &Introduced,
    service: &Service,
) -> Result<(), MessageError> {
    if job.domain != known.domain {
        let detail = "the job is for another chain or gateway than the key";
        return Ok(channel.fail(stream, FailureCode::OtherBinding, detail)?);
    }
    let Ok(endorser) = &service.endorser else {
        return Ok(channel.fail(stream, FailureCode::NoIdentity, "this machine cannot endorse a key")?);
    };
    let mut workbench = service.workbench.lock().unwrap_or_else(PoisonError::into_inner);
    let backing = Backing {
        evidence_root: known.evidence_root,
        endorser,
        keeper: &service.keeper,
    };
    match judge(channel, stream, job, backing, &mut workbench) {
        Ok(outcome) => Ok(channel.send(stream, &Message::Result(Box::new(outcome)))?),
        Err(JobEnd::Connection(error)) => {
            // Whoever broke the protocol in the middle of a job is told so, too, if it still listens.
            let _ = channel.fail(stream, FailureCode::Malformed, &error.to_string());
            Err(error)
        }
        Err(end) => {
            let told = channel.fail(stream, end.code(), &end.to_string());
            if end.is_anomaly() {
                end_the_enclave(channel, &Exit::new(exit_of(&end), end), service)
            }
            Ok(told?)
        }
    }
}

/// Ends the whole enclave, and with it the key; whoever started it starts it anew.
fn end_the_enclave(channel: &mut Channel<Peer>, exit: &Exit, service: &Service) -> ! {
    // The host may be gone; the enclave ends all the same.
    let _ = channel.send(0, &Message::Exit(exit.clone()));
    service.words.end(exit)
}

/// What kind of end an anomaly of a job is.
fn exit_of(end: &JobEnd) -> ExitCode {
    match end {
        JobEnd::Keeper(_) => ExitCode::Keeper,
        _ => ExitCode::Anomaly,
    }
}

/// The failure code of a keeper's error.
pub(crate) fn code_of(error: &KeeperError) -> FailureCode {
    match error {
        KeeperError::Refused(Refusal::OtherBinding) => FailureCode::OtherBinding,
        KeeperError::Refused(Refusal::Unbound) => FailureCode::NoIdentity,
        KeeperError::Refused(Refusal::TicketUsed) => FailureCode::TicketUsed,
        KeeperError::Refused(Refusal::VerdictsUsed | Refusal::TooOld) => FailureCode::KeyExhausted,
        KeeperError::Refused(Refusal::Signing) | KeeperError::Gone(_) | KeeperError::OutOfTurn => FailureCode::Internal,
    }
}
