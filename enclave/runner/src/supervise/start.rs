//! Starting the helper and handing it its document.

use std::io::{IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::fchown;

use super::Supervised;
use super::compose::{compose, line_of};
use super::stream::{Stream, set_nonblocking};
use crate::cgroup::{Bounds, Group, GroupName, Hierarchy};
use crate::container::Container;
use crate::document::Upper;
use crate::error::RunnerError;
use crate::layer::give_to_payload;
use crate::protection::{Protection, Protections, Strength};
use crate::runner::{CgroupMode, Runner};
use crate::spawner;

static NEXT_GROUP: AtomicU64 = AtomicU64::new(0);

impl<'a> Supervised<'a> {
    /// Has a helper forked, makes the control group, and gives the helper the plan and the command's descriptors.
    pub(crate) fn start(
        runner: &Runner,
        container: &'a Container,
        upper: Upper,
        channel: &[BorrowedFd<'_>],
    ) -> Result<Self, RunnerError> {
        let (limits, kept) = (&container.limits, runner.kept);
        // First of all: it gets going while the rest is prepared.
        let link = spawner::fork_helper(&runner.spawner, &runner.helper, kept)?;
        let (name, group) = make_group(runner, container)?;
        let plan = compose(container, upper, name, kept)?;
        let document = line_of(&plan)?;
        give_to_payload(&container.work.lower, kept)?;
        let cap = if kept.has(Protection::OutputLimit) {
            limits.output_bytes
        } else {
            usize::MAX
        };
        let (stdout, stdout_writer) = Stream::new(cap)?;
        let (stderr, stderr_writer) = Stream::new(cap)?;
        for writer in [&stdout_writer, &stderr_writer] {
            // Or the command could write to what it has open, but not open it once more as `/dev/stdout`.
            let payload = kept.payload_host_id();
            fchown(writer, Some(payload.into()), Some(payload.into()))
                .map_err(RunnerError::system("giving a pipe to the payload"))?;
        }
        let pinned = limits.cpus.as_ref().map_or(Strength::Absent, |_| Strength::Enforced);
        let protections = Protections::of(group.kind(), pinned);
        let now = Instant::now();
        // From here dropping it cleans up.
        let supervised = Supervised {
            link,
            link_open: true,
            inbox: Vec::new(),
            stdout,
            stderr,
            group,
            limits,
            kept,
            protections,
            ready: false,
            own_cpu: Duration::ZERO,
            started: now,
            deadline: None,
            has_overstayed: false,
            looked: now,
            stop: None,
            ended: None,
            room: None,
        };
        let mut descriptors = vec![stdout_writer.as_raw_fd(), stderr_writer.as_raw_fd()];
        descriptors.extend(channel.iter().map(AsRawFd::as_raw_fd));
        send(&supervised.link, &document, &descriptors).map_err(|source| RunnerError::Helper {
            helper: runner.helper.clone(),
            source,
        })?;
        set_nonblocking(supervised.link.as_fd())?;
        Ok(supervised)
    }
}

fn make_group(runner: &Runner, container: &Container) -> Result<(Option<GroupName>, Group), RunnerError> {
    let limits = &container.limits;
    let bounds = Bounds {
        memory_bytes: limits.memory_bytes,
        pids: limits.pids,
        cpus: limits.cpus.clone(),
        kept: runner.kept,
    };
    let name = GroupName::own(NEXT_GROUP.fetch_add(1, Ordering::Relaxed))?;
    match (
        Hierarchy::detect().and_then(|hierarchy| hierarchy.create(&name, &bounds)),
        runner.cgroups,
    ) {
        (Ok(group), _) => Ok((Some(name), group)),
        (Err(_), CgroupMode::Weaker) => Ok((None, Group::Absent)),
        (Err(error), CgroupMode::Required) => Err(error.into()),
    }
}

/// The descriptors travel with the document's first byte.
fn send(link: &UnixStream, document: &[u8], descriptors: &[RawFd]) -> std::io::Result<()> {
    let (first, rest) = document.split_at(1);
    let rights = [ControlMessage::ScmRights(descriptors)];
    sendmsg::<()>(
        link.as_raw_fd(),
        &[IoSlice::new(first)],
        &rights,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    let mut link = link;
    link.write_all(rest)
}
