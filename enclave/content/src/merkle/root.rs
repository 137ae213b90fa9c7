//! The root of a whole content, at once or as a stream.

use super::forest::Forest;
use super::shape::{SEGMENT_BYTES, Shape};
use super::submission::Submission;
use super::{EmptyContent, Engine};
use crate::hash::Root;

const SEGMENT: usize = SEGMENT_BYTES as usize;

/// The 0G root of `bytes`.
///
/// # Errors
/// [`EmptyContent`] when there are none.
pub fn root_of(bytes: &[u8]) -> Result<Root, EmptyContent> {
    root_with(&Engine::one_thread(), bytes)
}

/// The 0G root of `bytes`, computed as `engine` says.
///
/// # Errors
/// [`EmptyContent`] when there are none.
pub fn root_with(engine: &Engine, bytes: &[u8]) -> Result<Root, EmptyContent> {
    let mut hasher = RootHasher::with(*engine);
    hasher.update(bytes);
    hasher.finish().map(|(root, _)| root)
}

/// The 0G root of a stream; holds at most one segment of it.
#[derive(Debug, Clone, Default)]
pub struct RootHasher {
    engine: Engine,
    forest: Forest,
    pending: Vec<u8>,
    length: u64,
}

impl RootHasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, computing as `engine` says. More threads than one help where [`RootHasher::update`] is given several
    /// mebibytes at once.
    pub fn with(engine: Engine) -> Self {
        Self {
            engine,
            ..Self::default()
        }
    }

    /// Appends `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let mut bytes = bytes;
        if !self.pending.is_empty() {
            let (head, tail) = bytes.split_at(bytes.len().min(SEGMENT - self.pending.len()));
            self.pending.extend_from_slice(head);
            bytes = tail;
            if self.pending.len() < SEGMENT {
                return;
            }
            self.forest.absorb(&self.engine, &self.pending);
            self.pending.clear();
        }
        let (segments, rest) = bytes.split_at(bytes.len() - bytes.len() % SEGMENT);
        self.forest.absorb(&self.engine, segments);
        self.pending.extend_from_slice(rest);
    }

    /// The root and the number of bytes seen.
    ///
    /// # Errors
    /// [`EmptyContent`] when nothing was seen.
    pub fn finish(self) -> Result<(Root, u64), EmptyContent> {
        self.finish_submission()
            .map(|submission| (submission.root, submission.length))
    }

    /// The root with the nodes that the Flow contract wants for it.
    ///
    /// # Errors
    /// [`EmptyContent`] when nothing was seen.
    pub fn finish_submission(mut self) -> Result<Submission, EmptyContent> {
        let shape = Shape::of(self.length)?;
        self.forest.absorb(&self.engine, &self.pending);
        self.forest.submission(&shape)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_stream_in_pieces_has_the_root_of_the_whole(
            length in 1usize..900_000,
            pieces in prop::collection::vec(1usize..400_000, 1..6),
        ) {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let mut hasher = RootHasher::new();
            let mut rest = bytes.as_slice();
            for piece in pieces.iter().cycle() {
                let (head, tail) = rest.split_at(rest.len().min(*piece));
                hasher.update(head);
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(hasher.finish(), Ok((root_of(&bytes).unwrap(), length as u64)));
        }
    }

    #[test]
    fn nothing_has_no_root() {
        assert_eq!(root_of(b""), Err(EmptyContent));
        assert_eq!(RootHasher::new().finish(), Err(EmptyContent));
    }
}
