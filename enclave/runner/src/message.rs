//! What the helper tells the runner: JSON lines on the socket that brought the document.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::report::Room;

/// One byte from the runner: start the command. An unknown one, an end of file too, means: kill everything.
pub(crate) const GO: u8 = b'g';
/// One byte from the runner: say what room is left, while the command lives.
pub(crate) const LOOK: u8 = b'l';
/// Longest document in bytes.
pub(crate) const LONGEST_DOCUMENT: usize = 4 * 1024 * 1024;
/// Longest message line; the helper's own text, so only a bound against errors of ours.
pub(crate) const LONGEST_MESSAGE: usize = 64 * 1024;

/// How long what was killed may take to be gone. Full of areas of memory and small files, a container takes the kernel
/// ten seconds and more; who gives up too early takes a slow end for a stuck one, which costs an enclave its life.
pub(crate) const LONGEST_END: Duration = Duration::from_secs(300);

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Message {
    /// The document was refused.
    Refused { reason: String },
    /// The container could not be set up.
    Failed { step: Step, reason: String },
    /// Everything stands; the command starts at [`GO`].
    Ready,
    /// What is left of the writable places of a command that lives.
    Left { room: Room },
    /// The command could not be executed.
    NotStarted { errno: i32 },
    /// The command ended.
    Ended {
        status: Status,
        wall_nanoseconds: u64,
        room: Room,
    },
}

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Code(i32),
    Signal(i32),
}

/// A step of setting a container up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Reading the document and its descriptors.
    Document,
    /// Compiling or installing the system-call filter.
    Filter,
    /// Making or taking on the Landlock rules.
    Rules,
    /// New namespaces.
    Namespaces,
    /// Joining the control group.
    ControlGroup,
    /// Writing the id maps.
    IdentityMap,
    /// Opening the directories of the host.
    Sources,
    /// The read-only root.
    Root,
    /// The copy-on-write `/work`.
    Work,
    /// `/proc`, and what is hidden in it.
    Proc,
    /// `/dev` and its five devices.
    Devices,
    /// `/tmp`.
    Temporary,
    /// Read-only directories of the host.
    ReadOnly,
    /// Leaving the host's root.
    Pivot,
    /// Becoming the unprivileged user.
    Identity,
    /// Bounding what the kernel counts for the whole machine.
    Counts,
    /// Limits of the process.
    ResourceLimits,
    /// Giving up capabilities.
    Capabilities,
    /// Placing the standard descriptors and the channel.
    Descriptors,
    /// Starting the process.
    Process,
    /// Looking at the room that is left.
    Room,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Step::Document => "reading the document",
            Step::Filter => "installing the system-call filter",
            Step::Rules => "taking on the Landlock rules",
            Step::Namespaces => "making namespaces",
            Step::ControlGroup => "joining the control group",
            Step::IdentityMap => "mapping ids",
            Step::Sources => "opening the host's directories",
            Step::Root => "mounting the root",
            Step::Work => "mounting /work",
            Step::Proc => "mounting /proc",
            Step::Devices => "making /dev",
            Step::Temporary => "mounting /tmp",
            Step::ReadOnly => "mounting a read-only directory",
            Step::Pivot => "leaving the host's root",
            Step::Identity => "changing the user",
            Step::Counts => "bounding what is counted for the machine",
            Step::ResourceLimits => "setting the limits of the process",
            Step::Capabilities => "giving up capabilities",
            Step::Descriptors => "placing descriptors",
            Step::Process => "starting the process",
            Step::Room => "looking at the room that is left",
        };
        formatter.write_str(words)
    }
}
