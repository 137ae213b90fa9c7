//! One connection to the enclave: introduction first, then jobs, one at a time.

use super::{Binding, Content, ContentSource, EnclaveError, Identity, trust};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_chain::BlockReference;
use orv_chain::primitives::B256;
use orv_receipt::{MAX_RECEIPT, Receipt};
use orv_wire::{
    Assembly, Cancel, Channel, Failure, FailureCode, Job, MAX_SEGMENT, Message, Outcome, Progress, SEGMENTS_IN_FLIGHT,
    Segment, WIRE_VERSION, Want,
};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a waiting host looks whether it shall stop, in milliseconds.
const LOOK: u16 = 200;

/// How long an enclave may take to introduce itself or to answer a cancel.
const ANSWER: Duration = Duration::from_secs(60);

/// No job outlives its key, which lives a day (DESIGN 5.3). What a ticket's time is, is the endpoint's word.
const LONGEST_JOB: Duration = Duration::from_secs(24 * 3600);

/// A connection. All of it blocks.
#[derive(Debug)]
pub struct Session<S> {
    channel: Channel<S>,
    next_stream: u32,
}

/// What one job is done with.
pub struct Work<'a> {
    /// What was asked.
    pub job: &'a Job,
    /// The admitted key and its evidence.
    pub identity: &'a Identity,
    /// What the key is bound to.
    pub binding: &'a Binding,
    /// Where bytes come from.
    pub contents: &'a mut dyn ContentSource,
    /// Told how far the job is.
    pub progress: &'a mut (dyn FnMut(&Progress) + Send),
    /// Set when the operator stops.
    pub stop: &'a AtomicBool,
    /// How long the job may take: until its ticket lapses.
    pub time: Duration,
}

/// What one turn of a job's conversation leads to.
enum Turn {
    Continue,
    Done(Box<Outcome>),
}

/// A bundle that is arriving.
#[derive(Default)]
struct Arriving(Option<(B256, Assembly)>);

/// The content that was asked for last; an enclave asks for one content many times in a row.
#[derive(Default)]
struct Served(Option<(B256, Content)>);

impl<S: Read + Write + AsFd> Session<S> {
    /// Speaks over a stream.
    pub fn new(stream: S) -> Self {
        Self {
            channel: Channel::new(stream),
            next_stream: 1,
        }
    }

    /// Says hello with the challenge of a block and reads who answers.
    ///
    /// # Errors
    /// The enclave's refusal, a broken connection, or an identity that is bound to something else.
    pub fn introduce(&mut self, binding: &Binding, block: BlockReference) -> Result<Identity, EnclaveError> {
        self.channel.send(0, &Message::Hello(binding.hello(block)))?;
        let never = AtomicBool::new(false);
        self.wait(&never, Instant::now() + ANSWER, EnclaveError::Silent(ANSWER))?;
        match self.channel.receive()?.1 {
            Message::Identity(identity) if identity.version == WIRE_VERSION => {
                Identity::read(identity.envelope, binding, block)
            }
            Message::Identity(identity) => Err(EnclaveError::Version(identity.version)),
            other => Err(unexpected("an identity", other)),
        }
    }

    /// Keeps the connection open between jobs: the enclave closes it after ten idle minutes. A cancel without a job
    /// is the one message that changes nothing.
    ///
    /// # Errors
    /// A broken connection.
    pub fn keep_open(&mut self) -> Result<(), EnclaveError> {
        self.channel.send(0, &Message::Cancel(Cancel {}))?;
        let never = AtomicBool::new(false);
        self.wait(&never, Instant::now() + ANSWER, EnclaveError::Silent(ANSWER))?;
        match self.channel.receive()?.1 {
            Message::Error(Failure {
                code: FailureCode::Cancelled,
                ..
            }) => Ok(()),
            other => Err(unexpected("the answer to a cancel", other)),
        }
    }

