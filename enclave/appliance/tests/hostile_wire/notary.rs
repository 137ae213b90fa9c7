//! Checks every statement that the enclave gives out, as an auditor would, and remembers its ticket.

use crate::host::DOMAIN;
use alloy_primitives::{Address, B256};
use orv_content::merkle::root_of;
use orv_receipt::check::{CheckResult, check};
use orv_receipt::{Bundle, ChallengeBlock, RECEIPT_VERSION, Receipt};
use orv_wire::{Job, Outcome};
use std::collections::BTreeSet;

/// What the enclave has stated so far.
#[derive(Default)]
pub struct Notary {
    tickets: BTreeSet<B256>,
    /// Statements that are wrong, in words.
    pub wrong: Vec<String>,
}

/// A statement and all that came with it.
pub struct Stated<'a> {
    pub key: Address,
    pub job: &'a Job,
    pub outcome: &'a Outcome,
    pub bundle: &'a [u8],
    pub envelope: &'a [u8],
}

impl Notary {
    /// Checks a statement against the job that was asked and the bytes that came with it.
    pub fn check(&mut self, stated: &Stated<'_>) {
        let (job, run) = (stated.job, &stated.outcome.run);
        let mut wrong = Vec::new();
        if !self.tickets.insert(run.ticket) {
            wrong.push("its ticket has a statement already".to_owned());
        }
        let signer = stated.outcome.signature.recover(&run.signing_hash(&DOMAIN));
        if signer.as_ref().ok() != Some(&stated.key) {
            wrong.push(format!("signed by {signer:?}"));
        }
        let asked = [
            ("ticket", run.ticket == job.ticket),
            ("ledger", run.ledger == job.ledger),
            ("registry", run.registry == job.registry),
            ("project", run.project_digest == job.project.digest()),
            ("proposal", run.proposal_digest == job.proposal.digest()),
            ("incumbent", run.incumbent_code_hash == job.incumbent.code_hash),
            ("score to beat", run.incumbent_score == job.incumbent.score),
        ];
        let other = asked.iter().filter(|(_, same)| !same);
        wrong.extend(other.map(|(what, _)| format!("is about another {what}")));
        wrong.extend(self.audited(stated));
        self.wrong
            .extend(wrong.iter().map(|what| format!("{}: {what}", job.ticket)));
    }

    /// The checks of a receipt. The challenge of these hosts is not made of a block; all else has to hold.
    fn audited(&self, stated: &Stated<'_>) -> Vec<String> {
        let receipt = Receipt {
            version: RECEIPT_VERSION,
            domain: DOMAIN,
            run: stated.outcome.run.clone(),
            signature: stated.outcome.signature,
            bundle: stated.bundle.to_vec(),
            envelope: stated.envelope.to_vec(),
            challenge_block: ChallengeBlock {
                number: 0,
                hash: B256::ZERO,
            },
            collateral: None,
        };
        let failed = check(&receipt)
            .into_iter()
            .filter(|check| check.result == CheckResult::Fail && check.name != "challenge");
        failed
            .map(|check| format!("{}: {}", check.name, check.detail))
            .collect()
    }

    /// How many statements there are.
    pub fn statements(&self) -> usize {
        self.tickets.len()
    }
}

/// A verdict that somebody gains or loses by has to rest on the bytes that the job names, all of which were served.
pub fn rests_on(bundle: &Bundle, job: &Job, served: &BTreeSet<B256>) -> bool {
    bundle.obstacle.is_some()
        || [
            job.project.protocol_hash,
            job.project.repo_snapshot_hash,
            job.project.benchmark_hash,
            job.proposal.code_hash,
        ]
        .iter()
        .all(|hash| served.contains(hash))
            && root_of(&bundle.protocol_json).is_ok_and(|root| B256::from(root.0) == job.project.protocol_hash)
}
