//! What a process of the container gives up, for good.

use nix::sys::prctl;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use seccompiler::BpfProgramRef;

use super::error::{At, SetupError};
use super::{Inputs, landlock};
use crate::container::PAYLOAD_ID;
use crate::document::Plan;
use crate::message::Step;
use crate::protection::Protection;
use crate::syscall;

/// Takes the id, for good, of user and group alike, without any further group.
pub(super) fn become_id(id: u32) -> Result<(), SetupError> {
    let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
    setgroups(&[]).at(Step::Identity)?;
    setresgid(group, group, group).at(Step::Identity)?;
    setresuid(user, user, user).at(Step::Identity)
}

/// The command's process: from the container's id 0 with all capabilities to an unprivileged id with none.
pub(super) fn give_up(plan: &Plan) -> Result<(), SetupError> {
    if !plan.kept.has(Protection::NoCapabilities) {
        prctl::set_keepcaps(true).at(Step::Capabilities)?;
        become_id(PAYLOAD_ID)?;
        return syscall::raise_capabilities().at(Step::Capabilities);
    }
    syscall::drop_bounding_set().at(Step::Capabilities)?;
    if !plan.kept.has(Protection::NoNewPrivileges) {
        // Without it a filter is only for who has a capability; those that are kept for it go at execve.
        prctl::set_keepcaps(true).at(Step::Capabilities)?;
        become_id(PAYLOAD_ID)?;
        return syscall::make_capabilities_effective().at(Step::Capabilities);
    }
    become_id(PAYLOAD_ID)?;
    syscall::drop_capabilities().at(Step::Capabilities)
}

/// The command's process, last of all: what it may call. Nothing can take the filters off again.
pub(super) fn confine(inputs: &Inputs) -> Result<(), SetupError> {
    if inputs.plan.kept.has(Protection::NoNewPrivileges) {
        prctl::set_no_new_privs().at(Step::Filter)?;
    }
    if let Some(rules) = landlock::rules(inputs.plan.kept)? {
        rules.restrict().at(Step::Rules)?;
    }
    install(&inputs.filters.command)
}

/// The init: from here it needs nothing but `wait` and `write`.
pub(super) fn restrict(filter: BpfProgramRef<'_>) -> Result<(), SetupError> {
    syscall::drop_bounding_set().at(Step::Capabilities)?;
    syscall::drop_capabilities().at(Step::Capabilities)?;
    prctl::set_no_new_privs().at(Step::Filter)?;
    install(filter)
}

fn install(filter: BpfProgramRef<'_>) -> Result<(), SetupError> {
    syscall::install_filter(filter).at(Step::Filter)
}
