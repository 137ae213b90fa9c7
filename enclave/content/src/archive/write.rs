//! Writing a tree as a tar that depends on nothing but the tree.

use super::header::{BLOCK, CHECKSUM, FLAG, LINK, MAGIC, MODE, NAME, PREFIX, SIZE, USTAR, checksum};
use crate::tree::{Executable, Node, Tree};
use std::ops::Range;

/// Greatest size that a header's eleven octal digits hold.
const HEADER_SIZE_LIMIT: u64 = (1 << 33) - 1;

/// The tree as a tar: ustar headers, a pax header where a name, a link or a size does not fit into one, entries in the
/// order of the paths' bytes, no directories, times and owners zero, an end marker of two blocks and nothing after it.
/// Equal trees give equal bytes.
pub fn write(tree: &Tree) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, node) in tree {
        let (flag, mode, link, content) = match node {
            Node::File {
                executable: Executable::Yes,
                content,
            } => (b'0', 0o755, "", content.as_ref()),
            Node::File {
                executable: Executable::No,
                content,
            } => (b'0', 0o644, "", content.as_ref()),
            Node::Symlink { target } => (b'2', 0o777, target.as_str(), [].as_slice()),
        };
        entry(&mut archive, path.as_str(), flag, mode, link, content);
    }
    archive.extend([0; 2 * BLOCK]);
    archive
}

fn entry(archive: &mut Vec<u8>, path: &str, flag: u8, mode: u64, link: &str, content: &[u8]) {
    let mut records = Vec::new();
    let (prefix, name) = split_name(path).unwrap_or_else(|| {
        records.extend(record("path", path));
        ("", "")
    });
    if link.len() > LINK.len() {
        records.extend(record("linkpath", link));
    }
    let mut size = content.len() as u64;
    if size > HEADER_SIZE_LIMIT {
        records.extend(record("size", &size.to_string()));
        size = 0;
    }
    if !records.is_empty() {
        archive.extend(header(&[], b"pax", b'x', 0o644, &[], records.len() as u64));
        append_padded(archive, &records);
    }
    let link = if link.len() > LINK.len() { "" } else { link };
    archive.extend(header(
        prefix.as_bytes(),
        name.as_bytes(),
        flag,
        mode,
        link.as_bytes(),
        size,
    ));
    append_padded(archive, content);
}

/// Prefix and name of a path that fits into a header; `None` for one that does not.
fn split_name(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME.len() {
        return Some(("", path));
    }
    path.match_indices('/')
        .map(|(slash, _)| {
            (
                path.get(..slash).unwrap_or_default(),
                path.get(slash + 1..).unwrap_or_default(),
            )
        })
        .find(|(prefix, name)| prefix.len() <= PREFIX.len() && name.len() <= NAME.len())
}

/// `LENGTH KEY=VALUE\n`, the length counting its own digits.
fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n").into_bytes()
}

fn header(prefix: &[u8], name: &[u8], flag: u8, mode: u64, link: &[u8], size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put(&mut block, PREFIX, prefix);
    put(&mut block, NAME, name);
    put(&mut block, MODE, format!("{mode:07o}").as_bytes());
    put(&mut block, 108..116, b"0000000");
    put(&mut block, 116..124, b"0000000");
    put(&mut block, SIZE, format!("{size:011o}").as_bytes());
    put(&mut block, 136..148, b"00000000000");
    block[FLAG] = flag;
    put(&mut block, LINK, link);
    put(&mut block, MAGIC, USTAR);
    let sum = checksum(&block);
    put(&mut block, CHECKSUM, format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Writes `bytes`, which fit, to the front of a field of zeros.
fn put(block: &mut [u8; BLOCK], field: Range<usize>, bytes: &[u8]) {
    for (to, from) in block.get_mut(field).unwrap_or_default().iter_mut().zip(bytes) {
        *to = *from;
    }
}

fn append_padded(archive: &mut Vec<u8>, content: &[u8]) {
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}
