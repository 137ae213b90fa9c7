//! One connection in the hands of a host that may put anything on it.

use crate::host::{DOMAIN, Shelf};
use crate::notary::{Stated, rests_on};
use crate::scene::Scene;
use crate::way::Answer;
use alloy_primitives::B256;
use orv_content::merkle::root_of;
use orv_receipt::Bundle;
use orv_wire::{
    Channel, Failure, FailureCode, FrameError, Hello, Job, MAX_SEGMENT, Message, MessageError, Outcome, Segment, Stage,
    Want,
};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The stream of every honest job.
pub const STREAM: u32 = 5;

/// Longer than any limit of an enclave in this suite that a host waits for.
const SILENCE: Duration = Duration::from_secs(60);

/// A connection.
pub struct Line<'s> {
    scene: &'s Scene,
    channel: Channel<UnixStream>,
    /// What is served; the scene's own unless a way lies about it.
    pub shelf: Shelf,
    envelope: Vec<u8>,
    job: Option<Job>,
    bundle: Vec<u8>,
    served: BTreeSet<B256>,
}

/// What to do with requests on the way to the next answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Requests {
    Served,
    Ignored,
}

impl<'s> Line<'s> {
    pub fn open(scene: &'s Scene) -> Self {
        let channel = scene.enclave.connect();
        channel.stream().set_read_timeout(Some(SILENCE)).unwrap();
        channel.stream().set_write_timeout(Some(SILENCE)).unwrap();
        Self {
            scene,
            channel,
            shelf: scene.shelf.clone(),
            envelope: Vec::new(),
            job: None,
            bundle: Vec::new(),
            served: BTreeSet::new(),
        }
    }

    /// Puts bytes on the wire; an enclave that has closed already does not get them. Whether all were taken.
    pub fn bytes(&mut self, bytes: &[u8]) -> bool {
        let mut stream = self.channel.stream();
        stream.write_all(bytes).is_ok()
    }

