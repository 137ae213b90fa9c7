//! Archives of every compression: what was read can be written and read again, and where an archive ends does not depend
//! on the zeros behind it.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use orv_content::archive::{Quota, read, write};
use orv_content::identity::{ContentKind, identify};
use orv_content::merkle::root_of;

fuzz_target!(|data: &[u8]| {
    let Ok(tree) = read(Bytes::copy_from_slice(data), &Quota::project()) else { return };
    let again = read(write(&tree).into(), &Quota::project()).expect("our own archive");
    assert_eq!(again, tree, "what was read can be written and read again");

    let root = root_of(data).expect("an archive has bytes");
    let canonical = identify(data, &root.0, ContentKind::Tar).expect("what is read is recognised").canonical;
    let mut delivered = data.to_vec();
    delivered.resize(data.len().next_multiple_of(256), 0);
    let delivered = identify(&delivered, &root.0, ContentKind::Tar).expect("the root does not bind these zeros");
    assert_eq!(delivered.canonical, canonical, "everybody sees the same bytes");
    assert_eq!(read(Bytes::copy_from_slice(&canonical), &Quota::project()).as_ref(), Ok(&tree));
});
