//! The host's own checks of a statement, before anything is sent.

use super::{Binding, Distrust, Identity};
use orv_chain::primitives::B256;
use orv_content::merkle;
use orv_receipt::check::{CheckResult, check};
use orv_receipt::{ChallengeBlock, RECEIPT_VERSION, Receipt};
use orv_wire::{Job, Outcome};

/// Makes the receipt of a finished job, if it is about what was asked and passes every check that a stranger makes.
///
/// # Errors
/// The first reason not to send it.
pub fn receipt_of(
    job: &Job,
    outcome: Outcome,
    bundle: Vec<u8>,
    announced: B256,
    identity: &Identity,
    binding: &Binding,
) -> Result<Receipt, Distrust> {
    let computed = merkle::root_of(&bundle).map_err(|_| Distrust::NoBundle)?;
    let computed = B256::from(computed.0);
    let Outcome { run, signature } = outcome;
    for (claimed, claimed_by) in [(announced, "segments"), (run.bundle_root, "statement")] {
        if claimed != computed {
            return Err(Distrust::BundleRoot {
                computed,
                claimed,
                claimed_by,
            });
        }
    }
    let signer = signature.recover(&run.signing_hash(&binding.domain))?;
    if signer != identity.key {
        return Err(Distrust::Signer {
            signer,
            key: identity.key,
        });
    }
    let receipt = Receipt {
        version: RECEIPT_VERSION,
        domain: binding.domain,
        run,
        signature,
        bundle,
        envelope: identity.envelope.clone(),
        challenge_block: ChallengeBlock {
            number: identity.challenge_block.number,
            hash: identity.challenge_block.hash,
        },
        collateral: None,
    };
    is_what_was_asked(job, &receipt, identity)?;
    match check(&receipt)
        .into_iter()
        .find(|check| check.result == CheckResult::Fail)
    {
        Some(failed) => Err(Distrust::Check {
            name: failed.name,
            detail: failed.detail,
        }),
        None => Ok(receipt),
    }
}

/// Every field that the host chose is as the host chose it.
fn is_what_was_asked(job: &Job, receipt: &Receipt, identity: &Identity) -> Result<(), Distrust> {
    let run = &receipt.run;
    same("ledger", job.ledger, run.ledger)?;
    same("registry", job.registry, run.registry)?;
    same("ticket", job.ticket, run.ticket)?;
    same("project id", job.project.id, run.project_id)?;
    same("proposal id", job.proposal.id, run.proposal_id)?;
    same("project digest", job.project.digest(), run.project_digest)?;
    same("proposal digest", job.proposal.digest(), run.proposal_digest)?;
    same("incumbent's code", job.incumbent.code_hash, run.incumbent_code_hash)?;
    same("incumbent's score", job.incumbent.score, run.incumbent_score)?;
    same("evidence root", B256::from(identity.evidence_root.0), run.evidence_root)
}

fn same<T: PartialEq + ToString>(field: &'static str, asked: T, got: T) -> Result<(), Distrust> {
    if asked == got {
        return Ok(());
    }
    Err(Distrust::OtherStatement {
        field,
        asked: asked.to_string(),
        got: got.to_string(),
    })
}
