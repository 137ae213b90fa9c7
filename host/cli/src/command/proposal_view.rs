//! A proposal as it is shown.

use std::fmt::Write;

use orv_chain::{Proposal, primitives::B256};
use orv_miner::{Attempt, AttemptEnd, Inspection};
use orv_protocol::judgement::Reason;
use serde_json::{Value, json};

use crate::output::Answer;

/// The ledger's record.
pub fn fields(proposal: &Proposal) -> Value {
    json!({
        "proposal_id": proposal.id,
        "project_id": proposal.project_id,
        "status": proposal.status,
        "miner": proposal.miner.to_string(),
        "reward_recipient": proposal.reward_recipient.to_string(),
        "code_hash": proposal.code_hash.to_string(),
        "benchmark_log_hash": proposal.benchmark_log_hash.to_string(),
        "metrics_hash": proposal.metrics_hash.to_string(),
        "claimed_score": proposal.claimed_score.to_string(),
        "verified_score": proposal.verified_score.to_string(),
        "stake": proposal.stake.to_string(),
        "submitted_at": proposal.submitted_at,
        "review_lock_until": proposal.review_lock_until,
        "reviewer": proposal.reviewer.to_string(),
    })
}

/// Record and attempts, in both forms.
pub fn answer(inspection: &Inspection) -> Answer {
    let mut document = fields(&inspection.proposal);
    let mut text = String::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{name:20} {}",
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        );
    }
    match &inspection.attempts {
        None => text.push_str("this deployment has no verifier gateway\n"),
        Some(attempts) if attempts.is_empty() => text.push_str("no attempt to judge it yet\n"),
        Some(attempts) => attempts.iter().for_each(|attempt| line(&mut text, attempt)),
    }
    let attempts = inspection
        .attempts
        .as_ref()
        .map(|attempts| attempts.iter().map(row).collect::<Vec<_>>());
    if let Value::Object(document) = &mut document {
        document.insert("attempts".to_owned(), json!(attempts));
    }
    Answer::new("orv.proposal/1", document, text)
}

fn line(text: &mut String, attempt: &Attempt) {
    let _ = write!(text, "attempt {} by {}: ", attempt.number, attempt.operator);
    let _ = match &attempt.end {
        AttemptEnd::Open => writeln!(text, "open until {}", attempt.closes_at),
        AttemptEnd::Lapsed => writeln!(text, "lapsed"),
        AttemptEnd::Inconclusive { reason, bundle_root } => {
            writeln!(text, "inconclusive, {}; bundle {bundle_root}", explained(reason))
        }
        AttemptEnd::SetAside { obstacle, bundle_root } => {
            let why = obstructed(*obstacle);
            writeln!(
                text,
                "verdict set aside, obstacle {obstacle}: {why}; bundle {bundle_root}"
            )
        }
        AttemptEnd::Held { bundle_root } => writeln!(text, "waits for another operator; bundle {bundle_root}"),
        AttemptEnd::Settled {
            verdict,
            score,
            statement,
            bundle_root,
            ..
        } => {
            let reason = statement.as_ref().map_or_else(String::new, |statement| {
                format!(
                    " in [{}, {}], {}",
                    statement.lower,
                    statement.upper,
                    explained(&statement.reason)
                )
            });
            writeln!(
                text,
                "{}, score {score}{reason}; bundle {bundle_root}",
                verdict_name(*verdict)
            )
        }
    };
}

fn row(attempt: &Attempt) -> Value {
    let mut row = json!({
        "ticket": attempt.ticket.to_string(),
        "attempt": attempt.number,
        "operator": attempt.operator.to_string(),
        "key": attempt.key.to_string(),
        "closes_at": attempt.closes_at,
    });
    let end = match &attempt.end {
        AttemptEnd::Open => json!({ "state": "open" }),
        AttemptEnd::Lapsed => json!({ "state": "lapsed" }),
        AttemptEnd::Inconclusive { reason, bundle_root } => {
            json!({ "state": "inconclusive", "reason": code(reason), "bundle_root": bundle_root })
        }
        AttemptEnd::SetAside { obstacle, bundle_root } => {
            json!({
                "state": "set-aside", "obstacle": obstacle, "explanation": obstructed(*obstacle), "bundle_root": bundle_root,
            })
        }
        AttemptEnd::Held { bundle_root } => json!({ "state": "held", "bundle_root": bundle_root }),
        AttemptEnd::Settled {
            verdict,
            score,
            statement,
            bundle_root,
            transaction,
        } => json!({
            "state": "settled",
            "verdict": verdict_name(*verdict),
            "score": score.to_string(),
            "reason": statement.as_ref().map(|statement| code(&statement.reason)),
            "interval": statement.as_ref().map(|statement| [statement.lower.to_string(), statement.upper.to_string()]),
            "bundle_root": bundle_root,
            "tx": transaction.to_string(),
        }),
    };
    if let (Value::Object(row), Value::Object(end)) = (&mut row, end) {
        row.extend(end);
    }
    row
}

