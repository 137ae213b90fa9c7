//! The end of the machine: the host is told why, then the machine stops.

use crate::configuration::Machine;
use crate::configuration::image::Image;
use crate::console::tell;
use nix::sys::reboot::{RebootMode, reboot};
use orv_wire::{Channel, Exit, Message, Stream};
use std::io::Read;
use std::time::Duration;
use vsock::VsockStream;

/// How long the host may take to read the report.
const PATIENCE: Duration = Duration::from_secs(2);

/// What this program is built for: all that is known where there is no configuration.
const BUILT_FOR: Machine = if cfg!(feature = "nitro") {
    Machine::Nitro
} else {
    Machine::Vm
};

/// Whom to tell, and how this machine stops.
#[derive(Debug, Clone)]
pub(super) struct Farewell {
    parents: Vec<u32>,
    port: u32,
    stop: RebootMode,
}

impl Farewell {
    /// Nobody can be told.
    pub(super) fn to_nobody() -> Self {
        Self {
            parents: vec![],
            port: 0,
            stop: stop_of(BUILT_FOR),
        }
    }

    /// To the parent that the configuration names.
    pub(super) fn to(image: &Image) -> Self {
        Self {
            parents: image.parents.clone(),
            port: image.report_port,
            stop: stop_of(image.machine),
        }
    }

    /// Tells why, and stops the machine.
    pub(super) fn end(&self, exit: &Exit) -> ! {
        tell(format_args!("ends: {exit}"));
        let told = self.parents.iter().any(|parent| self.tell(*parent, exit).is_ok());
        if !told {
            tell("nobody was there to be told");
        }
        let refused = reboot(self.stop);
        tell(format_args!("the machine does not stop: {refused:?}"));
        // The kernel ends the machine when its first process dies.
        std::process::exit(1)
    }

    fn tell(&self, parent: u32, exit: &Exit) -> Result<(), Untold> {
        let stream = Stream::Vsock(VsockStream::connect_with_cid_port(parent, self.port)?);
        stream.set_patience(PATIENCE)?;
        let mut channel = Channel::new(stream);
        channel.send(0, &Message::Exit(exit.clone()))?;
        // The machine's end would overtake what is still on its way. The host closes when it has read.
        let mut closed = channel.into_stream();
        let _ = closed.read(&mut [0]);
        Ok(())
    }
}

/// Why the host was not told.
#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error(transparent)]
    Connection(#[from] std::io::Error),
    #[error(transparent)]
    Frame(#[from] orv_wire::FrameError),
}

/// An enclave has no switch to turn it off: its hypervisor takes a restart for the end.
const fn stop_of(machine: Machine) -> RebootMode {
    match machine {
        Machine::Nitro => RebootMode::RB_AUTOBOOT,
        Machine::Vm => RebootMode::RB_POWER_OFF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_stops_in_the_way_that_it_has() {
        assert_eq!(stop_of(Machine::Nitro), RebootMode::RB_AUTOBOOT);
        assert_eq!(stop_of(Machine::Vm), RebootMode::RB_POWER_OFF);
    }
}
