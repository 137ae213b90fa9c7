//! The relay: whose turn it is, and what passes.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};

use super::{Ends, RelayLimits, watch};
use crate::cgroup::CgroupError;
use crate::error::RunnerError;
use crate::protection::{Kept, Protection};
use crate::report::{Side, Violation};
use crate::supervise::{Supervised, now, set_nonblocking};

/// Longer than any run: a window's limit where a weakened build leaves it out.
const UNLIMITED: Duration = Duration::from_secs(1 << 32);

/// Whose turn it is.
enum Turn {
    /// The judge's: the candidate is frozen, or has not been started yet.
    Judge,
    /// The candidate's, since `opened` of the raw clock.
    Candidate {
        opened: Duration,
        request: Outgoing,
        answer: Vec<u8>,
    },
    /// The answer is on its way to the judge; the candidate is frozen.
    Answer(Outgoing),
    /// Nobody's any more: the candidate has left, and the judge has been told.
    Over,
}

/// A line being written.
struct Outgoing {
    line: Vec<u8>,
    written: usize,
}

/// What the relay has counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub windows: u64,
    pub window_time: Duration,
}

pub(super) struct Relay {
    ends: Ends,
    limits: RelayLimits,
    kept: Kept,
    requests: Vec<u8>,
    /// What a candidate answered ahead: always empty, but in a weakened build.
    ahead: Vec<u8>,
    judge_done: bool,
    turn: Turn,
    tally: Tally,
}

/// What one read gave.
enum Got {
    Bytes,
    Nothing,
    End,
}

impl Relay {
    pub(super) fn new(ends: Ends, limits: &RelayLimits, kept: Kept) -> Result<Self, RunnerError> {
        set_nonblocking(ends.judge.as_fd())?;
        set_nonblocking(ends.candidate.as_fd())?;
        Ok(Relay {
            ends,
            limits: effective(*limits, kept),
            kept,
            requests: Vec::new(),
            ahead: Vec::new(),
            judge_done: false,
            turn: Turn::Judge,
            tally: Tally::default(),
        })
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn candidate_left(&self) -> bool {
        matches!(self.turn, Turn::Over)
    }

    pub(super) fn metric(&mut self) -> Vec<u8> {
        self.ends.metric.take().bytes
    }

    pub(super) fn watched<'a>(&'a self, watched: &mut Vec<PollFd<'a>>) {
        let (read, write) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        match &self.turn {
            Turn::Judge => {
                if !self.judge_done {
                    watch(&self.ends.judge, read, watched);
                }
                watch(&self.ends.candidate, read, watched);
            }
            Turn::Candidate { request, .. } => {
                let flags = if request.is_written() { read } else { read | write };
                watch(&self.ends.candidate, flags, watched);
            }
            Turn::Answer(_) => watch(&self.ends.judge, write, watched),
            Turn::Over => {}
        }
        watched.extend(self.ends.metric.as_fd().map(|pipe| PollFd::new(pipe, read)));
    }

    /// How long until the open window's limit.
    pub(super) fn patience(&self) -> Result<Duration, RunnerError> {
        match &self.turn {
            Turn::Candidate { opened, .. } => {
                let left = self.limits.window.saturating_sub(now()?.saturating_sub(*opened));
                Ok(left.max(Duration::from_millis(1)))
            }
            _ => Ok(self.limits.window),
        }
    }

    /// Moves on as far as it can without waiting.
    pub(super) fn service(&mut self, candidate: &mut Supervised<'_>) -> Result<Option<Violation>, RunnerError> {
        if let Some(violation) = self.drain_metric()? {
            return Ok(Some(violation));
        }
        loop {
            let (next, moved) = match std::mem::replace(&mut self.turn, Turn::Over) {
                Turn::Judge => match self.judge_turn(candidate)? {
                    Ok(step) => step,
                    Err(violation) => return Ok(Some(violation)),
                },
                Turn::Candidate {
                    opened,
                    request,
                    answer,
                } => match self.candidate_turn(candidate, opened, request, answer)? {
                    Ok(step) => step,
                    Err(violation) => return Ok(Some(violation)),
                },
                Turn::Answer(answer) => self.answer_turn(answer)?,
                Turn::Over => (Turn::Over, false),
            };
            self.turn = next;
            if !moved {
                return Ok(None);
            }
        }
    }

