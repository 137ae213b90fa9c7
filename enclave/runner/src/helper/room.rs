//! What a command has left of its two writable places.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::statfs::statfs;
use nix::unistd::Pid;

use super::error::{At, SetupError};
use crate::message::Step;
use crate::protection::{Kept, Protection};
use crate::report::{Left, Room};

/// Seen from inside, when the command has ended. Of places that cannot be looked at nothing is known.
pub(super) fn of_command(kept: Kept) -> Room {
    below("", kept).unwrap_or_default()
}

/// Seen from outside, past the init that lives there: of a command that goes on, frozen or not.
pub(super) fn of_living(init: Pid, kept: Kept) -> Result<Room, SetupError> {
    below(&format!("/proc/{init}/root"), kept).at(Step::Room)
}

/// Where a weakened build shows other places, nobody looks.
fn below(root: &str, kept: Kept) -> Result<Room, Errno> {
    let left = |place, behind| {
        if kept.has(behind) {
            left_in(Path::new(&format!("{root}{place}")))
        } else {
            Ok(Left::default())
        }
    };
    Ok(Room {
        work: left("/work", Protection::FreshTree)?,
        temporary: left("/tmp", Protection::PrivateTemporary)?,
    })
}

fn left_in(place: &Path) -> Result<Left, Errno> {
    let found = statfs(place)?;
    Ok(Left {
        // A file system without a bound has none in all.
        bytes: (found.blocks() > 0).then(|| found.blocks_free().saturating_mul(found.block_size().unsigned_abs())),
        files: (found.files() > 0).then(|| found.files_free()),
    })
}
