//! Which of the gateway's functions takes the statement now: found by simulation, before anything is paid for.
//!
//! The gateway's own rule decides (DESIGN 5.2): an approve still settles when the best has risen and the score clears the
//! new threshold; a reject needs the identical incumbent; what an obstacle keeps from settling is recorded.

use super::count_failure;
use super::quorum::{self, Companions};
use super::reaction::{Reaction, reaction};
use super::receipt_file::kept_statement;
use super::statements::{Statements, run_of, signature_of};
use crate::error::VerifierError;
use crate::journal::{CloseCause, Event, Record, State, WaitCause};
use crate::operator::Operator;
use crate::ticket::{self, TicketState};
use orv_chain::bindings::VerifierGateway::{TurnAdvanced, recordCall, settleCall};
use orv_chain::{Call, Revert, SendError};
use orv_protocol::{MetricKind, Verdict};
use orv_receipt::Receipt;

/// How often the gateway may send the statement another way.
const TURNS: u32 = 4;

/// How a statement goes to the chain.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    /// Carried out, together with other operators' where a quorum is needed.
    Settle(Statements),
    /// Recorded: inconclusive, held for a quorum, or set aside.
    Record,
}

/// What a simulation found.
pub(super) enum Found {
    /// It would be taken this way.
    Way(Way),
    /// It would be refused, and this is what that means.
    Event(Event, String),
    /// Nothing is to be done now.
    Nothing,
}

/// Finds the way of a statement. Moves the project's turn where the walk is too long for one settlement.
///
/// # Errors
/// The endpoint's failure, or a refusal that contradicts the statement itself.
pub(super) async fn find(operator: &Operator, record: &Record, receipt: &Receipt) -> Result<Found, VerifierError> {
    let held = record.state == State::Waiting(WaitCause::HeldForQuorum);
    let alone = Statements::of(receipt);
    let mut way = match first(operator, record, receipt).await? {
        First::Way(way) => way,
        First::Nothing => return Ok(Found::Nothing),
    };
    let mut walked_in_vain = 0;
    for _ in 0..TURNS {
        let Some(refusal) = simulate(operator, receipt, &way).await? else {
            return Ok(Found::Way(way));
        };
        let with_others = matches!(&way, Way::Settle(statements) if statements.runs.len() > 1);
        way = match reaction(&refusal) {
            Reaction::Advance => {
                move_turn(operator, record, &mut walked_in_vain).await?;
                continue;
            }
            Reaction::AwaitTurn if with_others && !held => Way::Record,
            Reaction::AwaitTurn | Reaction::Later => return Ok(Found::Event(Event::Postpone, refusal.to_string())),
            // Perhaps with this very statement, which another one of its quorum sent: the next look at the ticket tells.
            Reaction::Close(CloseCause::DecidedElsewhere) if held || is_settled(operator, record).await? => {
                return Ok(Found::Event(Event::Postpone, refusal.to_string()));
            }
            Reaction::Close(cause) => return Ok(Found::Event(Event::Close(cause), refusal.to_string())),
            // Held already: recording it again is no way, and what stands against settling may pass.
            _ if held => return Ok(Found::Nothing),
            // Which of the statements is refused is not said: this one by itself is still worth recording.
            Reaction::Record | Reaction::LoseTicket | Reaction::Fail if with_others => Way::Record,
            Reaction::Record => Way::Record,
            Reaction::Settle => Way::Settle(alone.clone()),
            Reaction::Look => return Ok(Found::Event(Event::Postpone, refusal.to_string())),
            Reaction::LoseTicket => return Ok(Found::Event(Event::LoseTicket, refusal.to_string())),
            Reaction::Fail => {
                let source = SendError::Reverted(refusal);
                return Err(VerifierError::sending("settling the statement", source));
            }
        };
    }
    let why = "the gateway changed its mind too often".to_owned();
    Ok(Found::Event(Event::Postpone, why))
}

/// Walks the project's turn on. The first walk that moves nothing may have come after another operator's in its block; the
/// second one counts as the statement's failure: whoever says that it is needed may say so for ever.
async fn move_turn(operator: &Operator, record: &Record, in_vain: &mut u32) -> Result<(), VerifierError> {
    let walked = operator.gateway.advance(&operator.owner, record.project).await;
    let gateway = operator.enclave.verifier_gateway;
    let moved = walked.and_then(|mined| mined.require_event::<TurnAdvanced>(gateway));
    let source = match moved {
        Ok(_) => return Ok(()),
        Err(SendError::NoEvent { .. }) if *in_vain == 0 => {
            *in_vain += 1;
            return Ok(());
        }
        Err(source) => source,
    };
    let error = VerifierError::sending("moving the turn", source);
    if error.was_paid_for() {
        count_failure(operator, record).await?;
    }
    Err(error)
}

/// Whether a record's own statement has decided its proposal, whoever sent it.
async fn is_settled(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    Ok(match &record.ticket {
        Some(ticket) => ticket::state(operator, ticket).await? == TicketState::Settled,
        None => false,
    })
}

/// Whether the gateway would still look at the kept statement of a record: its ticket and its key count.
///
/// # Errors
/// The endpoint's failure, or a receipt that cannot be read.
pub(crate) async fn still_counts(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    let Some((_, bytes)) = kept_statement(operator, record).await? else {
        return Ok(false);
    };
    let Ok(receipt) = Receipt::decode(&bytes) else {
        return Ok(false);
    };
    // A held ticket says so before it looks at its key.
    if quorum::key_has_ended(operator, record).await? {
        return Ok(false);
    }
    let refusal = simulate(operator, &receipt, &Way::Record).await?;
    Ok(refusal.is_none_or(|refusal| !matches!(reaction(&refusal), Reaction::LoseTicket | Reaction::Fail)))
}

enum First {
    Way(Way),
    Nothing,
}

/// Inconclusive statements are recorded. Timed ones that need more operators than one settle with the others' held ones
/// when there are enough, and are held for them otherwise.
async fn first(operator: &Operator, record: &Record, receipt: &Receipt) -> Result<First, VerifierError> {
    if receipt.run.verdict == u8::from(Verdict::Inconclusive) {
        return Ok(First::Way(Way::Record));
    }
    if receipt.run.metric_kind != u8::from(MetricKind::Timed) {
        return Ok(First::Way(Way::Settle(Statements::of(receipt))));
    }
    let held = record.state == State::Waiting(WaitCause::HeldForQuorum);
    Ok(match quorum::companions(operator, record, receipt).await? {
        Companions::Enough(statements) => First::Way(Way::Settle(statements)),
        Companions::Missing if held => First::Nothing,
        Companions::Missing => First::Way(Way::Record),
    })
}

async fn simulate(operator: &Operator, receipt: &Receipt, way: &Way) -> Result<Option<Revert>, VerifierError> {
    let gateway = operator.enclave.verifier_gateway;
    let call = match way {
        Way::Settle(statements) => {
            let (runs, signatures) = (statements.runs.clone(), statements.signatures.clone());
            Call::new(gateway, &settleCall { runs, signatures })
        }
        Way::Record => {
            let (run, signature) = (run_of(&receipt.run), signature_of(receipt));
            Call::new(gateway, &recordCall { run, signature })
        }
    };
    match operator.owner.simulate(&call).await {
        Ok(()) => Ok(None),
        Err(SendError::Reverted(refusal)) => Ok(Some(refusal)),
        Err(source) => Err(VerifierError::sending("simulating the statement", source)),
    }
}
