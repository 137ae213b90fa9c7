//! To the network, to vsock, and to the host's own sockets.

use orv_runner::Protection as P;

use super::row;
use crate::attack::{Attack, Class, judge};
use crate::host::{Listener, Mailbox};
use crate::stage::Project;

pub const ROWS: &[Attack] = &[
    row(
        "open-an-internet-socket",
        Class::Network,
        P::SocketFamilies,
        "operation not permitted",
        |stage| stage.words("socket 2"),
    ),
    row(
        "open-an-internet-6-socket",
        Class::Network,
        P::SocketFamilies,
        "operation not permitted",
        |stage| stage.words("socket 10"),
    ),
    row(
        "open-a-netlink-socket",
        Class::Network,
        P::SocketFamilies,
        "operation not permitted",
        |stage| stage.words("socket 16"),
    ),
    row(
        "open-a-vsock",
        Class::Network,
        P::SocketFamilies,
        "operation not permitted",
        |stage| stage.words("socket 40"),
    ),
    row(
        "open-a-vsock-by-its-high-bits",
        Class::Network,
        P::SocketFamilies,
        "operation not permitted",
        |stage| {
            // 40 in the 32 bits that the kernel reads: a filter that compares 64 lets it pass (reference/container.md 4).
            stage.words("socket 4294967336")
        },
    ),
    row(
        "connect-to-an-abstract-socket",
        Class::Network,
        P::NetworkNamespace,
        "connection refused",
        |stage| {
            let name = stage.name();
            let listener = Listener::start(&name)?;
            let trial = stage.trial(&Project::shared(format!("host-stream {name}")))?;
            judge(listener.heard().is_some(), trial.describe_said())
        },
    ),
    row(
        "send-to-an-abstract-socket",
        Class::Network,
        P::NetworkNamespace,
        "connection refused",
        |stage| {
            let name = stage.name();
            let mailbox = Mailbox::start(&name)?;
            let trial = stage.trial(&Project::shared(format!("host-datagram {name}")))?;
            judge(mailbox.heard().is_some(), trial.describe_said())
        },
    ),
    row(
        "see-the-hosts-sockets",
        Class::Information,
        P::NetworkNamespace,
        "none of the host's",
        |stage| {
            let name = stage.name();
            let _listener = Listener::start(&name)?;
            stage.words(&format!("find-in /proc/net/unix {name}"))
        },
    ),
    row(
        "see-the-hosts-interfaces",
        Class::Information,
        P::NetworkNamespace,
        "the loopback alone",
        |stage| stage.words("network-interfaces"),
    ),
    row(
        "take-a-name-of-the-hosts",
        Class::Network,
        P::NetworkNamespace,
        "the name stays free",
        |stage| {
            let name = stage.name();
            let taken = std::thread::scope(|scope| {
                let trial = scope.spawn(|| stage.trial(&Project::shared(format!("host-squat {name}"))));
                let mut taken = false;
                while !trial.is_finished() {
                    // The host's program starts, again and again.
                    taken |= Listener::start(&name).is_err();
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                trial
                    .join()
                    .map(|trial| trial.map(|trial| (taken, trial.describe_said())))
            });
            let (taken, said) = taken.map_err(|_| "the trial panicked".to_owned())??;
            judge(taken, said)
        },
    ),
];
