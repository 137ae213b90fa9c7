//! Faults a node can be told to have, so that clients can be tested against a bad one.

use std::str::FromStr;
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
    /// Each download is answered with HTTP status 200 and an error as its body.
    Error200,
}

/// How long a download is late where nobody says how long.
const DELAY: Duration = Duration::from_millis(500);

/// A word that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no fault {0:?}: flip, drop, delay, delay=MILLISECONDS, truncate, lie-size or error-200")]
pub struct NoSuchFault(pub String);

impl FromStr for Fault {
    type Err = NoSuchFault;

    fn from_str(text: &str) -> Result<Self, NoSuchFault> {
        let unknown = || NoSuchFault(text.to_owned());
        Ok(match text.split_once('=') {
            Some(("delay", milliseconds)) => {
                Self::Delay(Duration::from_millis(milliseconds.parse().map_err(|_| unknown())?))
            }
            Some(_) => return Err(unknown()),
            None => match text {
                "flip" => Self::Flip,
                "drop" => Self::Drop,
                "delay" => Self::Delay(DELAY),
                "truncate" => Self::Truncate,
                "lie-size" => Self::LieSize,
                "error-200" => Self::Error200,
                _ => return Err(unknown()),
            },
        })
    }
}

/// All faults of one node at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self(faults)
    }
}

impl Faults {
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// Waits as long as downloads are to be late. Blocks, so the node must not be locked meanwhile.
    pub(super) fn wait(&self) {
        for fault in &self.0 {
            if let Fault::Delay(duration) = fault {
                std::thread::sleep(*duration);
            }
        }
    }

    /// The bytes that are sent instead of `content`; `None` when none are.
    pub(super) fn spoil(&self, content: Bytes) -> Option<Bytes> {
        self.0.iter().try_fold(content, |content, fault| match fault {
            Fault::LieSize | Fault::Error200 | Fault::Delay(_) => Some(content),
            Fault::Drop => None,
            Fault::Truncate => Some(content.slice(..content.len().saturating_sub(1))),
            Fault::Flip => {
                let mut wrong = content.to_vec();
                let middle = wrong.len() / 2;
                if let Some(byte) = wrong.get_mut(middle) {
                    *byte ^= 1;
                }
                Some(wrong.into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_as_on_the_command_line() {
        assert_eq!("flip".parse(), Ok(Fault::Flip));
        assert_eq!("delay=20".parse(), Ok(Fault::Delay(Duration::from_millis(20))));
        for unknown in ["", "flop", "delay=", "delay=x", "flip=1"] {
            assert_eq!(unknown.parse::<Fault>(), Err(NoSuchFault(unknown.to_owned())));
        }
    }

    #[test]
    fn several_faults_come_together() {
        let both = Faults::from(vec![Fault::Truncate, Fault::Flip]);
        assert_eq!(both.spoil(Bytes::from_static(b"abc")).unwrap(), &b"a\x63"[..]);
        let none = Faults::from(vec![Fault::Flip, Fault::Drop]);
        assert_eq!(none.spoil(Bytes::from_static(b"abc")), None);
    }
}
