//! One container seen from the runner: started, watched, stopped, reported.

mod compose;
mod outcome;
mod start;
mod stream;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cgroup::Group;
use crate::container::Limits;
use crate::error::RunnerError;
use crate::message::{GO, LONGEST_END, LONGEST_MESSAGE, LOOK, Message, Status};
use crate::protection::{Kept, Protection, Protections};
use crate::report::{Exit, Report, Room};
pub(crate) use compose::{compose, line_of};
use outcome::Overrun;
pub(crate) use outcome::Stop;

pub(crate) use stream::{Stream, now, set_nonblocking};

/// How often limits that the kernel does not enforce by itself are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// How long a helper may take to set a container up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A container of which the helper has been started. Dropping it kills everything and removes the control group.
pub(crate) struct Supervised<'a> {
    link: UnixStream,
    link_open: bool,
    inbox: Vec<u8>,
    stdout: Stream,
    stderr: Stream,
    group: Group,
    limits: &'a Limits,
    kept: Kept,
    protections: Protections,
    ready: bool,
    /// CPU time that making the container took, which is in the group's reading and not the command's.
    own_cpu: Duration,
    started: Instant,
    deadline: Option<Instant>,
    /// Whether whoever counts its time has found it beyond its limit; where there is a deadline, the helper counts.
    has_overstayed: bool,
    looked: Instant,
    stop: Option<Stopped>,
    ended: Option<Ended>,
    /// What was left when the runner asked, of a command that had not ended.
    room: Option<Room>,
}

/// An order to stop.
#[derive(Debug, Clone, Copy)]
struct Stopped {
    /// Nothing where the command had ended by itself: whoever is left is cleared away.
    cause: Option<Stop>,
    at: Instant,
}

/// What the helper said of the command's end.
#[derive(Debug, Clone, Copy)]
enum Ended {
    NotStarted(i32),
    With { status: Status, wall: Duration, room: Room },
}

