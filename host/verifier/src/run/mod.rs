//! An attempt at one proposal in one enclave: a ticket, a run, a statement.

mod attempt;
mod boot;
mod desk;
mod resume;

pub(crate) use self::{
    attempt::{Attempted, attempt, take_up, wait},
    desk::{Care, Desk, Seen},
    resume::{Usefulness, has_runs_left, may_resume, reopen, resume, usefulness},
};
