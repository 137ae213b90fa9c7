//! The keys of a registry, for people and for programs.

use super::chain::{Registered, Registry, Standing};
use super::judgement::Judgement;
use crate::output::Report;
use crate::page::{CheckRow, Mark, Page, Section};
use crate::trust::policy_text;
use alloy_primitives::{Address, B256};
use orv_evidence::UnixTime;
use serde::Serialize;
use std::process::ExitCode;

/// What the endpoint alone says. It cannot make wrong evidence pass for a given challenge; it can hide and invent.
const BELIEVED: &[&str] = &[
    "that the registry told of these admissions and of no others",
    "numbers, hashes and times of blocks: a challenge is fresh as far as its block's hash is that chain's",
    "what the registry answers now: revoked, activation, end, verdicts left, whether measurement and attesters count",
];

/// What no look at a registry proves.
const NOT_PROVEN: &[&str] = &[
    "that a key which holds was used by nobody but its enclave",
    "that the hardware is unbroken and its vendor honest",
    "that a measurement is a program to trust: rebuild it, or give --policy with the ones that you have rebuilt",
];

/// A finished look at a registry.
#[derive(Debug, Serialize)]
pub(super) struct RegistryReport {
    schema: &'static str,
    verified: bool,
    chain_id: u64,
    registry: Address,
    gateway: Address,
    first_block: u64,
    block: Block,
    /// SHA-256 of the policy's file; null for the built-in one.
    policy: Option<String>,
    keys: Vec<Row>,
    believed: &'static [&'static str],
    not_proven: &'static [&'static str],
}

/// The newest block, as of which everything is told.
#[derive(Debug, Serialize)]
struct Block {
    number: u64,
    hash: B256,
    time: String,
}

/// One key.
#[derive(Debug, Serialize)]
struct Row {
    key: Address,
    result: RowResult,
    standing: Standing,
    reasons: Vec<String>,
    operator: Address,
    platform: String,
    tier: u8,
    measurement: B256,
    evidence_root: B256,
    admitted_block: u64,
    admitted_at: String,
    activates_at: String,
    expires_at: String,
    verdicts: u32,
    /// Null when the registry denies the key.
    verdicts_left: Option<u32>,
    /// Why the registry takes no statement of it any more, where that is neither revocation nor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<String>,
    simulated: bool,
}

/// How the examination of a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum RowResult {
    Holds,
    Fails,
    Unjudged,
    Missing,
}

impl RegistryReport {
    pub(super) const SCHEMA: &'static str = "orv.audit.registry/1";

    pub(super) fn of(registry: &Registry, judgements: Vec<Judgement>, policy: Option<String>) -> Self {
        let keys: Vec<Row> = registry
            .keys
            .iter()
            .zip(judgements)
            .map(|(key, judgement)| Row::of(key, judgement))
            .collect();
        Self {
            schema: Self::SCHEMA,
            verified: keys
                .iter()
                .all(|row| row.result == RowResult::Holds || !row.standing.counts()),
            chain_id: registry.chain_id,
            registry: registry.contracts.enclave_registry,
            gateway: registry.contracts.verifier_gateway,
            first_block: registry.first_block,
            block: Block {
                number: registry.head.reference.number,
                hash: registry.head.reference.hash,
                time: time(registry.head.timestamp),
            },
            policy,
            keys,
            believed: BELIEVED,
            not_proven: NOT_PROVEN,
        }
    }

    /// Keys that decide, with this result.
    fn deciding(&self, result: RowResult) -> usize {
        let decide = |row: &&Row| row.standing.counts() && row.result == result;
        self.keys.iter().filter(decide).count()
    }

    fn verdict(&self) -> (Mark, String) {
        let holding = self.deciding(RowResult::Holds);
        let failing = self.deciding(RowResult::Fails);
        let open = self.deciding(RowResult::Unjudged) + self.deciding(RowResult::Missing);
        let deciding = holding + failing + open;
        let past = self.keys.len() - deciding;
        let past_holding = self.keys.iter().filter(|row| row.is_past_and_holds()).count();
        let told = format!(
            "live or pending keys that hold: {holding} of {deciding}; past ones, which decide nothing: {past_holding} of \
             {past}"
        );
        match (failing, open) {
            (0, 0) if holding == 0 => (Mark::Open, format!("NO KEY COUNTS NOW, {told}")),
            (0, 0) => (Mark::Good, format!("VERIFIED, {told}")),
            (0, _) => (
                Mark::Bad,
                format!("ORV-A-016 NOT VERIFIED, {open} cannot be judged; {told}"),
            ),
            (_, _) => (
                Mark::Bad,
                format!("ORV-A-015 NOT VERIFIED, {failing} do not hold; {told}"),
            ),
        }
    }

