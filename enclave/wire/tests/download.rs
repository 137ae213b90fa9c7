//! Contents from hosts that are honest, slow or lying, over a unix socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

use alloy_primitives::B256;
use orv_content::merkle::root_of;
use orv_wire::*;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

const HASH: B256 = B256::repeat_byte(7);

fn order(limit: u64) -> Order {
    Order {
        hash: HASH,
        limit,
        first: Duration::from_secs(20),
        each: Duration::from_secs(20),
        until: Instant::now() + Duration::from_secs(60),
    }
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|position| (position % 251) as u8).collect()
}

/// Downloads from a host that does this with its end of the connection.
fn from_host(
    order: Order,
    host: impl FnOnce(Channel<UnixStream>) + Send + 'static,
) -> Result<Option<Downloaded<Vec<u8>>>, DownloadError> {
    let (near, far) = UnixStream::pair().unwrap();
    let host = thread::spawn(move || host(Channel::new(far)));
    let downloaded = download(&mut Channel::new(near), 3, &order, Vec::new());
    host.join().unwrap();
    downloaded
}

/// Answers every request until the other side hangs up; the most bytes that were asked for and not sent.
fn serve(mut channel: Channel<UnixStream>, bytes: &[u8]) -> u64 {
    let (mut asked, mut sent, mut most) = (0, 0, 0);
    while let Ok((stream, Message::Want(want))) = channel.receive() {
        asked = (want.offset + want.length).min(bytes.len() as u64);
        most = most.max(asked - sent);
        if channel
            .send_segments(stream, want.hash, bytes, want.offset, want.length)
            .is_err()
        {
            break;
        }
        sent = asked;
    }
    assert_eq!(asked, sent);
    most
}

fn segment(offset: u64, total: u64, bytes: Vec<u8>) -> Message {
    Message::Segment(Segment {
        hash: HASH,
        offset,
        total,
        bytes,
    })
}

/// A segment that another one has to follow.
fn first_of_two() -> Message {
    segment(0, MAX_SEGMENT as u64 + 5, vec![1; MAX_SEGMENT])
}

#[test]
fn a_content_of_any_length_comes_whole_with_its_root() {
    for size in [1, 255, MAX_SEGMENT, MAX_SEGMENT + 1, 5_000_001] {
        let bytes = content(size);
        let sent = bytes.clone();
        let got = from_host(order(8 << 20), move |channel| {
            assert!(serve(channel, &sent) <= SEGMENTS_IN_FLIGHT * MAX_SEGMENT as u64);
        });
        let got = got.unwrap().unwrap();
        assert_eq!((got.length, got.root), (size as u64, root_of(&bytes).unwrap()));
        assert!(got.sink == bytes);
        assert_eq!(got.sink.capacity(), size, "no byte of memory more than the content has");
    }
}

#[test]
fn a_host_that_has_nothing_may_say_so_but_not_half_way() {
    let missing = |channel: &mut Channel<UnixStream>| channel.fail(3, FailureCode::Missing, "nobody has it").unwrap();
    let nothing = from_host(order(100), move |mut channel| {
        channel.receive().unwrap();
        missing(&mut channel);
    });
    assert!(nothing.unwrap().is_none());
    let half = from_host(order(1 << 20), move |mut channel| {
        channel.receive().unwrap();
        channel.send(3, &first_of_two()).unwrap();
        missing(&mut channel);
    });
    assert!(matches!(half, Err(DownloadError::OutOfOrder(_))), "{half:?}");
}

