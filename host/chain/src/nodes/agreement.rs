//! When answers of several nodes count as one. Pure.

use std::fmt;

use crate::{error::ChainError, revert::Revert};

/// What one node said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// The node's origin, without access keys.
    pub endpoint: String,
    /// Its answer or failure, cut to a line.
    pub said: String,
}

impl fmt::Display for Testimony {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.endpoint, self.said)
    }
}

/// Longest part of an answer that is shown.
const SHOWN: usize = 160;

/// What a node's answer amounts to: a contract's refusal is an answer as well.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer<T> {
    Value(T),
    Reverted(Revert),
}

/// The answers so far, in the order in which they came.
#[derive(Debug)]
pub(super) struct Answers<T> {
    question: &'static str,
    quorum: usize,
    given: Vec<(String, Result<Answer<T>, ChainError>)>,
}

impl<T: PartialEq + fmt::Debug> Answers<T> {
    pub(super) fn new(question: &'static str, quorum: usize) -> Self {
        Self {
            question,
            quorum,
            given: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, endpoint: String, said: Result<T, ChainError>) {
        let said = match said {
            Ok(value) => Ok(Answer::Value(value)),
            Err(ChainError::Reverted(revert)) => Ok(Answer::Reverted(revert)),
            Err(error) => Err(error),
        };
        self.given.push((endpoint, said));
    }

    /// The answer that as many nodes as the quorum asks for have given.
    pub(super) fn agreed(&self) -> Option<&Answer<T>> {
        let values = || self.given.iter().filter_map(|(_, said)| said.as_ref().ok());
        values().find(|value| values().filter(|other| other == value).count() >= self.quorum)
    }

    /// The agreed answer, or who said what.
    pub(super) fn conclude(mut self) -> Result<T, ChainError> {
        let Some(place) = self.agreed().and_then(|agreed| {
            let same = |(_, said): &(_, Result<Answer<T>, _>)| said.as_ref().is_ok_and(|value| value == agreed);
            self.given.iter().position(same)
        }) else {
            return Err(self.divided());
        };
        match self.given.swap_remove(place).1? {
            Answer::Value(value) => Ok(value),
            Answer::Reverted(revert) => Err(ChainError::Reverted(revert)),
        }
    }

    fn divided(mut self) -> ChainError {
        let answered = self.given.iter().filter(|(_, said)| said.is_ok()).count();
        if self.given.len() == 1 && answered == 0 {
            // The only one who was asked: its failure is the whole story.
            if let Some((_, Err(error))) = self.given.pop() {
                return error;
            }
        }
        let answers = self.given.into_iter().map(testimony).collect();
        let (question, needed) = (self.question, self.quorum);
        if answered >= needed {
            ChainError::Disagreement { question, answers }
        } else {
            ChainError::NoQuorum {
                question,
                needed,
                answers,
            }
        }
    }
}

fn testimony<T: fmt::Debug>((endpoint, said): (String, Result<Answer<T>, ChainError>)) -> Testimony {
    let said = match said {
        Ok(Answer::Value(value)) => format!("{value:?}"),
        Ok(Answer::Reverted(revert)) => format!("reverted with {revert}"),
        Err(error) => format!("no answer ({error})"),
    };
    Testimony {
        endpoint,
        said: said.chars().take(SHOWN).collect(),
    }
}

/// The greatest number that at least `quorum` nodes have reached; `None` when fewer have said any.
pub(super) fn reached_by(quorum: usize, mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable_by(|left, right| right.cmp(left));
    numbers.get(quorum.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answers(quorum: usize, said: &[Option<u8>]) -> Answers<u8> {
        let mut answers = Answers::new("question", quorum);
        for (number, said) in said.iter().enumerate() {
            answers.add(
                format!("http://{number}"),
                said.ok_or_else(|| ChainError::Unreachable("silence".into())),
            );
        }
        answers
    }

    #[test]
    fn one_liar_of_three_is_outvoted() {
        assert_eq!(answers(2, &[Some(9), Some(1), Some(1)]).conclude().unwrap(), 1);
    }

    #[test]
    fn a_disagreement_names_who_said_what() {
        let error = answers(2, &[Some(9), Some(1)]).conclude().unwrap_err();
        assert_eq!(
            error.to_string(),
            "ORV-N-004: the endpoints disagree on question: http://0: 9; http://1: 1"
        );
    }

    #[test]
    fn silence_is_told_from_disagreement() {
        let error = answers(2, &[Some(9), None]).conclude().unwrap_err();
        assert!(matches!(error, ChainError::NoQuorum { needed: 2, .. }), "{error}");
        let alone = answers(1, &[None]).conclude().unwrap_err();
        assert!(matches!(alone, ChainError::Unreachable(_)), "{alone}");
    }

    #[test]
    fn the_same_refusal_by_all_is_an_answer() {
        let mut answers = Answers::<u8>::new("question", 2);
        for endpoint in ["a", "b"] {
            answers.add(
                endpoint.into(),
                Err(ChainError::Reverted(Revert::decode(&[1, 2, 3, 4]))),
            );
        }
        assert!(matches!(answers.conclude(), Err(ChainError::Reverted(_))));
    }

    #[test]
    fn an_absurd_head_alone_moves_nothing() {
        assert_eq!(reached_by(2, vec![u64::MAX, 100, 101]), Some(101));
        assert_eq!(reached_by(2, vec![u64::MAX, 100]), Some(100));
        assert_eq!(reached_by(2, vec![100]), None);
    }

    proptest! {
        /// With a quorum of more than half, fewer liars than the quorum never get their answer through.
        #[test]
        fn fewer_liars_than_the_quorum_never_win(honest in 0_usize..5, liars in 0_usize..4, silent in 0_usize..4) {
            let quorum = liars + 1;
            let mut said = vec![Some(9); liars];
            said.extend(vec![None; silent]);
            said.extend(vec![Some(1); honest]);
            let outcome = answers(quorum, &said).conclude();
            prop_assert!(!matches!(outcome, Ok(9)));
            prop_assert_eq!(outcome.is_ok(), honest >= quorum);
        }
    }
}