    /// Puts bytes on the wire one at a time, until somebody has enough of it.
    pub fn drip(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            if !self.bytes(&[*byte]) {
                return;
            }
            std::thread::sleep(pause);
        }
    }

    /// A frame of any kind and payload, with its right length.
    pub fn frame(&mut self, kind: u8, stream: u32, payload: &[u8]) -> bool {
        self.bytes(&frame(kind, stream, payload))
    }

    pub fn send(&mut self, message: &Message) -> bool {
        self.send_on(STREAM, message)
    }

    pub fn send_on(&mut self, stream: u32, message: &Message) -> bool {
        let bytes = message.to_frame(stream).to_bytes().unwrap();
        self.bytes(&bytes)
    }

    /// The host says that it will say no more.
    pub fn half_close(&self) {
        let _ = self.channel.stream().shutdown(Shutdown::Write);
    }

    /// The connection below.
    pub fn stream(&self) -> &UnixStream {
        self.channel.stream()
    }

    /// Says a Hello and tells the answer.
    pub fn introduce(&mut self, hello: Hello) -> Answer {
        self.send_on(0, &Message::Hello(hello));
        self.answer()
    }

    /// Asks for a job, and waits for nothing.
    pub fn ask(&mut self, job: Job) {
        self.send(&Message::Job(Box::new(job.clone())));
        self.job = Some(job);
    }

    /// The job that was asked for last.
    pub fn job(&self) -> Job {
        self.job.clone().unwrap()
    }

    /// Serves honestly until a content is wanted, and tells the request.
    pub fn until_wanted(&mut self, hash: B256) -> Want {
        loop {
            match self.receive().unwrap() {
                Message::Want(want) if want.hash == hash => return want,
                Message::Want(want) => self.serve(&want),
                Message::Progress(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Serves nothing until a content is wanted, and tells the request.
    pub fn skip_to(&mut self, hash: B256) -> Want {
        loop {
            match self.receive().unwrap() {
                Message::Want(want) if want.hash == hash => return want,
                Message::Want(_) | Message::Progress(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Serves honestly until a stage begins.
    pub fn until_stage(&mut self, stage: Stage) {
        loop {
            match self.receive().unwrap() {
                Message::Want(want) => self.serve(&want),
                Message::Progress(progress) if progress.stage == stage => return,
                Message::Progress(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Answers a request from the shelf.
    pub fn serve(&mut self, want: &Want) {
        let Some(bytes) = self.shelf.0.get(&want.hash).cloned() else {
            let (code, detail) = (FailureCode::Missing, "no such bytes".to_owned());
            self.send(&Message::Error(Failure { code, detail }));
            return;
        };
        let is_last = want.offset.saturating_add(want.length) >= bytes.len() as u64;
        if is_last && root_of(&bytes).is_ok_and(|root| B256::from(root.0) == want.hash) {
            self.served.insert(want.hash);
        }
        let _ = self
            .channel
            .send_segments(STREAM, want.hash, &bytes, want.offset, want.length);
    }

    /// The next answer, while every request is served from the shelf.
    pub fn finish(&mut self) -> Answer {
        self.next_answer(Requests::Served)
    }

    /// The next answer, while no request is served.
    pub fn answer(&mut self) -> Answer {
        self.next_answer(Requests::Ignored)
    }

    fn next_answer(&mut self, requests: Requests) -> Answer {
        loop {
            match self.receive() {
                Ok(Message::Want(want)) if requests == Requests::Served => self.serve(&want),
                Ok(Message::Want(_) | Message::Progress(_)) => {}
                Ok(Message::Segment(segment)) => self.bundle.extend(segment.bytes),
                Ok(Message::Result(outcome)) => return self.stated(&outcome),
                Ok(Message::Error(failure)) => return Answer::Refused(failure),
                Ok(Message::Identity(identity)) => {
                    self.envelope = identity.envelope;
                    return Answer::Introduced;
                }
                Ok(other) => return Answer::Odd(format!("{other:?}")),
                Err(answer) => return answer,
            }
        }
    }

    /// The next message, or how the line ended.
    fn receive(&mut self) -> Result<Message, Answer> {
        match self.channel.receive() {
            Ok((_, message)) => Ok(message),
            Err(MessageError::Frame(FrameError::Closed)) => Err(Answer::Closed),
            Err(MessageError::Frame(FrameError::Io(error))) => Err(match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Answer::Silent,
                // It closed inside a frame, or before it had read everything.
                ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => Answer::Closed,
                _ => Answer::Odd(error.to_string()),
            }),
            Err(error) => Err(Answer::Odd(error.to_string())),
        }
    }

    fn stated(&mut self, outcome: &Outcome) -> Answer {
        let bundle = std::mem::take(&mut self.bundle);
        let job = self.job();
        let mut notary = self.scene.notary.borrow_mut();
        notary.check(&Stated {
            key: self.scene.enclave.key,
            job: &job,
            outcome,
            bundle: &bundle,
            envelope: &self.envelope,
        });
        let rests = Bundle::decode(&bundle).is_ok_and(|bundle| rests_on(&bundle, &job, &self.served));
        if !rests {
            notary
                .wrong
                .push(format!("{}: rests on bytes that were not served", job.ticket));
        }
        let reason = String::from_utf8_lossy(&outcome.run.reason.0)
            .trim_end_matches('\0')
            .to_owned();
        Answer::Stated(outcome.run.verdict, reason)
    }
}

/// The bytes of a frame of any kind and payload, with its right length.
pub fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 5).unwrap();
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.push(kind);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// One honest segment of a content.
pub fn segment(hash: B256, content: &[u8], number: usize) -> Segment {
    let offset = number * MAX_SEGMENT;
    let end = content.len().min(offset + MAX_SEGMENT);
    Segment {
        hash,
        offset: offset as u64,
        total: content.len() as u64,
        bytes: content[offset..end].to_vec(),
    }
}

/// The domain of every honest host.
pub const HONEST: orv_receipt::Domain = DOMAIN;
