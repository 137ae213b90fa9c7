//! Whether judge and candidate keep out of each other's processors and cores (DESIGN 5.6).

use std::fs;

use crate::error::RunnerError;
use crate::protection::Strength;

/// How far the two sides are apart. Without pinning on either side, they are not.
///
/// # Errors
/// [`RunnerError::SharedProcessor`] when both would run on one.
pub fn separation(judge: Option<&[u32]>, candidate: Option<&[u32]>) -> Result<Strength, RunnerError> {
    let (Some(judge), Some(candidate)) = (judge, candidate) else {
        return Ok(Strength::Absent);
    };
    if let Some(shared) = judge.iter().find(|processor| candidate.contains(processor)) {
        return Err(RunnerError::SharedProcessor(*shared));
    }
    let apart = judge.iter().all(|processor| {
        siblings(*processor).is_some_and(|siblings| candidate.iter().all(|other| !contains(&siblings, *other)))
    });
    Ok(if apart { Strength::Enforced } else { Strength::Weaker })
}

/// The processors of one core, as ranges; nothing where the kernel does not say.
fn siblings(processor: u32) -> Option<Vec<(u32, u32)>> {
    let path = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
    parse(&fs::read_to_string(path).ok()?)
}

/// A list as the kernel writes it: `0,4` or `0-1,8`.
fn parse(list: &str) -> Option<Vec<(u32, u32)>> {
    list.trim().split(',').map(range).collect()
}

fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn contains(ranges: &[(u32, u32)], processor: u32) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&processor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_read_in_the_kernel_s_form() {
        assert_eq!(parse("0-1,8\n"), Some(vec![(0, 1), (8, 8)]));
        assert_eq!(parse("\n"), None);
        assert!(contains(&[(0, 1), (8, 8)], 8) && !contains(&[(0, 1), (8, 8)], 2));
    }

    #[test]
    fn a_shared_processor_is_refused_and_no_pinning_is_no_separation() {
        assert!(matches!(
            separation(Some(&[0, 1]), Some(&[1])),
            Err(RunnerError::SharedProcessor(1))
        ));
        assert!(matches!(separation(None, Some(&[1])), Ok(Strength::Absent)));
    }

    #[test]
    fn a_processor_nobody_knows_is_not_taken_to_be_apart() {
        assert!(matches!(
            separation(Some(&[400_000]), Some(&[400_001])),
            Ok(Strength::Weaker)
        ));
    }
}
