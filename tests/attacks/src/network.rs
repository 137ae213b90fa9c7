//! Ways out to the network and to the host's sockets.

use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use crate::kernel::call;
use crate::{Attempt, Words, number};

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["socket", family] => number(family).and_then(socket),
        ["socket-pair", family] => number(family).and_then(socket_pair),
        ["host-stream", name] => stream(name),
        ["host-datagram", name] => datagram(name),
        ["host-squat", name] => squat(name),
        ["network-interfaces"] => interfaces(),
        ["host-path", path] => crate::files::on_the_host(path)
            .and_then(UnixStream::connect)
            .and_then(greet),
        _ => return None,
    })
}

/// The family may have bits beyond the 32 that the kernel reads.
fn socket(family: usize) -> Attempt {
    // Netlink and packet sockets have no streams.
    let stream = call(libc::SYS_socket, &[family, libc::SOCK_STREAM as usize, 0]);
    let answer = stream.or_else(|_| call(libc::SYS_socket, &[family, libc::SOCK_RAW as usize, 0]));
    let answer = answer.or_else(|_| call(libc::SYS_socket, &[family, libc::SOCK_SEQPACKET as usize, 0]));
    answer.map(|descriptor| format!("a socket of family {}: {descriptor}", family & 0xffff_ffff))
}

fn socket_pair(family: usize) -> Attempt {
    let mut pair = [0i32; 2];
    let place = pair.as_mut_ptr() as usize;
    call(libc::SYS_socketpair, &[family, libc::SOCK_STREAM as usize, 0, place]).map(|_| "a pair".into())
}

fn greet(mut stream: UnixStream) -> Attempt {
    stream.write_all(b"the miner was here")?;
    Ok("a connection to the host".into())
}

fn stream(name: &str) -> Attempt {
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?).and_then(greet)
}

fn datagram(name: &str) -> Attempt {
    UnixDatagram::unbound()?.send_to_addr(b"the miner was here", &SocketAddr::from_abstract_name(name)?)?;
    Ok("a message to the host".into())
}

/// Takes a name that a program of the host is about to take, and holds it.
fn squat(name: &str) -> Attempt {
    let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    println!("bound {name}");
    std::thread::sleep(Duration::from_millis(600));
    Ok("a name of the host's".into())
}

/// Those beside the loopback.
fn interfaces() -> Attempt {
    let table = std::fs::read_to_string("/proc/net/dev")?;
    let names = table
        .lines()
        .skip(2)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim());
    let others: Vec<&str> = names.filter(|name| *name != "lo").collect();
    if others.is_empty() {
        Err(crate::held("the loopback alone"))
    } else {
        Ok(others.join(" "))
    }
}