#[test]
fn a_lying_host_is_cut_off_at_its_first_lie() {
    type Lie = (u64, u64, usize);
    let lies: [(Lie, AssemblyError); 6] = [
        (
            (0, 1 << 40, 5),
            AssemblyError::TooLong {
                total: 1 << 40,
                limit: 100,
            },
        ),
        ((0, 0, 5), AssemblyError::Total(0)),
        ((5, 10, 5), AssemblyError::OtherOffset { wanted: 0, got: 5 }),
        ((0, 4, 5), AssemblyError::Length(5)),
        ((0, 10, 0), AssemblyError::Length(0)),
        // A host that cuts a content into crumbs would have the time of a segment for each.
        ((0, 10, 5), AssemblyError::Length(5)),
    ];
    for ((offset, total, length), expected) in lies {
        let got = from_host(order(100), move |mut channel| {
            channel.receive().unwrap();
            channel.send(3, &segment(offset, total, vec![1; length])).unwrap();
        });
        match got {
            Err(DownloadError::Segment(error)) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn bytes_beyond_the_requests_are_refused_though_the_total_allows_them() {
    let window = SEGMENTS_IN_FLIGHT * MAX_SEGMENT as u64;
    let got = from_host(order(64 << 20), move |mut channel| {
        // It never reads a request, and sends as fast as it can.
        for number in 0.. {
            let next = segment(number * MAX_SEGMENT as u64, 64 << 20, vec![1; MAX_SEGMENT]);
            if channel.send(3, &next).is_err() {
                break;
            }
        }
    });
    // Either the enclave had asked for it, and got what it asked for, or it hung up.
    if let Ok(Some(got)) = got {
        assert!(got.length > window);
    }
}

#[test]
fn a_host_that_drips_is_left_although_each_byte_comes_soon() {
    let order = Order {
        each: Duration::from_millis(150),
        ..order(100)
    };
    let got = from_host(order, |channel| {
        let frame = segment(0, 50, vec![1; 50]).to_frame(3).to_bytes().unwrap();
        for byte in frame {
            if (&mut channel.stream()).write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
    let Err(DownloadError::Message(MessageError::Frame(FrameError::Io(error)))) = got else {
        panic!("{got:?}")
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn a_host_that_is_in_time_for_each_segment_is_left_when_all_the_time_is_over() {
    let order = Order {
        until: Instant::now() + Duration::from_millis(300),
        ..order(1 << 30)
    };
    let got = from_host(order, |mut channel| {
        for number in 0.. {
            let next = segment(number * MAX_SEGMENT as u64, 1 << 30, vec![1; MAX_SEGMENT]);
            if channel.send(3, &next).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let Err(DownloadError::Message(MessageError::Frame(FrameError::Io(error)))) = got else {
        panic!("{:?}", got.map(|_| ()))
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn a_host_that_says_nothing_is_left() {
    let order = Order {
        first: Duration::from_millis(50),
        ..order(100)
    };
    let (near, _far) = UnixStream::pair().unwrap();
    let got = download(&mut Channel::new(near), 3, &order, Vec::new());
    assert!(matches!(got, Err(DownloadError::Message(_))), "{got:?}");
}

#[test]
fn a_cancel_is_heard_between_two_segments() {
    let got = from_host(order(1 << 20), |mut channel| {
        channel.receive().unwrap();
        channel.send(3, &first_of_two()).unwrap();
        channel.send(3, &Message::Cancel(Cancel {})).unwrap();
    });
    assert!(matches!(got, Err(DownloadError::Cancelled)), "{got:?}");
}

/// A sink that is full after the first segment.
struct Full;

impl Sink for Full {
    fn begin(&mut self, _total: u64) -> std::io::Result<()> {
        Ok(())
    }

    fn put(&mut self, _bytes: &[u8]) -> std::io::Result<()> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn a_full_sink_ends_the_download_with_its_reason() {
    let (near, far) = UnixStream::pair().unwrap();
    let bytes = content(20 << 20);
    let host = thread::spawn(move || serve_until_hung_up(Channel::new(far), &bytes));
    let got = download(&mut Channel::new(near), 3, &order(32 << 20), Full);
    host.join().unwrap();
    assert!(
        matches!(&got, Err(DownloadError::Sink(error)) if error.kind() == std::io::ErrorKind::StorageFull),
        "{:?}",
        got.map(|_| ())
    );
}

fn serve_until_hung_up(mut channel: Channel<UnixStream>, bytes: &[u8]) {
    while let Ok((stream, Message::Want(want))) = channel.receive() {
        if channel
            .send_segments(stream, want.hash, bytes, want.offset, want.length)
            .is_err()
        {
            break;
        }
    }
}
