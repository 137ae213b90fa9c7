//! A host that sends any bytes where a content is wanted.

#![no_main]

use alloy_primitives::B256;
use libfuzzer_sys::fuzz_target;
use orv_wire::{Channel, Order, download};
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Longest content that is wanted, in bytes.
const LIMIT: u64 = 100_000;

/// More than a socket holds would block: nobody reads yet.
const LONGEST_INPUT: usize = 100_000;

fuzz_target!(|data: &[u8]| {
    let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
    far.write_all(&data[..data.len().min(LONGEST_INPUT)]).expect("room in the socket");
    far.shutdown(Shutdown::Write).expect("an open socket");
    let order = Order {
        hash: B256::ZERO,
        limit: LIMIT,
        first: Duration::from_secs(5),
        each: Duration::from_secs(5),
        until: Instant::now() + Duration::from_secs(5),
    };
    if let Ok(Some(content)) = download(&mut Channel::new(near), 0, &order, Vec::new()) {
        assert!(content.length <= LIMIT && content.sink.len() as u64 == content.length);
    }
});
