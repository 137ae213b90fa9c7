//! Faults a node can be told to have, so that clients can be tested against a bad one.

use std::time::Duration;

use bytes::Bytes;

/// What a faulty node does to the files it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One bit of each download is wrong.
    Flip,
    /// Downloads find nothing, though the file's information says that it is there.
    Drop,
    /// Each download is late by this long.
    Delay(Duration),
    /// The last byte of each download is missing.
    Truncate,
    /// The file's information tells one byte more than there are.
    LieSize,
    /// `/file` answers status 200 with an error as its body.
    Error200,
}

/// The bytes a node with this fault sends instead of `content`; `None` when it sends none. Waits when it is to.
pub(crate) fn spoil(fault: Option<Fault>, content: Bytes) -> Option<Bytes> {
    match fault {
        None | Some(Fault::LieSize | Fault::Error200) => Some(content),
        Some(Fault::Drop) => None,
        Some(Fault::Delay(duration)) => {
            std::thread::sleep(duration);
            Some(content)
        }
        Some(Fault::Truncate) => Some(content.slice(..content.len().saturating_sub(1))),
        Some(Fault::Flip) => {
            let mut wrong = content.to_vec();
            let middle = wrong.len() / 2;
            if let Some(byte) = wrong.get_mut(middle) {
                *byte ^= 1;
            }
            Some(wrong.into())
        }
    }
}
