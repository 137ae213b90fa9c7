//! What a judge and a candidate of a split project share: descriptors 3 and 4, and lines on them
//! (`docs/split-judging.md`). The standard library alone, so that a creator can copy it and change what is asked.
//!
//! ```
//! use orv_reference_judge::{parse, write};
//!
//! assert_eq!(parse("[3,1,2]"), Some(vec![3, 1, 2]));
//! assert_eq!(write(&[1, 2, 3]), "[1,2,3]\n");
//! assert_eq!(parse("[3,1,"), None);
//! ```

mod descriptor;

pub use descriptor::{channel, metric};

/// Longest line that passes between the two sides, its line feed included, in bytes.
pub const LONGEST_LINE: u64 = 1 << 20;

/// Reads a list of whole numbers from one JSON text. Anything else is none: who is asked may answer anything.
pub fn parse(line: &str) -> Option<Vec<u64>> {
    let inside = line.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    if inside.is_empty() {
        return Some(Vec::new());
    }
    inside.split(',').map(|item| item.trim().parse().ok()).collect()
}

/// The line of a list.
pub fn write(numbers: &[u64]) -> String {
    let items: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("[{}]\n", items.join(","))
}

/// SplitMix64 below a million: the same numbers from the same seed, in every language and every version.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Those of a seed as the runner hands it over, 64 hexadecimal digits of which the first 16 count.
    pub fn of_seed(text: &str) -> Option<Self> {
        u64::from_str_radix(text.get(..16)?, 16).ok().map(Self)
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_but_a_list_of_whole_numbers_is_no_answer() {
        for other in [
            "", "[", "]", "[1,]", "[1.0]", "[-1]", "[true]", "{}", "[[1]]", "[1] [2]", "1",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
        assert_eq!(parse(" [ 1 , 2 ] \n"), Some(vec![1, 2]));
        assert_eq!(parse("[]"), Some(vec![]));
    }

    #[test]
    fn numbers_depend_on_the_seed_alone() {
        let draw = |seed: &str| {
            let mut numbers = Numbers::of_seed(seed).unwrap();
            [numbers.draw(), numbers.draw()]
        };
        let (first, second) = ("00000000000000010", "00000000000000020");
        assert_eq!(draw(first), draw(first));
        assert_ne!(draw(first), draw(second));
        assert!(Numbers::of_seed("5a").is_none());
    }
}
