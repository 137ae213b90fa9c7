//! The enclaves: reachable, and who they say they are.
//!
//! An enclave keeps the evidence that it gave last. It is asked with the challenge of its admission, as the daemon asks
//! it, and not at all while a daemon works with it: another challenge would cost the daemon the admitted evidence.

use super::chain::Reached;
use super::files::AtWork;
use super::journal::KnownKey;
use super::limit::detached;
use super::line::{Check, Line};
use super::measurement::Evidence;
use crate::enclave::{Binding, EnclaveAddress, EnclaveError, ExitReports, Identity, Session};
use crate::error::VerifierError;
use orv_chain::primitives::Address;
use std::io;
use std::time::Duration;
use tokio::task::JoinSet;

/// The enclaves that can be connected to, and the lines about it.
pub(super) struct Reachable {
    pub(super) lines: Vec<Line>,
    pub(super) addresses: Vec<EnclaveAddress>,
}

/// Connects to each, and hangs up.
pub(super) async fn reachable(addresses: Vec<EnclaveAddress>, patience: Duration) -> Reachable {
    let mut asked = JoinSet::new();
    for (index, address) in addresses.into_iter().enumerate() {
        asked.spawn(async move {
            let place = address.clone();
            let connecting = detached(move || place.connect().map(drop));
            let connected = match tokio::time::timeout(patience, connecting).await {
                Ok(Some(connected)) => connected,
                Ok(None) => Err(io::ErrorKind::Interrupted.into()),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            };
            (index, address, connected)
        });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(index, ..)| *index);
    let (mut lines, mut addresses) = (Vec::new(), Vec::new());
    for (_, address, connected) in answers {
        let shown = address.to_string();
        let line = match connected {
            Ok(()) => {
                addresses.push(address);
                Line::pass(Check::Enclave, "listens")
            }
            Err(error) => Line::fail(Check::Enclave, format!("cannot be reached: {error}"), start(&address)),
        };
        lines.push(line.about(shown));
    }
    Reachable { lines, addresses }
}

/// How an enclave at such an address is started.
fn start(address: &EnclaveAddress) -> String {
    match address {
        EnclaveAddress::Unix(path) => format!("start it: `orv-enclave --listen unix:{} --scratch DIR`", path.display()),
        EnclaveAddress::Vsock { cid, .. } => format!(
            "start it: `nitro-cli run-enclave --eif-path orv.eif --enclave-cid {cid} --memory 4096 --cpu-count 2`, or the \
             machine with `guest-cid={cid}` (docs/images.md)"
        ),
        EnclaveAddress::Hybrid { socket, .. } => {
            format!(
                "start the machine and its vsock device behind {} (docs/images.md)",
                socket.display()
            )
        }
    }
}

/// What an enclave said, and the key that the chain is asked about.
pub(super) struct Introduced {
    pub(super) lines: Vec<Line>,
    pub(super) key: Option<KeyOf>,
}

/// A key, with its evidence where it was shown.
pub(super) struct KeyOf {
    pub(super) address: Address,
    pub(super) evidence: Option<Evidence>,
}

/// Asks an enclave who it is, unless a daemon works with it.
pub(super) async fn introduce(
    address: &EnclaveAddress,
    binding: Binding,
    known: Option<&KnownKey>,
    reached: &Reached,
    running: Option<&AtWork>,
    patience: Duration,
) -> Introduced {
    if let Some(AtWork { process, .. }) = running {
        let why = format!("process {process} works with it; asked once that has ended");
        return Introduced {
            lines: [Check::Identity, Check::ExitPort]
                .map(|check| Line::skipped(check, &why))
                .to_vec(),
            key: known.map(|known| KeyOf {
                address: known.key,
                evidence: None,
            }),
        };
    }
    let block = known.map_or(reached.head.reference, |known| known.challenge);
    let place = address.clone();
    let asking = detached(move || {
        let stream = place.connect().map_err(|source| EnclaveError::Unreachable {
            address: place.to_string(),
            source,
        })?;
        Session::new(stream).introduce(&binding, block)
    });
    let (line, key) = match tokio::time::timeout(patience, asking).await {
        Ok(Some(Ok(identity))) => introduced(identity, binding, reached).await,
        Ok(Some(Err(error))) => (refused(error), None),
        Ok(None) => (
            Line::fail(Check::Identity, "the conversation stopped", "restart the enclave"),
            None,
        ),
        Err(_) => {
            let found = format!("it says nothing within {} s: it hangs", patience.as_secs_f32());
            (
                Line::fail(Check::Identity, found, "look at its console, and restart it"),
                None,
            )
        }
    };
    Introduced {
        lines: vec![line, exit_port(address)],
        key,
    }
}

async fn introduced(identity: Identity, binding: Binding, reached: &Reached) -> (Line, Option<KeyOf>) {
    let line = Line::pass(
        Check::Identity,
        format!("key {}, wire version {}", identity.key, orv_wire::WIRE_VERSION),
    );
    let address = identity.key;
    let number = identity.challenge_block.number;
    // A block that the endpoint has no more was long ago: then only what was admitted counts.
    let evidence = reached.chain.block(number).await.ok().map(|block| Evidence {
        identity,
        binding,
        asked_at: block.timestamp,
    });
    let key = KeyOf { address, evidence };
    (line, Some(key))
}

fn refused(error: EnclaveError) -> Line {
    let error = VerifierError::from(error);
    Line::fail(Check::Identity, format!("{}: {error}", error.code()), error.advice())
}

/// Whether this user may listen where the enclave reports its end; the listener is gone at once.
fn exit_port(address: &EnclaveAddress) -> Line {
    match ExitReports::listen(address) {
        Ok(None) => Line::pass(Check::ExitPort, "a process of this machine reports on its console"),
        Ok(Some(_)) => Line::pass(Check::ExitPort, "can be listened on"),
        Err(error) => Line::warn(
            Check::ExitPort,
            format!("cannot be listened on: {error}"),
            "end the other program that listens there, or run as a user who may write beside the enclave's socket",
        ),
    }
}