impl Supervised<'_> {
    /// Waits until the container stands and the command could start.
    pub(crate) fn await_ready(&mut self) -> Result<(), RunnerError> {
        let limit = Instant::now() + PATIENCE;
        while !self.ready {
            if Instant::now() >= limit {
                return Err(RunnerError::HelperSilent);
            }
            if !self.link_open {
                return Err(RunnerError::HelperVanished);
            }
            wait(&mut vec![PollFd::new(self.link.as_fd(), PollFlags::POLLIN)], TICK)?;
            self.read_messages()?;
        }
        Ok(())
    }

    /// Starts the command.
    pub(crate) fn go(&mut self) -> Result<(), RunnerError> {
        self.own_cpu = self.group.cpu()?;
        self.started = Instant::now();
        self.link
            .write_all(&[GO])
            .map_err(RunnerError::system("starting the command"))
    }

    /// Lets the wall limit run from now.
    pub(crate) fn begin_deadline(&mut self) {
        let limited = self.kept.has(Protection::WallLimit);
        self.deadline = limited.then(|| Instant::now() + self.limits.wall);
    }

    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.limits
    }

    /// Whether the whole container is gone.
    pub(crate) fn is_over(&self) -> bool {
        !self.link_open
    }

    /// Whether it is being killed.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// What to wake up for.
    pub(crate) fn watched<'b>(&'b self, watched: &mut Vec<PollFd<'b>>) {
        if self.link_open {
            watched.push(PollFd::new(self.link.as_fd(), PollFlags::POLLIN));
        }
        let streams = [&self.stdout, &self.stderr].into_iter().filter_map(Stream::as_fd);
        watched.extend(streams.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
    }

    /// The longest sleep that misses no limit.
    pub(crate) fn patience(&self) -> Duration {
        let left = self
            .deadline
            .map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
        // Not zero: a passed deadline is seen by `service`, after which the end is awaited.
        left.clamp(Duration::from_millis(1), TICK)
    }

    /// Takes in what there is, and enforces what only the runner can.
    pub(crate) fn service(&mut self) -> Result<(), RunnerError> {
        self.read_messages()?;
        for stream in [&mut self.stdout, &mut self.stderr] {
            stream.drain()?;
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.stop(Stop::Wall)?;
        }
        if self.is_flooded() {
            self.stop(Stop::Output)?;
        }
        if self.looked.elapsed() >= TICK {
            self.looked = Instant::now();
            self.look_at_counters()?;
        }
        Ok(())
    }

    fn is_flooded(&self) -> bool {
        self.stdout.is_flood() || self.stderr.is_flood()
    }

    fn look_at_counters(&mut self) -> Result<(), RunnerError> {
        if let Some(Stopped { at, .. }) = self.stop {
            if at.elapsed() >= LONGEST_END {
                // Whoever holds it still is not to be waited for any more; its group will turn out to be in use.
                self.link_open = false;
            }
            return Ok(());
        }
        let counters = self.group.counters()?;
        if counters.oom_kills > 0 && self.kept.has(Protection::OutOfMemoryEndsRun) {
            // Version 1 kills one process; the container is lost all the same.
            self.stop(Stop::Memory)?;
        } else if self.is_beyond_cpu(counters.cpu) {
            self.stop(Stop::Cpu)?;
        }
        Ok(())
    }

    /// Kills the whole container; the first cause counts.
    pub(crate) fn stop(&mut self, cause: Stop) -> Result<(), RunnerError> {
        if self.stop.is_some() {
            return Ok(());
        }
        self.read_messages()?;
        if !self.link_open {
            return Ok(());
        }
        self.stop = Some(Stopped {
            cause: self.ended.is_none().then_some(cause),
            at: Instant::now(),
        });
        if self.kept.has(Protection::KillTree) {
            self.group.kill()?;
        } else {
            self.link_open = false;
        }
        match self.link.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Err(RunnerError::System {
                action: "stopping the helper",
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Asks what room is left, of a command that is about to be stopped though it has done nothing wrong. Where it ends
    /// meanwhile, however slowly, its own end tells.
    pub(crate) fn look_at_room(&mut self) -> Result<(), RunnerError> {
        self.read_messages()?;
        if self.stop.is_some() || self.ended.is_some() || !self.link_open {
            return Ok(());
        }
        match self.link.write_all(&[LOOK]) {
            // It has just ended, which the next reading tells.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {}
            other => other.map_err(RunnerError::system("asking for the room that is left"))?,
        }
        let limit = Instant::now() + LONGEST_END;
        while self.room.is_none() && self.ended.is_none() && self.link_open {
            if Instant::now() >= limit {
                return Err(RunnerError::HelperSilent);
            }
            wait(&mut vec![PollFd::new(self.link.as_fd(), PollFlags::POLLIN)], TICK)?;
            self.read_messages()?;
        }
        Ok(())
    }

    /// Kills the whole container for the time that its caller has counted.
    pub(crate) fn stop_at_wall_limit(&mut self) -> Result<(), RunnerError> {
        self.has_overstayed = true;
        self.stop(Stop::Wall)
    }

    /// Serves this container alone until it is gone.
    pub(crate) fn serve_to_end(&mut self) -> Result<(), RunnerError> {
        while !self.is_over() {
            self.serve_once()?;
        }
        Ok(())
    }

    /// Serves this container alone until it is gone, or for so long.
    pub(crate) fn serve_until(&mut self, at_most: Duration) -> Result<(), RunnerError> {
        let limit = Instant::now() + at_most;
        while !self.is_over() && Instant::now() < limit {
            self.serve_once()?;
        }
        Ok(())
    }

    fn serve_once(&mut self) -> Result<(), RunnerError> {
        let mut watched = Vec::new();
        self.watched(&mut watched);
        wait(&mut watched, self.patience())?;
        self.service()
    }

    fn read_messages(&mut self) -> Result<(), RunnerError> {
        let mut block = [0u8; 4096];
        while self.link_open {
            match (&self.link).read(&mut block) {
                Ok(0) => self.link_open = false,
                Ok(read) => self.inbox.extend_from_slice(block.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What a socket says whose other side went away with bytes unread.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.link_open = false,
                Err(source) => {
                    return Err(RunnerError::System {
                        action: "reading from the helper",
                        source,
                    });
                }
            }
        }
        while let Some(end) = self.inbox.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.inbox.drain(..=end).collect();
            let message = serde_json::from_slice(&line)
                .map_err(|_| RunnerError::Message(String::from_utf8_lossy(&line).trim_end().to_owned()))?;
            self.take(message)?;
        }
        if self.inbox.len() > LONGEST_MESSAGE {
            return Err(RunnerError::Message(format!(
                "a line of more than {LONGEST_MESSAGE} bytes"
            )));
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> Result<(), RunnerError> {
        match message {
            Message::Ready => self.ready = true,
            Message::Refused { reason } => return Err(RunnerError::Refused(reason)),
            // Whoever is being killed may fail at anything.
            Message::Failed { .. } if self.stop.is_some() => {}
            Message::Failed { step, reason } => return Err(RunnerError::Setup { step, reason }),
            Message::Left { room } => self.room = Some(room),
            Message::NotStarted { errno } => self.ended = Some(Ended::NotStarted(errno)),
            Message::Ended {
                status,
                wall_nanoseconds,
                room,
            } => {
                self.ended = Some(Ended::With {
                    status,
                    wall: Duration::from_nanos(wall_nanoseconds),
                    room,
                });
            }
        }
        Ok(())
    }

    /// What the counts say at the end. The last of a flood may be read, and the end of a command that overstayed be seen,
    /// when there is nobody left to stop: a machine that keeps the runner waiting must not lend a command time or room.
    fn overrun(&self, cpu: Duration) -> Option<Overrun> {
        let overstayed = matches!(self.ended, Some(Ended::With { wall, .. }) if wall > self.limits.wall);
        if self.is_flooded() {
            Some(Overrun::Output)
        } else if self.has_overstayed || overstayed && self.deadline.is_some() {
            Some(Overrun::Wall)
        } else {
            self.is_beyond_cpu(cpu).then_some(Overrun::Cpu)
        }
    }

    /// Whether the command has used its CPU time up, the group having used `cpu` in all.
    fn is_beyond_cpu(&self, cpu: Duration) -> bool {
        let limit = self.limits.cpu.filter(|_| self.kept.has(Protection::CpuLimit));
        limit.is_some_and(|limit| cpu.saturating_sub(self.own_cpu) >= limit)
    }

    /// The report of a container that is gone.
    pub(crate) fn finish(mut self) -> Result<Report, RunnerError> {
        for stream in [&mut self.stdout, &mut self.stderr] {
            stream.drain_rest()?;
        }
        let counters = self.group.counters()?;
        let stop = self.stop.and_then(|stopped| stopped.cause);
        let ends_run = self.kept.has(Protection::OutOfMemoryEndsRun);
        let oom_kills = if ends_run { counters.oom_kills } else { 0 };
        let exit = outcome::exit(oom_kills, self.overrun(counters.cpu), stop, self.ended)
            .ok_or(RunnerError::HelperVanished)?;
        let (wall, room) = match self.ended {
            Some(Ended::With { wall, room, .. }) => (wall, room),
            Some(Ended::NotStarted(_)) | None => (self.started.elapsed(), self.room.unwrap_or_default()),
        };
        if self.kept.has(Protection::KillTree) {
            self.group.remove()?;
        } else {
            // Dropped, it would kill.
            std::mem::forget(std::mem::replace(&mut self.group, Group::Absent));
        }
        Ok(Report {
            exit,
            stdout: self.stdout.take(),
            stderr: self.stderr.take(),
            wall: if matches!(exit, Exit::NotStarted(_)) {
                Duration::ZERO
            } else {
                wall
            },
            cpu: counters.cpu.saturating_sub(self.own_cpu),
            peak_memory: counters.peak_memory,
            oom_kills: counters.oom_kills,
            pids_hit: counters.pids_hit,
            room,
            protections: self.protections,
        })
    }
}

impl Drop for Supervised<'_> {
    fn drop(&mut self) {
        if !self.link_open {
            return;
        }
        // Not after `finish`: this is the path of errors. The helper ends its container at the end of file, and itself
        // then, which is the end of file here. The group is dropped after this.
        if self.kept.has(Protection::KillTree) {
            let _ = self.group.kill();
        }
        let _ = self.link.shutdown(Shutdown::Write);
        let limit = Instant::now() + LONGEST_END;
        while self.link_open && Instant::now() < limit {
            let _ = wait(&mut vec![PollFd::new(self.link.as_fd(), PollFlags::POLLIN)], TICK);
            self.link_open = match (&self.link).read(&mut [0u8; 4096]) {
                Ok(read) => read > 0,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            };
        }
    }
}

/// Sleeps until one of `watched` has something, or the time is over.
pub(crate) fn wait(watched: &mut Vec<PollFd<'_>>, at_most: Duration) -> Result<(), RunnerError> {
    // Rounded up, so as not to wake just ahead of a deadline.
    let milliseconds = u16::try_from(at_most.as_millis().saturating_add(1)).unwrap_or(u16::MAX);
    match poll(watched, PollTimeout::from(milliseconds)) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(errno) => Err(RunnerError::System {
            action: "waiting for the container",
            source: errno.into(),
        }),
    }
}