fn verdict_name(verdict: u8) -> &'static str {
    match verdict {
        1 => "approve",
        2 => "reject",
        _ => "unknown",
    }
}

/// The gateway's `Obstacle` (contracts/src/gateway/Statements.sol) in words.
fn obstructed(obstacle: u8) -> &'static str {
    match obstacle {
        1 => "timed statements of this measurement do not count",
        2 => "the best rose since the run, out of the score's reach",
        3 => "the metric is shared with the candidate's code, and SharedProjects has no entry for the project",
        4 => {
            "the metric is shared with the candidate's code, and the rise is above the project's bound in SharedProjects"
        }
        5 => "a later proposal has set the best",
        6 => "another verifier has set the best",
        7 => "the best changed since the run",
        8 => "the project's pool cannot pay the reward",
        _ => "not known to this version",
    }
}

fn code(reason: &Result<Reason, B256>) -> String {
    reason.map_or_else(|word| word.to_string(), |reason| reason.code().to_owned())
}

fn explained(reason: &Result<Reason, B256>) -> String {
    match reason {
        Ok(reason) => format!("{}: {}", reason.code(), reason.explain()),
        Err(word) => format!("reason {word}, which this version does not know"),
    }
}

#[cfg(test)]
mod tests {
    use orv_chain::{
        ProjectId, ProposalId, ProposalStatus,
        primitives::{Address, I256, U256},
    };
    use orv_content::Root;
    use orv_miner::Statement;

    use super::*;

    fn proposal() -> Proposal {
        Proposal {
            id: ProposalId::from(4),
            project_id: ProjectId::from(2),
            miner: Address::repeat_byte(1),
            reward_recipient: Address::repeat_byte(2),
            code_hash: B256::repeat_byte(3),
            benchmark_log_hash: B256::repeat_byte(4),
            metrics_hash: B256::repeat_byte(5),
            claimed_score: I256::MINUS_ONE,
            verified_score: I256::MINUS_ONE,
            stake: U256::MAX,
            submitted_at: 6,
            review_lock_until: 7,
            reviewer: Address::repeat_byte(8),
            status: ProposalStatus::Approved,
        }
    }

    fn attempt(end: AttemptEnd) -> Attempt {
        Attempt {
            ticket: B256::repeat_byte(9),
            number: 1,
            operator: Address::repeat_byte(10),
            key: Address::repeat_byte(11),
            closes_at: 12,
            end,
        }
    }

    fn ends() -> Vec<AttemptEnd> {
        let bundle_root = Root([13; 32]);
        let statement = Statement {
            reason: Ok(Reason::Improved),
            lower: I256::MINUS_ONE,
            upper: I256::ONE,
        };
        vec![
            AttemptEnd::Open,
            AttemptEnd::Lapsed,
            AttemptEnd::Inconclusive {
                reason: Ok(Reason::CandidateTimeout),
                bundle_root,
            },
            AttemptEnd::Inconclusive {
                reason: Err(B256::repeat_byte(0xee)),
                bundle_root,
            },
            AttemptEnd::SetAside {
                obstacle: 2,
                bundle_root,
            },
            AttemptEnd::Held { bundle_root },
            AttemptEnd::Settled {
                verdict: 1,
                score: I256::MINUS_ONE,
                statement: Some(Box::new(statement)),
                bundle_root,
                transaction: B256::repeat_byte(14),
            },
        ]
    }

    #[test]
    fn the_record_has_the_published_fields() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&fields(&proposal())).unwrap());
    }

    #[test]
    fn every_end_of_an_attempt_is_told_in_both_forms() {
        let told: Vec<String> = ends()
            .into_iter()
            .map(|end| {
                let attempt = attempt(end);
                let mut text = String::new();
                line(&mut text, &attempt);
                format!("{text}{}", row(&attempt))
            })
            .collect();
        insta::assert_snapshot!(told.join("\n\n"));
    }
}