    pub(super) fn drain_metric(&mut self) -> Result<Option<Violation>, RunnerError> {
        self.ends.metric.drain()?;
        Ok(self.ends.metric.is_truncated().then_some(Violation::MetricTooLong))
    }

    /// Waits for a request and opens the window for it.
    fn judge_turn(&mut self, candidate: &mut Supervised<'_>) -> Result<Result<(Turn, bool), Violation>, RunnerError> {
        // It is frozen: what it says now it had said before it was asked.
        match read_some(&mut self.ends.candidate, &mut self.ahead)? {
            Got::Bytes if !self.kept.has(Protection::EarlyAnswer) => {}
            Got::Bytes => return Ok(Err(Violation::EarlyAnswer)),
            Got::End => return self.end().map(|turn| Ok((turn, true))),
            Got::Nothing => {}
        }
        let Some(request) = take_line(&mut self.requests, self.limits.line_bytes) else {
            if self.requests.len() >= self.limits.line_bytes {
                return Ok(Err(Violation::LineTooLong(Side::Judge)));
            }
            let got = if self.judge_done {
                Got::Nothing
            } else {
                read_some(&mut self.ends.judge, &mut self.requests)?
            };
            self.judge_done |= matches!(got, Got::End);
            return Ok(Ok((Turn::Judge, matches!(got, Got::Bytes))));
        };
        if self.tally.windows >= self.limits.requests {
            return Ok(Err(Violation::TooManyRequests));
        }
        self.tally.windows += 1;
        let opened = now()?;
        if self.tally.windows == 1 {
            candidate.go()?;
        } else {
            candidate.group().thaw()?;
        }
        Ok(Ok((
            Turn::Candidate {
                opened,
                request: Outgoing::new(request),
                answer: std::mem::take(&mut self.ahead),
            },
            true,
        )))
    }

    /// Delivers the request and collects the answer; closes the window when it is whole.
    fn candidate_turn(
        &mut self,
        candidate: &mut Supervised<'_>,
        opened: Duration,
        mut request: Outgoing,
        mut answer: Vec<u8>,
    ) -> Result<Result<(Turn, bool), Violation>, RunnerError> {
        let sent = request.write_to(&mut self.ends.candidate)?;
        let got = if sent {
            read_some(&mut self.ends.candidate, &mut answer)?
        } else {
            Got::End
        };
        let window = now()?.saturating_sub(opened);
        if candidate.is_stopped() {
            // Killed for a limit of its own in this very turn: it would never freeze.
            self.tally.window_time += window;
            return self.end().map(|turn| Ok((turn, true)));
        }
        // The limits first: what came too late is too late though it is whole, however late it is looked at.
        if window >= self.limits.window {
            self.tally.window_time += window;
            return Ok(Err(Violation::WindowLimit));
        }
        if self.tally.window_time + window >= candidate.limits().wall {
            self.tally.window_time += window;
            candidate.stop_at_wall_limit()?;
            return self.end().map(|turn| Ok((turn, true)));
        }
        if let Some(line) = take_line(&mut answer, self.limits.line_bytes) {
            self.tally.window_time += window;
            if self.kept.has(Protection::Freezing) {
                match candidate.group().freeze() {
                    Err(CgroupError::NotFrozen(_)) => return Ok(Err(Violation::NotFrozen)),
                    other => other?,
                }
            }
            // An answer to what has not been asked yet, or to what has not been read to its end.
            let early = (!answer.is_empty() || !request.is_written()) && self.kept.has(Protection::EarlyAnswer);
            self.ahead = answer;
            return Ok(if early {
                Err(Violation::EarlyAnswer)
            } else {
                Ok((Turn::Answer(Outgoing::new(line)), true))
            });
        }
        if answer.len() >= self.limits.line_bytes {
            return Ok(Err(Violation::LineTooLong(Side::Candidate)));
        }
        if matches!(got, Got::End) {
            self.tally.window_time += window;
            return self.end().map(|turn| Ok((turn, true)));
        }
        Ok(Ok((
            Turn::Candidate {
                opened,
                request,
                answer,
            },
            matches!(got, Got::Bytes),
        )))
    }

