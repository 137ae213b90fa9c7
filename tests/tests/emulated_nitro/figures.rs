//! The figures of PERFORMANCE.md that an emulated machine gives, printed and never asserted: `./dev bench nitro`.

use crate::host::{self, End, Shelf};
use crate::support::boot::Size;
use crate::support::images::{Parts, Shipped};
use crate::support::machine::Machine;
use crate::support::saboteur;
use orv_content::archive;
use orv_content::tree::{Executable, TreePath};
use orv_wire::{Channel, Job, Message, Stage};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// What is sent for one row.
const SENT: usize = 64 * MIB;

/// Lengths of the host's writes, in bytes.
const PIECES: [usize; 6] = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// Boots of which the median is told.
const BOOTS: usize = 5;

#[test]
fn figures_of_the_emulated_machine() {
    let shipped = Shipped::of("nitro");
    println!("image: {} bytes", shipped.eif().len());
    let parts = Parts::of(&shipped.eif());
    println!(
        "  kernel {} bytes, ramdisk {} bytes",
        parts.kernel.len(),
        parts.ramdisk.len()
    );
    boots(&shipped);
    transport(&parts);
    fetch(&shipped);
}

/// From QEMU's start to the identity that answers a challenge.
fn boots(shipped: &Shipped) {
    let mut times: Vec<Duration> = (0..BOOTS)
        .map(|_| {
            let mut machine = Machine::start(&shipped.boot(), Size::default());
            host::introduce(&mut machine.connect());
            machine.age()
        })
        .collect();
    times.sort();
    println!(
        "boot to first identity: {:.2} s (median of {BOOTS}; {:.2} to {:.2})",
        times[BOOTS / 2].as_secs_f64(),
        times[0].as_secs_f64(),
        times[BOOTS - 1].as_secs_f64()
    );
}

/// Bytes that nobody looks at, to and from a program beside the service.
fn transport(parts: &Parts) {
    let folder = tempfile::tempdir().unwrap();
    let boot = saboteur::smuggled(parts).boot(folder.path());
    let mut machine = Machine::start(&boot, Size::default());
    machine.stream();
    let address = machine.address();
    for piece in PIECES {
        let seconds = saboteur::send(&address, SENT, piece);
        println!(
            "vsock, host to guest, writes of {piece} bytes: {:.0} MB/s",
            rate(SENT, seconds)
        );
    }
    let seconds = saboteur::receive(&address, SENT);
    println!(
        "vsock, guest to host, writes of 262144 bytes: {:.0} MB/s",
        rate(SENT, seconds)
    );
}

/// A candidate of many megabytes, from its first request to the last of its segments: hashed, and put away, as it comes.
fn fetch(shipped: &Shipped) {
    let mut machine = Machine::start(
        &shipped.boot(),
        Size {
            memory_mib: 2048,
            ..Size::default()
        },
    );
    let mut channel = machine.connect();
    host::introduce(&mut channel);
    let mut shelf = Shelf::default();
    let mut tree = host::read("images/example/project/repository");
    let noise: Vec<u8> = (0..SENT as u32 / 4)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    tree.insert(TreePath::new("noise").unwrap(), host::file(noise, Executable::No))
        .unwrap();
    let job = host::job(&mut shelf, archive::write(&tree), 1);
    let seconds = seconds_of_fetch(&mut channel, &job, &shelf);
    let length = shelf.0[&job.proposal.code_hash].len();
    println!(
        "verified fetch into the guest: {:.0} MB/s ({length} bytes)",
        rate(length, seconds)
    );
}

fn seconds_of_fetch(channel: &mut Channel<UnixStream>, job: &Job, shelf: &Shelf) -> f64 {
    let wanted = job.proposal.code_hash;
    let (mut first, mut last) = (None, None);
    let end = host::serve_telling(channel, job, shelf, |message| match message {
        Message::Want(want) if want.hash == wanted && first.is_none() => first = Some(Instant::now()),
        Message::Progress(progress) if progress.stage == Stage::Prepare && last.is_none() => {
            last = Some(Instant::now());
        }
        _ => {}
    });
    assert!(matches!(end, End::Judged(..)), "{end:?}");
    last.unwrap().duration_since(first.unwrap()).as_secs_f64()
}

fn rate(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}
