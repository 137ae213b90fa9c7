//! Enclave image files, and the registers of those that are read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_measure::nitro::Image;

fuzz_target!(|data: &[u8]| {
    if let Ok(image) = Image::parse(data) {
        let _ = (image.measure(), image.inputs());
    }
});
