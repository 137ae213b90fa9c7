//! The order of the trials, drawn from the enclave's secret so that nobody outside knows which arm runs now, and drawn
//! again by an auditor once the secret is revealed.
//!
//! The stream of a block is `SHA-256("orv/order/v1" || r || phase || block || counter)` for counter 0, 1, …, with the
//! phase as one byte and block and counter as four big-endian bytes. It is read in big-endian words of four bytes; a
//! number below `n` is the first word below the largest multiple of `n` in 2^32, modulo `n`.
//!
//! The one block of the exact phase is shuffled by Fisher and Yates from the end. In the timed phase every trial is a
//! block of its own, drawn by itself: who has seen all trials before it knows nothing about it. In an order that is
//! balanced within blocks, the last arm of a block follows from the others, and a host that tells arms apart by what
//! they took would know it (docs/decisions/0008).

use orv_content::Sha256Hasher;

use crate::judgement::Arm;

/// Which rule a block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase {
    /// The one block that may prove the metric exact.
    Exact = 1,
    /// The trials of a timed judgement, one a block.
    Timed = 2,
}

/// The arms of one block in the order they run.
pub fn order(secret: &[u8; 32], phase: Phase, block: u16, arms: &[Arm]) -> Vec<Arm> {
    let mut stream = Stream {
        secret,
        phase,
        block,
        counter: 0,
        words: Vec::new(),
    };
    let mut order = arms.to_vec();
    let mut left = u32::try_from(order.len()).unwrap_or(u32::MAX);
    while left > 1 {
        let drawn = stream.below(left);
        left -= 1;
        order.swap(left as usize, drawn as usize);
    }
    order
}

/// What one trial of the timed phase draws: numbers in the order in which they are asked for.
#[derive(Debug)]
pub struct Draw<'a>(Stream<'a>);

impl<'a> Draw<'a> {
    /// The numbers of the timed trial with this index, from 0.
    pub fn of(secret: &'a [u8; 32], trial: u16) -> Self {
        Draw(Stream {
            secret,
            phase: Phase::Timed,
            block: trial,
            counter: 0,
            words: Vec::new(),
        })
    }

    /// One of these, each as likely as any other; `None` of none.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let count = u32::try_from(choices.len()).ok().filter(|count| *count > 0)?;
        choices.get(self.0.below(count) as usize).copied()
    }
}

#[derive(Debug)]
struct Stream<'a> {
    secret: &'a [u8; 32],
    phase: Phase,
    block: u16,
    counter: u32,
    words: Vec<u32>,
}

impl Stream<'_> {
    /// A number below `bound`, which is at least one.
    fn below(&mut self, bound: u32) -> u32 {
        // 2^32 modulo the bound: how many of the largest words would favour the small remainders.
        let excess = (u32::MAX % bound + 1) % bound;
        loop {
            let word = self.word();
            if word <= u32::MAX - excess {
                return word % bound;
            }
        }
    }

    fn word(&mut self) -> u32 {
        loop {
            if let Some(word) = self.words.pop() {
                return word;
            }
            let mut hasher = Sha256Hasher::new();
            hasher.update(b"orv/order/v1");
            hasher.update(self.secret);
            hasher.update(&[self.phase as u8]);
            hasher.update(&u32::from(self.block).to_be_bytes());
            hasher.update(&self.counter.to_be_bytes());
            self.counter = self.counter.wrapping_add(1);
            let block = hasher.finish().0;
            let words = block
                .as_chunks::<4>()
                .0
                .iter()
                .rev()
                .map(|bytes| u32::from_be_bytes(*bytes));
            self.words.extend(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const ARMS: [Arm; 4] = [Arm::Snapshot, Arm::Incumbent, Arm::Candidate, Arm::Shadow];

    #[test]
    fn the_same_secret_draws_the_same_order() {
        assert_eq!(
            order(&[3; 32], Phase::Timed, 5, &ARMS),
            order(&[3; 32], Phase::Timed, 5, &ARMS)
        );
    }

    #[test]
    fn blocks_and_phases_are_drawn_apart() {
        let orders = |phase, secret| {
            (0..20)
                .map(|block| order(&[secret; 32], phase, block, &ARMS))
                .collect::<Vec<_>>()
        };
        assert_ne!(orders(Phase::Timed, 1), orders(Phase::Exact, 1));
        assert_ne!(orders(Phase::Timed, 1), orders(Phase::Timed, 2));
    }

    #[test]
    fn a_trials_arm_says_nothing_about_the_next() {
        let drawn: Vec<Arm> = (0..40_000)
            .map(|trial| Draw::of(&[9; 32], trial).one_of(&ARMS).unwrap())
            .collect();
        let mut seen: HashMap<(Arm, Arm), u32> = HashMap::new();
        for pair in drawn.windows(2) {
            *seen.entry((pair[0], pair[1])).or_default() += 1;
        }
        assert_eq!(seen.len(), 16);
        // 2500 each with a deviation of 49; five of them either way.
        assert!(seen.values().all(|count| (2255..=2745).contains(count)), "{seen:?}");
        assert_eq!(Draw::of(&[9; 32], 0).one_of::<Arm>(&[]), None);
    }

    #[test]
    fn every_order_of_four_arms_is_about_as_frequent_as_any_other() {
        let mut seen: HashMap<Vec<Arm>, u32> = HashMap::new();
        for block in 0..24_000 {
            *seen.entry(order(&[9; 32], Phase::Timed, block, &ARMS)).or_default() += 1;
        }
        assert_eq!(seen.len(), 24);
        // A thousand each with a deviation of 31; five of them either way.
        assert!(seen.values().all(|count| (845..=1155).contains(count)), "{seen:?}");
    }

    #[test]
    fn the_stream_is_the_one_that_is_written_down() {
        let secret = [0x11; 32];
        let mut preimage = b"orv/order/v1".to_vec();
        preimage.extend(secret);
        preimage.extend([2, 0, 0, 0, 7, 0, 0, 0, 0]);
        let digest = orv_content::Sha256::of(&preimage).0;
        let word = |index: usize| u32::from_be_bytes(digest[4 * index..4 * index + 4].try_into().unwrap());
        let mut expected = ARMS.to_vec();
        for (draw, last) in [3, 2, 1].into_iter().enumerate() {
            expected.swap(last, word(draw) as usize % (last + 1));
        }
        assert_eq!(order(&secret, Phase::Timed, 7, &ARMS), expected);
    }
}
