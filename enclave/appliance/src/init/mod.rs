//! The enclave's first process.
//!
//! It makes the machine ready, starts the service as a process of its own, and then does nothing but reap the dead and
//! wait. The service is a child and not this process, because whatever ends the service (a panic, the kernel's want of
//! memory, a signal) must be told by somebody who is still alive, and the kernel spares the first process from both: it
//! has one thread, takes nothing from outside and holds no key. When the service ends, init tells the host why and stops
//! the machine: a new boot has a new key.
//!
//! The host can append words to the kernel's command line, which the kernel hands to the first process as arguments and
//! environment. Neither is read here, and the service is started without any.

mod boot;
mod controllers;
mod entropy;
mod farewell;
mod kernel;
mod kernel_log;
mod modules;
mod mounts;
mod root;
mod supervision;

use crate::configuration::image::Image;
use farewell::Farewell;
use orv_wire::{Exit, ExitCode};
pub(crate) use supervision::SERVICE;

/// Whether this process shall be an init: the first process of a machine that runs an image. A program without a
/// collector for real hardware is in no image, and may well be the first process of somebody's container.
pub(crate) fn is_wanted() -> bool {
    cfg!(any(feature = "nitro", feature = "vm")) && std::process::id() == 1
}

/// Runs the machine to its end.
pub(crate) fn main() -> ! {
    let image = match Image::load() {
        Ok(image) => image,
        // Nobody knows where the host is to be told.
        Err(error) => Farewell::to_nobody().end(&Exit::new(ExitCode::Configuration, error)),
    };
    let farewell = Farewell::to(&image);
    end_at_a_panic(farewell.clone());
    let exit = match boot::make_ready(&image) {
        Ok(()) => supervision::run(),
        Err(error) => Exit::new(error.code(), error),
    };
    farewell.end(&exit)
}

/// Without this the kernel would stop at the death of its first process, and nobody would know why.
fn end_at_a_panic(farewell: Farewell) {
    std::panic::set_hook(Box::new(move |panic| {
        farewell.end(&Exit::new(ExitCode::Panic, format!("init: {panic}")));
    }));
}