    fn rules(&self) -> String {
        match self.policy.as_deref() {
            None => "the built-in policy, and the measurement that each was admitted with".to_owned(),
            policy => policy_text(policy),
        }
    }
}

impl Report for RegistryReport {
    const SCHEMA: &'static str = Self::SCHEMA;

    /// A key that does not hold weighs more than one that cannot be judged.
    fn exit_code(&self) -> ExitCode {
        let counted = |result| self.deciding(result) > 0;
        if counted(RowResult::Fails) || counted(RowResult::Unjudged) {
            ExitCode::from(3)
        } else if counted(RowResult::Missing) {
            ExitCode::from(5)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn page(&self) -> Page {
        let mut sections = vec![
            Section::Text(format!(
                "Keys that the registry {} on chain {} admitted from block {} to block {} ({}, {}), judged by {}.",
                self.registry,
                self.chain_id,
                self.first_block,
                self.block.number,
                self.block.hash,
                self.block.time,
                self.rules()
            )),
            Section::Checks(self.keys.iter().map(Row::check).collect()),
        ];
        if self.keys.iter().any(|row| row.simulated) {
            sections.push(Section::Text(
                "SIMULATED: no hardware stands behind keys of a sim- platform. They prove nothing to anybody."
                    .to_owned(),
            ));
        }
        let list = |title: &str, items: &[&str]| Section::List {
            title: title.to_owned(),
            items: items.iter().map(ToString::to_string).collect(),
        };
        sections.push(list("Believed of the endpoint, which could lie", self.believed));
        sections.push(list("Not proven by any of this", self.not_proven));
        Page {
            title: "Keys admitted on chain".to_owned(),
            verdict: self.verdict(),
            sections,
        }
    }
}

impl Row {
    fn of(key: &Registered, judgement: Judgement) -> Self {
        let admitted = &key.told.admitted;
        let (result, reasons) = match judgement {
            Judgement::Holds => (RowResult::Holds, Vec::new()),
            Judgement::Fails(reasons) => (RowResult::Fails, reasons),
            Judgement::Unjudged(reason) => (RowResult::Unjudged, vec![reason]),
            Judgement::Missing(reason) => (RowResult::Missing, vec![reason]),
        };
        let platform = name(admitted.platform);
        Self {
            key: admitted.key,
            result,
            standing: key.standing,
            reasons,
            operator: admitted.operator,
            simulated: platform.starts_with("sim-"),
            platform,
            tier: admitted.platformTier,
            measurement: admitted.measurement,
            evidence_root: admitted.evidenceRoot,
            admitted_block: key.told.block,
            admitted_at: key.admitted_at.to_string(),
            activates_at: time(admitted.activatesAt),
            expires_at: time(admitted.expiresAt),
            verdicts: admitted.verdicts,
            verdicts_left: key.stored.as_ref().map(|stored| stored.verdicts_left),
            withdrawn: key.withdrawn.clone(),
        }
    }

    fn is_past_and_holds(&self) -> bool {
        !self.standing.counts() && self.result == RowResult::Holds
    }

    fn check(&self) -> CheckRow {
        let withdrawn = self.withdrawn.as_ref().map(|reason| format!(" ({reason})"));
        let left = self.verdicts_left.map_or("?".to_owned(), |left| left.to_string());
        let told = format!(
            "{}{}, {} tier {}, measurement {}, operator {}, evidence {}, admitted {} in block {}, active {} to {}, \
             {left} of {} verdicts left",
            self.standing.as_str(),
            withdrawn.unwrap_or_default(),
            self.platform,
            self.tier,
            self.measurement,
            self.operator,
            self.evidence_root,
            self.admitted_at,
            self.admitted_block,
            self.activates_at,
            self.expires_at,
            self.verdicts,
        );
        CheckRow {
            mark: match self.result {
                RowResult::Holds => Mark::Good,
                RowResult::Fails => Mark::Bad,
                RowResult::Unjudged | RowResult::Missing => Mark::Open,
            },
            name: self.key.to_string(),
            detail: match self.reasons.is_empty() {
                true => told,
                false => format!("{} [{told}]", self.reasons.join("; ")),
            },
        }
    }
}

fn time(seconds: u64) -> String {
    UnixTime::from_seconds(seconds).to_string()
}

/// A platform's name, ASCII and zero padded; whatever else it is, as digits.
fn name(platform: B256) -> String {
    let end = platform.iter().position(|byte| *byte == 0).unwrap_or(platform.len());
    let (text, padding) = platform.split_at(end);
    match std::str::from_utf8(text) {
        Ok(text) if padding.iter().all(|byte| *byte == 0) => text.to_owned(),
        _ => platform.to_string(),
    }
}
