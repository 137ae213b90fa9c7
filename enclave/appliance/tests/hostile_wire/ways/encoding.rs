//! Payloads that are not the one canonical CBOR of their message.

use crate::host::hello;
use crate::scene::Scene;
use crate::way::Expected::Says;
use crate::way::{Answer, Expected, Way};
use minicbor::Encoder;
use minicbor::encode::Error;
use orv_wire::FailureCode::Malformed;
use orv_wire::{Kind, Message};
use std::convert::Infallible;

/// The payload of an honest Hello: a map of five, its first entry the version.
fn honest() -> Vec<u8> {
    Message::Hello(hello()).to_frame(0).payload
}

/// A payload as somebody writes it.
fn written(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), Error<Infallible>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Encoder::new(&mut bytes)).unwrap();
    bytes
}

fn hello_of(scene: &Scene, payload: &[u8]) -> Vec<Answer> {
    payload_of(scene, Kind::Hello, payload)
}

fn payload_of(scene: &Scene, kind: Kind, payload: &[u8]) -> Vec<Answer> {
    let mut line = scene.line();
    line.frame(kind.number(), 0, payload);
    vec![line.answer()]
}

const NOT_CANONICAL: &[Expected] = &[Says(Malformed, "not in canonical form")];
const NOT_EXPECTED: &[Expected] = &[Says(Malformed, "not the expected CBOR")];

pub const WAYS: &[Way] = &[
    Way {
        name: "a byte after the payload",
        host: |scene| hello_of(scene, &[honest(), vec![0]].concat()),
        answers: NOT_CANONICAL,
    },
    Way {
        name: "a second item after the payload",
        host: |scene| hello_of(scene, &[honest(), honest()].concat()),
        answers: NOT_CANONICAL,
    },
    Way {
        name: "a key twice",
        host: |scene| {
            let mut payload = honest();
            payload[0] += 1;
            payload.splice(1..1, [0, 1]);
            hello_of(scene, &payload)
        },
        answers: NOT_CANONICAL,
    },
    Way {
        name: "an unknown key",
        host: |scene| {
            let mut payload = honest();
            payload[0] += 1;
            payload.extend([0x18, 99, 0xf6]);
            hello_of(scene, &payload)
        },
        answers: NOT_CANONICAL,
    },
    Way {
        name: "an integer in a longer form",
        host: |scene| {
            let mut payload = honest();
            payload.splice(2..3, [0x18, 1]);
            hello_of(scene, &payload)
        },
        answers: NOT_CANONICAL,
    },
    Way {
        name: "a map of indefinite length",
        host: |scene| {
            let mut payload = honest();
            payload[0] = 0xbf;
            payload.push(0xff);
            hello_of(scene, &payload)
        },
        answers: NOT_CANONICAL,
    },
    Way {
        name: "keys in another order",
        host: |scene| {
            let mut payload = honest();
            payload.drain(1..3);
            payload.extend([0, 1]);
            hello_of(scene, &payload)
        },
        answers: NOT_CANONICAL,
    },
    Way {
        name: "a key that is missing",
        host: |scene| {
            let mut payload = honest();
            payload[0] -= 1;
            payload.drain(1..3);
            hello_of(scene, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a float where a number stands",
        host: |scene| {
            let mut payload = honest();
            payload.splice(2..3, [0xf9, 0x3c, 0x00]);
            hello_of(scene, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a negative version",
        host: |scene| {
            let mut payload = honest();
            payload[2] = 0x20;
            hello_of(scene, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a challenge of 31 bytes",
        host: |scene| {
            let mut payload = honest();
            payload[5] = 31;
            payload.remove(6);
            hello_of(scene, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a challenge of indefinite length",
        host: |scene| {
            let mut payload = honest();
            payload.splice(4..6, [0x5f, 0x58, 32]);
            payload.insert(7 + 32, 0xff);
            hello_of(scene, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a list where a map stands",
        host: |scene| hello_of(scene, &[0x85, 1, 2, 3, 4, 5]),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a tag around the payload",
        host: |scene| hello_of(scene, &[vec![0xc1], honest()].concat()),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a million lists, one in the other",
        host: |scene| hello_of(scene, &[vec![0xa1, 0x18, 99], vec![0x81; 1_000_000]].concat()),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a map of 2^64 - 1 entries",
        host: |scene| hello_of(scene, &[vec![0xbb], vec![0xff; 8]].concat()),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "bytes of 2^63 in a segment",
        host: |scene| {
            let payload = written(|encoder| {
                encoder
                    .map(4)?
                    .u8(0)?
                    .bytes(&[0; 32])?
                    .u8(1)?
                    .u8(0)?
                    .u8(2)?
                    .u8(9)?
                    .u8(3)?;
                Ok(())
            });
            let payload = [payload, vec![0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]].concat();
            payload_of(scene, Kind::Segment, &payload)
        },
        answers: NOT_EXPECTED,
    },
    Way {
        name: "text that is no UTF-8",
        host: |scene| payload_of(scene, Kind::Error, &[0xa2, 0, 0, 1, 0x62, 0xc3, 0x28]),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a failure of an unknown code",
        host: |scene| payload_of(scene, Kind::Error, &[0xa2, 0, 0x18, 99, 1, 0x60]),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "a job that is a Hello",
        host: |scene| payload_of(scene, Kind::Job, &honest()),
        answers: NOT_EXPECTED,
    },
    Way {
        name: "nothing but nulls",
        host: |scene| hello_of(scene, &[0xf6; 1000]),
        answers: NOT_EXPECTED,
    },
];
