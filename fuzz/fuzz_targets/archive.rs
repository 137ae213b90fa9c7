//! Archives of every compression.

#![no_main]

use libfuzzer_sys::fuzz_target;
use bytes::Bytes;
use orv_content::archive::{Quota, read, write};

fuzz_target!(|data: &[u8]| {
    if let Ok(tree) = read(Bytes::copy_from_slice(data), &Quota::project()) {
        let again = read(write(&tree).into(), &Quota::project()).expect("our own archive");
        assert_eq!(again, tree, "what was read can be written and read again");
    }
});
