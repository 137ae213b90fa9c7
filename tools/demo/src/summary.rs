//! What the demo shows at its end.

use crate::arguments::Arguments;
use crate::network::at;
use crate::proposals::Proposal;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Version of the JSON document.
pub(crate) const SCHEMA: &str = "orv.demo/1";

/// Everything that happened.
pub(crate) struct Summary {
    kept: PathBuf,
    measurement: String,
    pub(crate) rows: Vec<Row>,
}

/// One proposal: what the verifier's journal, the ledger and the auditor's program say of it.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) proposal: Proposal,
    pub(crate) journal: Value,
    pub(crate) ledger: Value,
    pub(crate) audited: bool,
}

impl Summary {
    pub(crate) fn new(kept: PathBuf, measurement: String) -> Self {
        Self {
            kept,
            measurement,
            rows: Vec::new(),
        }
    }

    /// Whether every proposal has a verdict and a receipt that holds.
    pub(crate) fn is_complete(&self) -> bool {
        !self.rows.is_empty()
            && self
                .rows
                .iter()
                .all(|row| at(&row.journal, "/verdict").is_string() && row.audited)
    }

    /// Text for people, or one line of JSON.
    pub(crate) fn printed(&self, arguments: &Arguments) -> String {
        if arguments.json {
            self.json().to_string()
        } else {
            self.text()
        }
    }

    fn json(&self) -> Value {
        let rows: Vec<_> = self.rows.iter().map(Row::json).collect();
        json!({
            "schema": SCHEMA,
            "simulated": true,
            "measurement": self.measurement,
            "kept": self.kept,
            "proposals": rows,
        })
    }

    fn text(&self) -> String {
        let heads = [
            "", "miner", "claimed", "verified", "interval", "verdict", "reason", "gas", "stake", "receipt",
        ];
        let mut table = vec![heads.map(str::to_owned).to_vec()];
        table.extend(self.rows.iter().map(Row::cells));
        let mut text = aligned(&table);
        text.push_str("\nWho did what:\n");
        for row in &self.rows {
            text.push_str(&format!("  {} {}: {}\n", row.id, row.proposal.miner, row.proposal.what));
        }
        text.push_str(&format!(
            "\nReceipts, journal and logs stay in {}\n",
            self.kept.display()
        ));
        text.push_str("The evidence is SIMULATED: no hardware stands behind these verdicts.\n");
        if let Some(receipt) = self.rows.iter().find_map(|row| at(&row.journal, "/receipt").as_str()) {
            text.push_str(&format!(
                "Next: target/debug/orv-audit receipt {receipt} --allow-simulated"
            ));
        }
        text
    }
}

impl Row {
    fn json(&self) -> Value {
        let journal = &self.journal;
        json!({
            "id": self.id,
            "miner": self.proposal.miner,
            "what": self.proposal.what,
            "verdict": at(journal, "/verdict"),
            "reason": at(journal, "/reason"),
            "claimed_score": at(journal, "/claimed_score"),
            "verified_score": at(journal, "/score"),
            "interval": at(journal, "/interval"),
            "settle_tx": at(journal, "/transaction"),
            "gas_used": at(journal, "/gas_used"),
            "receipt": at(journal, "/receipt"),
            "bundle_root": at(journal, "/bundle_root"),
            "audited": self.audited,
            "status": at(&self.ledger, "/status"),
            "stake": at(&self.ledger, "/stake"),
        })
    }

    fn cells(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| "-".to_owned(), str::to_owned);
        let interval = match (
            at(&self.journal, "/interval/0").as_str(),
            at(&self.journal, "/interval/1").as_str(),
        ) {
            (Some(lower), Some(upper)) => format!("[{lower}, {upper}]"),
            _ => "-".to_owned(),
        };
        let score = match at(&self.journal, "/verdict").as_str() {
            Some("inconclusive") => ("-".to_owned(), "-".to_owned()),
            _ => (text(at(&self.journal, "/score")), interval),
        };
        let gas = at(&self.journal, "/gas_used")
            .as_u64()
            .map_or_else(|| "-".to_owned(), |gas| gas.to_string());
        vec![
            self.id.clone(),
            self.proposal.miner.clone(),
            text(at(&self.journal, "/claimed_score")),
            score.0,
            score.1,
            text(at(&self.journal, "/verdict")),
            text(at(&self.journal, "/reason")),
            gas,
            self.movement(),
            if self.audited {
                "verified".to_owned()
            } else {
                "NOT VERIFIED".to_owned()
            },
        ]
    }

    /// What became of the stake, by the ledger's status.
    fn movement(&self) -> String {
        let stake = at(&self.ledger, "/stake").as_str().unwrap_or("?");
        match at(&self.ledger, "/status").as_str() {
            Some("approved") => format!("{stake} back, {stake} minted"),
            Some("rejected") => format!("{stake} slashed"),
            Some("submitted") => format!("{stake} still staked"),
            Some(status) => format!("{stake} {status}"),
            None => "-".to_owned(),
        }
    }
}

/// Columns as wide as their widest cell.
fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            table
                .iter()
                .filter_map(|row| row.get(column))
                .map(String::len)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in table {
        let cells: Vec<_> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
