//! What the service says when it ends: to the init that outlives it, or by hand to the console.
//!
//! The words go as one wire frame through a pipe that init made and that stands where the service's standard input would:
//! a panic, an anomaly and a dead keeper end the whole process at once, and only somebody else can then tell the host.

use crate::console::tell;
use orv_wire::{Exit, Message};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

/// Exit code of an enclave that ended because something in it failed.
pub(crate) const ANOMALY: i32 = 4;

/// Where the last words go.
#[derive(Debug, Clone)]
pub(crate) struct LastWords(Option<Arc<File>>);

impl LastWords {
    /// By hand there is the console alone.
    pub(crate) fn console() -> Self {
        Self(None)
    }

    /// To init, by the pipe on standard input. No process that the service starts has it: each is given an input of its own.
    pub(crate) fn to_init() -> io::Result<Self> {
        let pipe = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self(Some(Arc::new(File::from(pipe)))))
    }

    /// Whether somebody outlives the service.
    pub(crate) fn are_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Says why, without ending. Init puts what it hears on the console itself.
    pub(crate) fn say(&self, exit: &Exit) {
        match &self.0 {
            None => tell(format_args!("ends: {exit}")),
            Some(pipe) => {
                // Whoever reads it is the only one to tell.
                let _ = Message::Exit(exit.clone()).to_frame(0).write_to(&mut pipe.as_ref());
            }
        }
    }

    /// Says why and ends the process, and with it the key; whoever started the enclave starts it anew.
    pub(crate) fn end(&self, exit: &Exit) -> ! {
        self.say(exit);
        std::process::exit(ANOMALY)
    }
}
