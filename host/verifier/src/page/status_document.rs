//! `/api/status`: what the page shows, for programs.

use super::health;
use super::situation::Situation;
use crate::status::StatusRow;
use serde_json::{Value, json};
use std::time::Duration;

/// The document's schema.
const SCHEMA: &str = "orv.verifier.page/1";

/// Everything, at one moment. Times are seconds of Unix time; ids, scores and wei are decimal strings; what is unknown is
/// null.
pub(super) fn of(situation: &Situation<'_>) -> Value {
    let operation = situation.operation;
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "time": situation.now.as_secs(),
        "chain_id": operation.chain_id,
        "gateway": operation.gateway.to_string(),
        "operator": operation.operator.to_string(),
        "reloaded_at": situation.live.reloaded.map(|at| at.as_secs()),
        "alive": health::stalled(situation).is_none(),
        "obstacles": health::obstacles(situation),
        "surroundings": surroundings(situation),
        "flights": flights(situation),
        "failures": failures(situation),
        "proposals": situation.rows.map(|rows| rows.iter().map(proposal).collect::<Vec<_>>()),
    })
}

fn surroundings(situation: &Situation<'_>) -> Value {
    let Some(seen) = situation.surroundings() else {
        return Value::Null;
    };
    let enclaves = seen.enclaves.iter().map(|enclave| {
        json!({
            "address": enclave.address,
            "key": enclave.key.map(|key| key.to_string()),
            "live": situation.is_live(enclave),
            "expires_at": enclave.expires_at,
            "verdicts_left": enclave.verdicts_left,
            "revoked": enclave.revoked,
            "judging": enclave.judging.map(|proposal| proposal.to_string()),
        })
    });
    let endpoints = seen.endpoints.iter().map(|seen| {
        json!({
            "endpoint": seen.endpoint,
            "code": seen.code,
            "state": seen.state,
            "behind_blocks": seen.behind,
        })
    });
    json!({
        "head_block": seen.head.map(|head| head.number),
        "head_hash": seen.head.map(|head| head.hash.to_string()),
        "head_time": seen.head_time,
        "cursor_block": seen.cursor,
        "balance_wei": seen.balance.map(|wei| wei.to_string()),
        "gateway_listed": seen.listed,
        "data_directory_free_bytes": seen.disk_free,
        "paused": seen.paused,
        "endpoints": endpoints.collect::<Vec<_>>(),
        "enclaves": enclaves.collect::<Vec<_>>(),
    })
}

fn flights(situation: &Situation<'_>) -> Vec<Value> {
    let flights = situation.live.flights.iter().map(|(proposal, flight)| {
        let run = flight.run.map(|run| {
            json!({
                "stage": format!("{:?}", run.stage).to_lowercase(),
                "done": run.done,
                "total": run.total,
                "told_at": run.told.as_secs(),
            })
        });
        json!({
            "proposal": proposal.to_string(),
            "state": flight.state.to_string(),
            "since": flight.since.as_secs(),
            "run": run,
        })
    });
    flights.collect()
}

fn failures(situation: &Situation<'_>) -> Vec<Value> {
    let failures = situation.live.failures.last.iter().map(|seen| {
        json!({
            "at": Duration::as_secs(&seen.at),
            "proposal": seen.proposal.map(|proposal| proposal.to_string()),
            "code": seen.code,
            "message": seen.message,
            "advice": seen.advice,
            "times": seen.times,
        })
    });
    failures.collect()
}

/// A row as `orv verifier status --json` has it, with the receipt's address on this page instead of this machine's path.
fn proposal(row: &StatusRow) -> Value {
    let mut value = json!(row);
    if let Value::Object(fields) = &mut value {
        let place = row.verdict.map(|_| format!("/proposals/{}/receipt", row.proposal));
        fields.insert("receipt".to_owned(), json!(place));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::samples;

    #[test]
    fn the_document_of_a_busy_daemon_is_this() {
        let document = samples::busy(of);
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
    }
}
