//! Frames that are none.

use crate::host::hello;
use crate::line::frame;
use crate::scene::Scene;
use crate::way::Expected::{Left, Says};
use crate::way::{Answer, Way};
use orv_wire::FailureCode::Malformed;
use orv_wire::{MAX_FRAME, Message};

/// A Hello as it goes over the wire.
fn hello_bytes() -> Vec<u8> {
    Message::Hello(hello()).to_frame(0).to_bytes().unwrap()
}

/// Puts bytes on a fresh connection and says that no more will come.
fn only(scene: &Scene, bytes: &[u8]) -> Vec<Answer> {
    let mut line = scene.line();
    line.bytes(bytes);
    line.half_close();
    vec![line.answer()]
}

/// Puts bytes on a fresh connection and leaves it open.
fn open(scene: &Scene, bytes: &[u8]) -> Vec<Answer> {
    let mut line = scene.line();
    line.bytes(bytes);
    vec![line.answer()]
}

const CUT: &[crate::way::Expected] = &[Says(Malformed, "connection failed")];

pub const WAYS: &[Way] = &[
    Way {
        name: "a frame is cut inside its length",
        host: |scene| only(scene, &hello_bytes()[..2]),
        answers: CUT,
    },
    Way {
        name: "a frame is cut after its length",
        host: |scene| only(scene, &hello_bytes()[..4]),
        answers: CUT,
    },
    Way {
        name: "a frame is cut after its kind",
        host: |scene| only(scene, &hello_bytes()[..5]),
        answers: CUT,
    },
    Way {
        name: "a frame is cut inside its stream",
        host: |scene| only(scene, &hello_bytes()[..7]),
        answers: CUT,
    },
    Way {
        name: "a frame is cut inside its payload",
        host: |scene| only(scene, &hello_bytes()[..40]),
        answers: CUT,
    },
    Way {
        name: "a frame announces one byte more than comes",
        host: |scene| {
            let mut bytes = hello_bytes();
            bytes[3] += 1;
            only(scene, &bytes)
        },
        answers: CUT,
    },
    Way {
        name: "a frame announces one byte less than comes",
        host: |scene| {
            let mut bytes = hello_bytes();
            bytes[3] -= 1;
            open(scene, &bytes)
        },
        answers: &[Says(Malformed, "Hello")],
    },
    Way {
        name: "a frame of no length",
        host: |scene| open(scene, &[0; 4]),
        answers: &[Says(Malformed, "a frame of 0 bytes is too short")],
    },
    Way {
        name: "a frame too short for its header",
        host: |scene| open(scene, &[0, 0, 0, 4, 1, 0, 0, 0]),
        answers: &[Says(Malformed, "a frame of 4 bytes is too short")],
    },
    Way {
        name: "a frame one byte too long",
        host: |scene| open(scene, &u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes()),
        answers: &[Says(Malformed, "longer than")],
    },
    Way {
        name: "a frame of four gibibytes",
        host: |scene| open(scene, &[0xff; 4]),
        answers: &[Says(Malformed, "longer than")],
    },
    Way {
        name: "a frame of kind 0",
        host: |scene| open(scene, &frame(0, 0, &[0xa0])),
        answers: &[Says(Malformed, "unknown frame kind 0")],
    },
    Way {
        name: "a frame of the kind after the last",
        host: |scene| open(scene, &frame(11, 0, &[0xa0])),
        answers: &[Says(Malformed, "unknown frame kind 11")],
    },
    Way {
        name: "a frame of kind 255",
        host: |scene| open(scene, &frame(255, 0, &[0xa0])),
        answers: &[Says(Malformed, "unknown frame kind 255")],
    },
    Way {
        name: "a frame without a payload",
        host: |scene| open(scene, &frame(1, 0, &[])),
        answers: &[Says(Malformed, "Hello")],
    },
    Way {
        name: "the longest frame, full of zeros",
        host: |scene| open(scene, &frame(1, 0, &vec![0; MAX_FRAME - 5])),
        answers: &[Says(Malformed, "Hello")],
    },
    Way {
        name: "a request of another protocol",
        host: |scene| open(scene, b"GET /key HTTP/1.1\r\nHost: enclave\r\n\r\n"),
        answers: &[Says(Malformed, "longer than")],
    },
    Way {
        name: "a connection without a byte",
        host: |scene| {
            drop(scene.line());
            vec![Answer::Left]
        },
        answers: &[Left],
    },
];
