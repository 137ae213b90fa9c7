//! Uploading, staking, submitting.

use bytes::Bytes;
use orv_chain::{
    ChainError, Curve, OpenResearchContracts, Project, ProposalId, SendError, Submission, TransactionOwner,
    primitives::{Address, B256, U256},
};
use orv_content::Root;
use orv_protocol::score::Score;
use orv_storage::{PublishError, Storage};

use crate::candidate::Candidate;
use crate::stake::{Purchase, Spending, StakeError};

/// What a miner submits under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What the miner says it scores. It decides nothing.
    pub claimed: Score,
    /// In whole tokens.
    pub stake: U256,
    /// Who gets the reward; the sender where nobody is named.
    pub reward_recipient: Option<Address>,
    /// What may be paid for missing tokens.
    pub spending: Spending,
}

/// A proposal on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Its number.
    pub id: ProposalId,
    /// Root of the candidate's tar.
    pub code_hash: Root,
    /// Root of the miner's log.
    pub log_root: Root,
    /// The tokens that had to be bought.
    pub purchase: Option<Purchase>,
    /// The transaction that submitted it.
    pub transaction: B256,
    /// Gas of that transaction.
    pub gas_used: u64,
}

/// Why there is no proposal.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The stake is not possible under the terms.
    #[error(transparent)]
    Stake(#[from] StakeError),
    /// A question to the chain failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A file could not be stored.
    #[error("{file}: {source}")]
    Publish {
        /// Which file.
        file: &'static str,
        /// Why.
        source: PublishError,
    },
    /// A transaction did not go through.
    #[error("{action}: {source}")]
    Send {
        /// What it should have done.
        action: &'static str,
        /// Why not, and whether anything was sent.
        source: SendError,
    },
    /// The curve sold fewer tokens than were missing, because the price rose by more than the slippage.
    #[error("{bought} tokens were bought, {missing} are missing: the price rose by more than the slippage")]
    PriceRose {
        /// Tokens that came.
        bought: U256,
        /// Tokens that were needed.
        missing: U256,
    },
}

/// Uploads candidate and log, buys what the stake lacks, lets the ledger pull exactly the stake, and submits. Whatever
/// can refuse without cost is asked before anything is paid.
///
/// # Errors
/// [`SubmitError`]; uploads and bought tokens stay when a later step fails, and are used by the next attempt.
pub async fn submit(
    owner: &TransactionOwner,
    storage: &Storage,
    contracts: &OpenResearchContracts,
    project: &Project,
    candidate: &Candidate,
    log: Bytes,
    terms: &Terms,
) -> Result<Submitted, SubmitError> {
    let curve = Curve::new(owner.chain().clone(), project.token);
    let purchase = plan(owner, &curve, terms).await?;
    let code_hash = store(storage, owner, "candidate", candidate.archive().clone()).await?;
    let log_root = store(storage, owner, "log", log).await?;
    if let Some(purchase) = &purchase {
        buy(owner, &curve, purchase).await?;
    }
    let ledger = contracts.proposal_ledger;
    if curve.allowance(owner.address(), ledger).await? != terms.stake {
        let approved = curve.approve(owner, ledger, terms.stake).await;
        approved.map_err(|source| SubmitError::Send {
            action: "approve the stake",
            source,
        })?;
    }
    let submission = Submission {
        project_id: project.id,
        code_hash: B256::from(code_hash.0),
        benchmark_log_hash: B256::from(log_root.0),
        claimed_score: terms.claimed.0,
        stake: terms.stake,
        reward_recipient: terms.reward_recipient.unwrap_or(owner.address()),
    };
    let submitted = submission.submit(owner, contracts).await;
    let submitted = submitted.map_err(|source| SubmitError::Send {
        action: "submit",
        source,
    })?;
    Ok(Submitted {
        id: submitted.id,
        code_hash,
        log_root,
        purchase,
        transaction: submitted.mined.hash,
        gas_used: submitted.mined.gas_used,
    })
}

/// What has to be bought; nothing when the account holds the stake.
async fn plan(owner: &TransactionOwner, curve: &Curve, terms: &Terms) -> Result<Option<Purchase>, SubmitError> {
    let stake = terms.stake;
    if stake.is_zero() {
        return Err(StakeError::Zero.into());
    }
    let pool = curve.reward_pool_left().await?;
    if stake > pool {
        return Err(StakeError::AbovePool { stake, pool }.into());
    }
    let missing = stake.saturating_sub(curve.balance_of(owner.address()).await?);
    if missing.is_zero() {
        return Ok(None);
    }
    let quote = curve.cost_of(missing).await?.0;
    let balance = owner.chain().balance(owner.address()).await?;
    Ok(Some(Purchase::plan(missing, quote, balance, &terms.spending)?))
}

async fn buy(owner: &TransactionOwner, curve: &Curve, purchase: &Purchase) -> Result<(), SubmitError> {
    let bought = curve.buy(owner, purchase.value).await;
    let (bought, _) = bought.map_err(|source| SubmitError::Send {
        action: "buy tokens",
        source,
    })?;
    let missing = purchase.missing;
    if bought < missing {
        Err(SubmitError::PriceRose { bought, missing })
    } else {
        Ok(())
    }
}

async fn store(
    storage: &Storage,
    owner: &TransactionOwner,
    file: &'static str,
    content: Bytes,
) -> Result<Root, SubmitError> {
    let published = storage.put(content, owner).await;
    published
        .map(|published| published.root)
        .map_err(|source| SubmitError::Publish { file, source })
}
