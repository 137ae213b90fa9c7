//! Which processors judge and candidate are pinned to (DESIGN 5.6): disjoint where the machine has two.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use orv_runner::{RunnerError, Strength};

/// The processors of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processors {
    judge: Option<Vec<u32>>,
    candidate: Option<Vec<u32>>,
}

impl Processors {
    /// Splits the processors that this process may use: the last one for the candidate, the others for the judge.
    /// With only one, or where they cannot be told, nothing is pinned.
    pub fn of_this_process() -> Self {
        let allowed = sched_getaffinity(Pid::from_raw(0))
            .map(|set| members(&set))
            .unwrap_or_default();
        Self::split(&allowed)
    }

    fn split(allowed: &[u32]) -> Self {
        match allowed {
            [judge @ .., candidate] if !judge.is_empty() => Self {
                judge: Some(judge.to_vec()),
                candidate: Some(vec![*candidate]),
            },
            _ => Self {
                judge: None,
                candidate: None,
            },
        }
    }

    /// How far judge and candidate are apart: a core that they share is a channel between them.
    ///
    /// # Errors
    /// [`RunnerError::SharedProcessor`], which [`Self::of_this_process`] never makes.
    pub fn separation(&self) -> Result<Strength, RunnerError> {
        orv_runner::separation(self.judge.as_deref(), self.candidate.as_deref())
    }

    /// The judge's processors.
    pub(crate) fn judge(&self) -> Option<Vec<u32>> {
        self.judge.clone()
    }

    /// The candidate's processor; also that of the one command of a shared project.
    pub(crate) fn candidate(&self) -> Option<Vec<u32>> {
        self.candidate.clone()
    }
}

fn members(set: &CpuSet) -> Vec<u32> {
    (0..CpuSet::count())
        .filter(|processor| set.is_set(*processor).unwrap_or(false))
        .filter_map(|processor| u32::try_from(processor).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judge_and_candidate_share_no_processor() {
        let split = Processors::split(&[0, 1, 5]);
        assert_eq!((split.judge(), split.candidate()), (Some(vec![0, 1]), Some(vec![5])));
    }

    #[test]
    fn one_processor_is_not_split() {
        let split = Processors::split(&[3]);
        assert_eq!((split.judge(), split.candidate()), (None, None));
        assert!(matches!(split.separation(), Ok(Strength::Absent)));
    }
}