    fn answer_turn(&mut self, mut answer: Outgoing) -> Result<(Turn, bool), RunnerError> {
        let open = answer.write_to(&mut self.ends.judge)?;
        // A judge that has closed its channel asks nothing more; its exit is what is awaited.
        self.judge_done |= !open;
        Ok(if answer.is_written() || !open {
            (Turn::Judge, true)
        } else {
            (Turn::Answer(answer), false)
        })
    }

    /// The candidate has left: the judge reads an end of file and decides what that means.
    fn end(&mut self) -> Result<Turn, RunnerError> {
        match self.ends.judge.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Err(RunnerError::System {
                action: "closing the judge's channel",
                source: error,
            }),
            _ => Ok(Turn::Over),
        }
    }
}

/// The limits, without the one that a weakened build leaves out.
fn effective(mut limits: RelayLimits, kept: Kept) -> RelayLimits {
    if !kept.has(Protection::LineLength) {
        limits.line_bytes = usize::MAX;
    }
    if !kept.has(Protection::WindowLimit) {
        limits.window = UNLIMITED;
    }
    limits
}

impl Outgoing {
    fn new(line: Vec<u8>) -> Self {
        Outgoing { line, written: 0 }
    }

    fn is_written(&self) -> bool {
        self.written >= self.line.len()
    }

    /// Writes what fits now; false when nobody reads any more.
    fn write_to(&mut self, end: &mut UnixStream) -> Result<bool, RunnerError> {
        while let Some(rest) = self.line.get(self.written..).filter(|rest| !rest.is_empty()) {
            match end.write(rest) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    return Ok(false);
                }
                Err(source) => {
                    return Err(RunnerError::System {
                        action: "writing to a channel",
                        source,
                    });
                }
            }
        }
        Ok(true)
    }
}

/// One read of at most 64 KiB.
fn read_some(end: &mut UnixStream, into: &mut Vec<u8>) -> Result<Got, RunnerError> {
    let mut block = [0u8; 64 * 1024];
    match end.read(&mut block) {
        Ok(0) => Ok(Got::End),
        Ok(length) => {
            into.extend_from_slice(block.get(..length).unwrap_or_default());
            Ok(Got::Bytes)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(Got::Nothing),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Got::End),
        Err(source) => Err(RunnerError::System {
            action: "reading from a channel",
            source,
        }),
    }
}

/// Takes the first line, with its end, off the front; none when there is none of at most `longest` bytes.
fn take_line(buffer: &mut Vec<u8>, longest: usize) -> Option<Vec<u8>> {
    let end = buffer.iter().take(longest).position(|byte| *byte == b'\n')?;
    Some(buffer.drain(..=end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_with_its_end_and_leaves_the_rest() {
        let mut buffer = b"one\ntwo\nthr".to_vec();
        assert_eq!(take_line(&mut buffer, 64), Some(b"one\n".to_vec()));
        assert_eq!(take_line(&mut buffer, 64), Some(b"two\n".to_vec()));
        assert_eq!(take_line(&mut buffer, 64), None);
        assert_eq!(buffer, b"thr");
    }

    #[test]
    fn a_line_of_exactly_the_limit_passes_and_a_longer_one_does_not() {
        assert_eq!(take_line(&mut b"123\n".to_vec(), 4), Some(b"123\n".to_vec()));
        assert_eq!(take_line(&mut b"1234\n".to_vec(), 4), None);
    }
}
