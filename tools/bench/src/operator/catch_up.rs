//! How quickly the daemon's intake comes through blocks that it has not seen.

use super::network::Network;
use super::{OperatorBenchError, at};
use crate::document::{Cell, Section, Table, Unit};
use crate::statistics::Sample;
use orv_chain::intake::{Cursor, LedgerLogs, ProposalStream};
use std::time::Instant;

/// Makes a chain longer and reads all of it some times over HTTP, from the first block to the newest.
pub(super) async fn measure(network: &Network, blocks: u32, rounds: usize) -> Result<Section, OperatorBenchError> {
    for _ in 0..blocks {
        network.devnet.chain().mine().map_err(at("devnet"))?;
    }
    let mut speeds = Vec::new();
    let mut seen = 0;
    for _ in 0..rounds {
        let source = LedgerLogs::new(network.chain().await?, network.deployment.openresearch.proposal_ledger);
        let mut stream = ProposalStream::new(source, Cursor::before(1));
        let height = network.devnet.chain().height();
        let (began, mut found) = (Instant::now(), 0);
        loop {
            let batch = stream.look().await.map_err(at("intake"))?;
            found += batch.added.len();
            if batch.reached_head {
                break;
            }
        }
        speeds.push(height as f64 / began.elapsed().as_secs_f64());
        seen = found;
    }
    let mut table = Table::new(&["blocks", "proposals among them", "blocks a second, median"]);
    table.rows.push(vec![
        Cell::of(network.devnet.chain().height() as f64, Unit::Count),
        Cell::of(seen as f64, Unit::Count),
        Cell::estimate(Sample::of(speeds).as_ref(), Unit::Count),
    ]);
    Ok(Section {
        name: "catch-up",
        title: "Catching up with the chain".to_owned(),
        method: format!(
            "{rounds} times from block 1 to the newest with the daemon's own stream of proposals (ranges of 1,000 blocks, \
             each with a look at whether the chain still has the block before), over HTTP from the devnet of the run \
             above, made longer by {blocks} empty blocks. A real endpoint answers later: the ranges are asked for one \
             after the other, so each costs its round trips."
        ),
        table,
        targets: Vec::new(),
        notes: Vec::new(),
    })
}
