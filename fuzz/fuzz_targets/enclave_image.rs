//! Enclave image files, and the registers of those that are read. Each is tried with a right checksum too, behind
//! which lies the parser of signatures.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_measure::nitro::Image;

/// Where the header ends, with the checksum.
const HEADER: usize = 548;

fuzz_target!(|data: &[u8]| {
    measure(data);
    if data.len() >= HEADER {
        let mut sealed = data.to_vec();
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&data[..HEADER - 4]);
        hasher.update(&data[HEADER..]);
        sealed[HEADER - 4..HEADER].copy_from_slice(&hasher.finalize().to_be_bytes());
        measure(&sealed);
    }
});

fn measure(bytes: &[u8]) {
    if let Ok(image) = Image::parse(bytes) {
        let _ = (image.measure(), image.inputs());
    }
}
