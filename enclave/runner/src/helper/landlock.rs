//! The second line: what the command may do to files, sockets and processes, said once more to another part of the
//! kernel, with another way of naming things.
//!
//! | place | permitted |
//! | --- | --- |
//! | `/`, so image, `/proc` and the further directories | read, list, run |
//! | `/dev` | read, write |
//! | `/work`, `/tmp` | everything but making devices |
//! | outside of the container's tree | nothing |
//!
//! TCP, abstract sockets and signals to processes outside are denied. What this stops and nothing else does: writing in
//! `/proc`, where the memory of another process of the container is; running `/proc/self/exe` while that is still the
//! helper's executable (CVE-2019-5736); and, where the kernel counts it as a device, the file of number 0:0 that it lets
//! anybody make.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{At, SetupError};
use super::filesystem::Source;
use crate::message::Step;
use crate::protection::{Kept, Protection};
use crate::syscall::landlock::{
    ABSTRACT_SOCKETS, DEVICE_CONTROL, EXECUTE, MAKE_BLOCK, MAKE_CHARACTER, READ_DIRECTORY, READ_FILE, Ruleset, SIGNALS,
    TRUNCATE, WRITE_FILE, file_rights, version,
};

/// The first version under which a file can be moved to another directory at all; an older one would break builds.
pub(crate) const FIRST_VERSION: u32 = 2;

const READ: u64 = EXECUTE | READ_FILE | READ_DIRECTORY;
const DEVICES: u64 = READ | WRITE_FILE | TRUNCATE | DEVICE_CONTROL;

/// Rules for the command, from inside its tree; none where the kernel has no Landlock, which the report says.
pub(super) fn rules(kept: Kept) -> Result<Option<Ruleset>, SetupError> {
    let Some(version) = version().filter(|version| *version >= FIRST_VERSION && kept.has(Protection::Landlock)) else {
        return Ok(None);
    };
    let scopes = [
        (ABSTRACT_SOCKETS, Protection::NetworkNamespace),
        (SIGNALS, Protection::PidNamespace),
    ];
    let scopes = scopes.into_iter().filter(|(_, first_line)| kept.has(*first_line));
    let ruleset = Ruleset::new(version, scopes.fold(0, |all, (scope, _)| all | scope)).at(Step::Rules)?;
    let write = file_rights(version) & !(MAKE_CHARACTER | MAKE_BLOCK | DEVICE_CONTROL);
    let mut places = vec![
        (PathBuf::from("/"), READ),
        ("/dev".into(), DEVICES),
        ("/work".into(), write),
        ("/tmp".into(), write),
    ];
    if !kept.has(Protection::ReadOnlyRoot) {
        places.extend(further_places()?.into_iter().map(|place| (place, write)));
    }
    for (place, rights) in &places {
        permit(&ruleset, place, *rights)?;
    }
    Ok(Some(ruleset))
}

fn permit(ruleset: &Ruleset, place: &Path, rights: u64) -> Result<(), SetupError> {
    let place = Source::open(place)?;
    ruleset.permit(place.as_fd(), rights).at(Step::Rules)
}

/// The directories of the root that are the image's or the host's.
fn further_places() -> Result<Vec<PathBuf>, SetupError> {
    let mut places = Vec::new();
    for entry in fs::read_dir("/").at(Step::Rules)? {
        let entry = entry.at(Step::Rules)?;
        let own = ["proc", "dev"].iter().any(|name| entry.file_name() == *name);
        if !own && entry.file_type().at(Step::Rules)?.is_dir() {
            places.push(entry.path());
        }
    }
    Ok(places)
}
