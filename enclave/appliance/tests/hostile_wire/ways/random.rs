//! Frames that nobody chose, from a seed.

use crate::host::hello;
use crate::line::{Line, STREAM, frame};
use crate::scene::Scene;
use orv_wire::{Kind, Message, Stage};

/// Numbers of a seed (SplitMix64, Steele, Lea and Flood 2014).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// A host of one seed: brings a connection to some point and puts frames on it that are almost, or not at all, right.
pub fn host(scene: &Scene, seed: u64) {
    let mut numbers = Numbers(seed);
    let mut line = brought(scene, &mut numbers);
    for _ in 0..=numbers.below(8) {
        let bytes = some_frame(scene, &mut numbers);
        if !line.bytes(&bytes) {
            break;
        }
    }
    if numbers.below(2) == 0 {
        line.half_close();
        // Whatever it answers, it comes to an end.
        let _ = line.answer();
    }
}

fn brought<'s>(scene: &'s Scene, numbers: &mut Numbers) -> Line<'s> {
    match numbers.below(5) {
        0 => scene.line(),
        1 => scene.introduced(),
        2 => scene.working(),
        3 => {
            let mut line = scene.working();
            line.until_wanted(line.job().project.benchmark_hash);
            line
        }
        _ => {
            let mut line = scene.working();
            line.until_stage(Stage::Trials);
            line
        }
    }
}

fn some_frame(scene: &Scene, numbers: &mut Numbers) -> Vec<u8> {
    let kind = u8::try_from(numbers.below(12)).unwrap();
    match numbers.below(4) {
        // Nothing but noise.
        0 => {
            let length = numbers.below(200);
            numbers.bytes(length)
        }
        // A frame full of noise.
        1 => {
            let length = numbers.below(2000);
            frame(kind, STREAM, &numbers.bytes(length))
        }
        // A right message of another kind.
        2 => frame(kind, STREAM, &honest(scene, numbers)),
        // A message with one byte changed.
        _ => {
            let mut payload = honest(scene, numbers);
            let place = numbers.below(payload.len());
            payload[place] = numbers.next().to_le_bytes()[0];
            let kind = if numbers.below(2) == 0 { Kind::Hello } else { Kind::Job };
            frame(kind.number(), STREAM, &payload)
        }
    }
}

fn honest(scene: &Scene, numbers: &mut Numbers) -> Vec<u8> {
    let message = match numbers.below(2) {
        0 => Message::Hello(hello()),
        _ => Message::Job(Box::new(scene.job())),
    };
    message.to_frame(STREAM).payload
}
