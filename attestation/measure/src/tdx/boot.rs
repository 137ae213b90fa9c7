//! RTMR1 and RTMR2 of a kernel that QEMU hands to the firmware (`-kernel`, `-initrd`, `-append`).

use super::firmware_events::utf16;
use super::setup_header::{KernelHandover, SetupHeaderError, patched};
use super::{Event, replay};
use crate::{Input, PeError, Register, authenticode_sha384, has_section};
use serde::Serialize;

/// What is booted, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectBoot<'a> {
    /// The kernel file, a bzImage with an EFI stub.
    pub kernel: &'a [u8],
    /// The initrd; empty when there is none.
    pub initrd: &'a [u8],
    /// The command line as QEMU is given it.
    pub command_line: &'a str,
    /// What QEMU makes of the kernel.
    pub handover: KernelHandover,
    /// What the firmware makes of the command line.
    pub initrd_argument: InitrdArgument,
}

/// Where the firmware puts `initrd=initrd`, by which old kernels find their initrd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitrdArgument {
    /// Behind the command line: edk2-stable202505 and earlier.
    Behind,
    /// Before it: edk2-stable202508 and later.
    Before,
}

/// Why a kernel has no such registers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectBootError {
    /// Firmware would not start the kernel.
    #[error("the kernel: {0}")]
    Kernel(#[from] PeError),
    /// QEMU would not hand it over.
    #[error(transparent)]
    SetupHeader(#[from] SetupHeaderError),
    /// Its sections hold kernel, initrd and command line: other events follow its own, and the firmware's disk before.
    #[error("the program is a unified kernel image, whose registers depend on how it is started: measure its parts")]
    Unified,
    /// The command line has letters that firmware cannot hand on.
    #[error("the command line holds {0:?}, which is not printable ASCII")]
    CommandLine(char),
}

impl DirectBoot<'_> {
    /// The events of RTMR1, all by the firmware.
    ///
    /// # Errors
    /// [`DirectBootError`] when the kernel cannot be started so.
    pub fn rtmr1_events(&self) -> Result<Vec<Event>, DirectBootError> {
        self.check_command_line()?;
        if is_unified(self.kernel)? {
            return Err(DirectBootError::Unified);
        }
        let digest = match self.handover {
            KernelHandover::Unchanged => authenticode_sha384(self.kernel)?,
            KernelHandover::Patched { .. } if self.command_line.contains("vga=") => {
                return Err(SetupHeaderError::VideoMode.into());
            }
            KernelHandover::Patched { memory } => {
                authenticode_sha384(&patched(self.kernel, self.initrd.len() as u64, memory)?)?
            }
        };
        Ok(vec![
            Event::with_digest("kernel, by its Authenticode digest", digest),
            action("Calling EFI Application from Boot Option"),
            Event::of("separator", &[0; 4]),
            action("Exit Boot Services Invocation"),
            action("Exit Boot Services Returned with Success"),
        ])
    }

    /// RTMR1 when the kernel runs.
    ///
    /// # Errors
    /// As [`DirectBoot::rtmr1_events`].
    pub fn rtmr1(&self) -> Result<Register, DirectBootError> {
        Ok(replay(&self.rtmr1_events()?))
    }

    /// The events of RTMR2, both by the EFI stub of Linux 6.9 and later.
    ///
    /// # Errors
    /// [`DirectBootError::CommandLine`].
    pub fn rtmr2_events(&self) -> Result<Vec<Event>, DirectBootError> {
        self.check_command_line()?;
        let mut events = Vec::new();
        let options = self.load_options();
        if !options.is_empty() {
            let mut data: Vec<u8> = utf16(&options).collect();
            data.extend([0; 2]);
            events.push(Event::of(&format!("load options: {options}"), &data));
        }
        if !self.initrd.is_empty() {
            events.push(Event::of("initrd", self.initrd));
        }
        Ok(events)
    }

    /// RTMR2 when the kernel runs.
    ///
    /// # Errors
    /// As [`DirectBoot::rtmr2_events`].
    pub fn rtmr2(&self) -> Result<Register, DirectBootError> {
        Ok(replay(&self.rtmr2_events()?))
    }

    /// What the registers are computed from.
    pub fn inputs(&self) -> Vec<Input> {
        let handover = match self.handover {
            KernelHandover::Unchanged => "unchanged (QEMU 10.2 and later)".to_owned(),
            KernelHandover::Patched { memory } => {
                format!("patched for {memory} bytes of memory (QEMU q35 before 10.2)")
            }
        };
        let argument = match self.initrd_argument {
            InitrdArgument::Behind => "behind the command line (edk2-stable202505 and earlier)",
            InitrdArgument::Before => "before the command line (edk2-stable202508 and later)",
        };
        vec![
            Input::bytes("kernel", self.kernel),
            Input::bytes("initrd", self.initrd),
            Input::bytes("command line", self.command_line.as_bytes()),
            Input::assumed("kernel header", handover),
            Input::assumed("initrd=initrd", argument),
            Input::assumed(
                "load options and initrd",
                "measured by the EFI stub of Linux 6.9 and later",
            ),
        ]
    }

    /// The command line as the firmware hands it on.
    fn load_options(&self) -> String {
        match (self.initrd_argument, self.initrd) {
            (_, []) => self.command_line.to_owned(),
            (InitrdArgument::Behind, _) => format!("{} initrd=initrd", self.command_line),
            (InitrdArgument::Before, _) => format!("initrd=initrd {}", self.command_line),
        }
    }

    fn check_command_line(&self) -> Result<(), DirectBootError> {
        let strange = |letter: &char| !(' '..='~').contains(letter);
        match self.command_line.chars().find(strange) {
            Some(letter) => Err(DirectBootError::CommandLine(letter)),
            None => Ok(()),
        }
    }
}

/// Whether a program brings a kernel of its own in a section `.linux`, as unified kernel images do.
///
/// # Errors
/// [`PeError`] when it is not a program.
pub fn is_unified(program: &[u8]) -> Result<bool, PeError> {
    has_section(program, *b".linux\0\0")
}

fn action(text: &'static str) -> Event {
    Event::of(text, text.as_bytes())
}
