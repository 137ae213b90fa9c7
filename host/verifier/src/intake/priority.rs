//! Which proposal comes next: a pure function of what the chain says.
//!
//! Inside a project the gateway's turn decides, so its proposals go by id. Between projects the first in line of each are
//! compared: what expires soon comes first, the soonest before the others; then stake times age, so that a large stake is
//! judged early and a small one is not forgotten.

use orv_chain::primitives::U256;
use orv_chain::{ProjectId, ProposalId};
use std::collections::{BTreeMap, VecDeque};

/// What is compared of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its project.
    pub project: ProjectId,
    /// Its stake, in whole tokens.
    pub stake: U256,
    /// When it was submitted, in seconds.
    pub submitted_at: u64,
}

/// When something is urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urgency {
    /// The present, in seconds of block time.
    pub now: u64,
    /// Seconds from a submission until anyone may expire it.
    pub expiry_window: u64,
    /// Seconds before that from which on a proposal comes before all that are not urgent.
    pub urgent_before: u64,
}

/// How one is compared with the first ones of other projects; the greater comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Stake times age.
    Calm(U256),
    /// Less time is left: larger.
    Urgent(u64),
}

/// The candidates in the order in which they are begun.
pub fn in_order(mut candidates: Vec<Candidate>, urgency: &Urgency) -> Vec<ProposalId> {
    candidates.sort_by_key(|candidate| candidate.proposal);
    let mut lines: BTreeMap<ProjectId, VecDeque<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        lines.entry(candidate.project).or_default().push_back(candidate);
    }
    let mut ordered = Vec::new();
    while let Some(next) = first_of_all(&lines, urgency) {
        let candidate = lines.get_mut(&next).and_then(VecDeque::pop_front);
        ordered.extend(candidate.map(|candidate| candidate.proposal));
    }
    ordered
}

/// The project whose first in line comes next; of equal ones that with the smaller id.
fn first_of_all(lines: &BTreeMap<ProjectId, VecDeque<Candidate>>, urgency: &Urgency) -> Option<ProjectId> {
    let heads = lines
        .iter()
        .filter_map(|(project, line)| Some((project, line.front()?)));
    heads
        .max_by(|(one, first), (other, second)| {
            let by_weight = weight(first, urgency).cmp(&weight(second, urgency));
            by_weight.then_with(|| other.cmp(one))
        })
        .map(|(project, _)| *project)
}

fn weight(candidate: &Candidate, urgency: &Urgency) -> Weight {
    let age = urgency.now.saturating_sub(candidate.submitted_at);
    let left = urgency.expiry_window.saturating_sub(age);
    if left <= urgency.urgent_before {
        return Weight::Urgent(u64::MAX - left);
    }
    Weight::Calm(candidate.stake.saturating_mul(U256::from(age.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URGENCY: Urgency = Urgency {
        now: 1_000_000,
        expiry_window: 604_800,
        urgent_before: 86_400,
    };

    fn candidate(proposal: u64, project: u64, stake: u64, age: u64) -> Candidate {
        Candidate {
            proposal: ProposalId::from(proposal),
            project: ProjectId::from(project),
            stake: U256::from(stake),
            submitted_at: URGENCY.now - age,
        }
    }

    fn order(candidates: &[Candidate]) -> Vec<ProposalId> {
        in_order(candidates.to_vec(), &URGENCY)
    }

    fn ids(numbers: &[u64]) -> Vec<ProposalId> {
        numbers.iter().map(|number| ProposalId::from(*number)).collect()
    }

    #[test]
    fn a_large_stake_comes_before_a_small_one_of_the_same_age() {
        assert_eq!(
            order(&[candidate(1, 1, 5, 100), candidate(2, 2, 50, 100)]),
            ids(&[2, 1])
        );
    }

    #[test]
    fn a_small_stake_that_has_waited_long_enough_comes_first() {
        assert_eq!(
            order(&[candidate(1, 1, 5, 1000), candidate(2, 2, 50, 99)]),
            ids(&[1, 2])
        );
    }

    #[test]
    fn what_expires_soon_comes_before_every_stake_and_the_soonest_first() {
        let soon = candidate(1, 1, 1, 520_000);
        let sooner = candidate(2, 2, 1, 600_000);
        assert_eq!(order(&[candidate(3, 3, u64::MAX, 1), soon, sooner]), ids(&[2, 1, 3]));
    }

    #[test]
    fn inside_a_project_no_stake_overtakes_an_earlier_id() {
        assert_eq!(order(&[candidate(2, 1, 900, 10), candidate(1, 1, 1, 10)]), ids(&[1, 2]));
    }

    proptest! {
        #[test]
        fn every_candidate_appears_once_and_every_project_goes_by_id(
            parts in prop::collection::btree_map(0_u64..200, (0_u64..6, any::<u64>(), 0_u64..700_000), 0..60),
        ) {
            let candidates: Vec<_> = parts
                .iter()
                .map(|(id, (project, stake, age))| candidate(*id, *project, *stake, *age))
                .collect();
            let ordered = order(&candidates);
            prop_assert_eq!(ordered.len(), candidates.len());
            for project in 0..6 {
                let project = ProjectId::from(project);
                let of_project: Vec<_> = ordered
                    .iter()
                    .filter(|id| candidates.iter().any(|one| one.proposal == **id && one.project == project))
                    .collect();
                prop_assert!(of_project.is_sorted());
            }
        }
    }
}
