//! The image with somebody in it who breaks it on a word from the host.
//!
//! Nothing in the shipped image can be told to fail, and no back door is made for it. The saboteur (`tests/attacks`) stands
//! beside the image's own `/init`, which is byte for byte the shipped one; the kernel is told to start the saboteur first.
//! Ramdisk and command line differ, and so do the registers.

use super::images::Parts;
use crate::host::workspace;
use orv_image::cpio::{Entry, Tree};
use orv_verifier::enclave::EnclaveAddress;
use orv_wire::{Channel, Stream};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const BUILT: &str = "target/static/x86_64-unknown-linux-gnu/reproducible";

/// Where it listens.
const PORT: u32 = 6000;

/// Where the judge listens that it can start.
const JUDGE: u32 = 5002;

/// The kernel takes several archives one after another, each from a multiple of this.
const ALIGNMENT: usize = 4;

/// The shipped parts with the saboteur among them.
pub fn smuggled(shipped: &Parts) -> Parts {
    with_programs(shipped, &[("saboteur", "saboteur")])
}

/// And with a judge whose evidence is simulated, for [`judge`] to start.
pub fn smuggled_with_judge(shipped: &Parts) -> Parts {
    with_programs(shipped, &[("saboteur", "saboteur"), ("judge", "orv-enclave")])
}

/// The shipped parts and these programs: name in the ramdisk and in the static build.
fn with_programs(shipped: &Parts, programs: &[(&str, &str)]) -> Parts {
    let mut tree = Tree::new();
    for (name, program) in programs {
        let built = workspace().join(BUILT).join(program);
        let bytes = std::fs::read(&built)
            .unwrap_or_else(|error| panic!("{}: {error}; ./dev test nitro builds it", built.display()));
        tree.insert(name, Entry::Program(bytes)).unwrap();
    }
    let mut parts = shipped.clone();
    parts.ramdisk.resize(parts.ramdisk.len().next_multiple_of(ALIGNMENT), 0);
    parts.ramdisk.extend(tree.archive().unwrap());
    parts.command_line.push_str(" rdinit=/saboteur");
    parts
}

/// A connection to it.
pub fn connect(enclave: &EnclaveAddress) -> Stream {
    connect_at(enclave, PORT)
}

/// Starts the judge beside the image's own service, and connects to it.
pub fn judge(enclave: &EnclaveAddress) -> Channel<UnixStream> {
    order(enclave, &format!("judge {JUDGE}"));
    match connect_at(enclave, JUDGE) {
        Stream::Unix(stream) => Channel::new(stream),
        Stream::Vsock(_) => unreachable!("{enclave} is a unix socket"),
    }
}

/// A connection to whoever listens there, when somebody does.
fn connect_at(enclave: &EnclaveAddress, port: u32) -> Stream {
    let EnclaveAddress::Hybrid { socket, .. } = enclave else {
        panic!("{enclave} is no machine's")
    };
    let address = EnclaveAddress::Hybrid {
        socket: socket.clone(),
        port,
    };
    let begun = Instant::now();
    loop {
        match address.connect() {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(120), "nobody at {port}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Has an order done.
pub fn order(enclave: &EnclaveAddress, words: &str) {
    let mut stream = connect(enclave);
    writeln!(stream, "{words}").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert_eq!(answer.trim_end(), "done", "{words}");
}

/// Seconds that the guest takes to take so many bytes, written in pieces of this length.
pub fn send(enclave: &EnclaveAddress, bytes: usize, piece: usize) -> f64 {
    let mut stream = connect(enclave);
    writeln!(stream, "take {bytes}").unwrap();
    let piece = vec![0; piece];
    let begun = Instant::now();
    let mut left = bytes;
    while left > 0 {
        let length = left.min(piece.len());
        stream.write_all(&piece[..length]).unwrap();
        left -= length;
    }
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert_eq!(answer.trim_end(), "done");
    begun.elapsed().as_secs_f64()
}

/// Seconds until so many bytes have come from the guest.
pub fn receive(enclave: &EnclaveAddress, bytes: usize) -> f64 {
    let mut stream = connect(enclave);
    let begun = Instant::now();
    writeln!(stream, "give {bytes}").unwrap();
    let mut left = bytes;
    let mut piece = vec![0; 256 * 1024];
    while left > 0 {
        let read = stream.read(&mut piece).unwrap();
        assert_ne!(read, 0, "{left} bytes are missing");
        left -= read;
    }
    begun.elapsed().as_secs_f64()
}

/// Opens so many connections at once, and on each has bytes of its own sent back; tells on how many they came as they were.
pub fn returned_unchanged(enclave: &EnclaveAddress, connections: u8, bytes: &[u8]) -> usize {
    let open: Vec<Stream> = (0..connections).map(|_| connect(enclave)).collect();
    let returned = open.into_iter().zip(0..connections).filter_map(|(mut stream, number)| {
        let own: Vec<u8> = bytes.iter().map(|byte| byte ^ number).collect();
        writeln!(stream, "return {}", own.len()).unwrap();
        stream.write_all(&own).unwrap();
        let mut back = vec![0; own.len()];
        stream.read_exact(&mut back).unwrap();
        (back == own).then_some(())
    });
    returned.count()
}
