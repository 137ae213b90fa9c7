//! What the kernel counts for a user namespace and for each above it, where root's own share is (`user_namespaces(7)`,
//! `/proc/sys/user`): a container that watches files takes from what the whole machine may watch.

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::write;

use super::error::{At, SetupError};
use super::filesystem::Source;
use crate::message::Step;
use crate::protection::{Kept, Protection};

/// Of what is 128 and at least 8192 for all, by the kernel's own defaults: two containers leave most of it.
const SHARES: [(&str, &str); 2] = [("max_inotify_instances", "32"), ("max_inotify_watches", "2048")];

/// The host's files of such limits, held open from before the container's tree is made: theirs is whichever namespace
/// they are then opened from.
pub(super) struct Counts(Option<Source>);

impl Counts {
    pub(super) fn open(kept: Kept) -> Result<Self, SetupError> {
        let bounded = kept.has(Protection::SharedCounts);
        bounded
            .then(|| Source::open("/proc/sys/user".as_ref()))
            .transpose()
            .map(Counts)
    }

    /// Bounds the namespace that this process is in; only its id 0 with all capabilities may.
    pub(super) fn bound(&self) -> Result<(), SetupError> {
        let Counts(Some(directory)) = self else { return Ok(()) };
        for (name, share) in SHARES {
            let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
            let file = openat(directory.as_fd(), name, flags, Mode::empty()).at(Step::Counts)?;
            write(&file, share.as_bytes()).at(Step::Counts)?;
        }
        Ok(())
    }
}