    /// Has one proposal judged and checks what comes back. After any error the connection must not be used again.
    ///
    /// # Errors
    /// Every [`EnclaveError`]; a statement that is not exactly about what was asked is [`EnclaveError::Distrusted`].
    pub fn judge(&mut self, mut work: Work<'_>) -> Result<Receipt, EnclaveError> {
        let stream = self.next_stream;
        self.next_stream = stream.checked_add(1).unwrap_or(1);
        self.channel.send(stream, &Message::Job(Box::new(work.job.clone())))?;
        let deadline = Instant::now() + work.time.min(LONGEST_JOB);
        let (mut arriving, mut served) = (Arriving::default(), Served::default());
        let outcome = loop {
            if let Err(error) = self.wait(work.stop, deadline, EnclaveError::OutOfTime) {
                // The enclave may be in the middle of a trial: it hears this when that is over.
                self.channel.send(stream, &Message::Cancel(Cancel {}))?;
                return Err(error);
            }
            let (on, message) = self.channel.receive()?;
            if on != stream {
                return Err(unexpected("this job's stream", message));
            }
            match self.turn(stream, message, &mut work, &mut arriving, &mut served)? {
                Turn::Continue => {}
                Turn::Done(outcome) => break *outcome,
            }
        };
        let (announced, bundle) = arriving.finish()?;
        Ok(trust::receipt_of(
            work.job,
            outcome,
            bundle,
            announced,
            work.identity,
            work.binding,
        )?)
    }

    fn turn(
        &mut self,
        stream: u32,
        message: Message,
        work: &mut Work<'_>,
        arriving: &mut Arriving,
        served: &mut Served,
    ) -> Result<Turn, EnclaveError> {
        match message {
            Message::Want(want) => self.serve(stream, &want, work.contents, served)?,
            Message::Segment(segment) => arriving.take(segment)?,
            Message::Progress(progress) => (work.progress)(&progress),
            Message::Result(outcome) => return Ok(Turn::Done(outcome)),
            other => return Err(unexpected("a job's message", other)),
        }
        Ok(Turn::Continue)
    }

    /// Answers one request with segments, or says that nobody has the bytes.
    fn serve(
        &mut self,
        stream: u32,
        want: &Want,
        contents: &mut dyn ContentSource,
        served: &mut Served,
    ) -> Result<(), EnclaveError> {
        let failed = |detail: String| EnclaveError::Contents {
            hash: want.hash,
            detail,
        };
        let Some(content) = served.get(want.hash, contents).map_err(failed)? else {
            let detail = format!("nobody has content {}", want.hash);
            return Ok(self.channel.fail(stream, FailureCode::Missing, &detail)?);
        };
        let total = content.size();
        let length = want.length.min(SEGMENTS_IN_FLIGHT * MAX_SEGMENT as u64);
        let end = want.offset.saturating_add(length).min(total);
        let mut offset = want.offset;
        while offset < end {
            let piece = usize::try_from(end - offset).unwrap_or(MAX_SEGMENT).min(MAX_SEGMENT);
            let bytes = content.read(offset, piece).map_err(|error| failed(error.to_string()))?;
            let next = offset.saturating_add(bytes.len() as u64);
            self.channel.send(
                stream,
                &Message::Segment(Segment {
                    hash: want.hash,
                    offset,
                    total,
                    bytes,
                }),
            )?;
            offset = next;
        }
        Ok(())
    }

    /// Waits until the enclave has something to say.
    fn wait(&self, stop: &AtomicBool, deadline: Instant, late: EnclaveError) -> Result<(), EnclaveError> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(EnclaveError::Stopped);
            }
            if Instant::now() >= deadline {
                return Err(late);
            }
            let mut ready = [PollFd::new(self.channel.stream().as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, PollTimeout::from(LOOK)) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(EnclaveError::Poll(error.into())),
            }
        }
    }
}

impl Arriving {
    fn take(&mut self, segment: Segment) -> Result<(), EnclaveError> {
        let hash = segment.hash;
        let (_, assembly) = self
            .0
            .get_or_insert_with(|| (hash, Assembly::new(hash, MAX_RECEIPT as u64)));
        Ok(assembly.take(segment)?)
    }

    /// The announced root and the bytes.
    fn finish(self) -> Result<(B256, Vec<u8>), EnclaveError> {
        match self.0 {
            Some((hash, assembly)) if assembly.want().is_none() => Ok((hash, assembly.finish())),
            _ => Err(EnclaveError::BundleIncomplete),
        }
    }
}

impl Served {
    fn get(&mut self, hash: B256, contents: &mut dyn ContentSource) -> Result<Option<&Content>, String> {
        if self.0.as_ref().is_none_or(|(known, _)| *known != hash) {
            self.0 = contents.find(hash)?.map(|content| (hash, content));
        }
        Ok(self.0.as_ref().map(|(_, content)| content))
    }
}

/// What a message without a place means.
fn unexpected(expected: &'static str, message: Message) -> EnclaveError {
    match message {
        Message::Error(failure) => EnclaveError::Refused(failure),
        Message::Exit(exit) => EnclaveError::Exit(exit.to_string()),
        other => EnclaveError::OutOfOrder {
            expected,
            got: format!("{:?}", other.to_frame(0).kind),
        },
    }
}
