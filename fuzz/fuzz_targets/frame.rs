//! Frames and messages from a host.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_wire::{Frame, Message};

fuzz_target!(|data: &[u8]| {
    let mut source = data;
    while let Ok(frame) = Frame::read_from(&mut source) {
        if let Ok(message) = Message::from_frame(&frame) {
            assert_eq!(message.to_frame(frame.stream), frame, "a message has one form");
        }
    }
});
