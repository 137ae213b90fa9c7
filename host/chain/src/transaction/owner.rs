//! One owner of the nonce per key.
//!
//! Two senders with one key take the same nonce, and one of the two transactions silently replaces the other. So a
//! [`Wallet`] is consumed by exactly one task, which numbers, signs and broadcasts one transaction after the other,
//! reminds the pools of what they forget and raises the fee of what does not move; simulation, fees and waiting happen
//! in the callers, side by side.
//!
//! Two processes with one account are safe but not quick (decision 0026): a number that the other has taken is seen,
//! and the call is signed anew under the next one; a transaction that the other has outbid is reported as
//! [`SendError::Superseded`], never as done and never silently sent twice.

use std::{collections::BTreeMap, time::Instant};

use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    Call, Fate, FeeRules, Mined, Outbox, Patience, Resumption, SendError, Signer,
    book::Book,
    fees::gas_limit,
    receipt::{Wait, estimate, fate_of_any, simulate},
    task::{Numbered, Repeat, SharedBook, Task},
};
use crate::{connection::Chain, error::ChainError, wallet::Wallet};

/// Most transactions waiting for their number at a time.
const QUEUE: usize = 256;

/// A handle to the task that owns a key's nonce. Clones share the task.
#[derive(Debug, Clone)]
pub struct TransactionOwner {
    queue: mpsc::Sender<Numbered>,
    chain: Chain,
    address: Address,
    fees: FeeRules,
    patience: Patience,
    book: SharedBook,
}

impl TransactionOwner {
    /// Takes the key and starts its task on the current tokio runtime. The task ends with the last handle, and what it
    /// knew of unmined transactions with it; a service takes [`Self::resume`].
    pub fn start(chain: Chain, wallet: Wallet, fees: FeeRules, patience: Patience) -> Self {
        let book = Book::restored(BTreeMap::new(), Instant::now());
        Self::spawn(chain, wallet, fees, patience, book, None)
    }

    /// As [`Self::start`], for a service that is stopped and started again: what is signed is written to the outbox
    /// before it is sent, and what an earlier life signed is offered again, replaced when it is stuck, and found by
    /// [`Self::fate`] under any of its hashes. No endpoint is asked before it returns.
    ///
    /// # Errors
    /// [`SendError::Outbox`] where the earlier life was another account's.
    pub fn resume(
        chain: Chain,
        wallet: Wallet,
        fees: FeeRules,
        patience: Patience,
        earlier: Resumption,
    ) -> Result<Self, SendError> {
        earlier.require(wallet.address())?;
        let Resumption { outbox, signer, signed } = earlier;
        let book = Book::restored(signed, Instant::now());
        Ok(Self::spawn(chain, wallet, fees, patience, book, Some((outbox, signer))))
    }

    fn spawn(
        chain: Chain,
        wallet: Wallet,
        fees: FeeRules,
        patience: Patience,
        book: Book,
        outbox: Option<(Outbox, Signer)>,
    ) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let address = wallet.address();
        let book = SharedBook::of(book);
        let task = Task {
            chain: chain.clone(),
            wallet,
            fees,
            patience,
            book: book.clone(),
            outbox,
        };
        tokio::spawn(task.run(requests));
        Self {
            queue,
            chain,
            address,
            fees,
            patience,
            book,
        }
    }

    /// The account that pays.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The chain it sends to.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Simulates, sends, and waits for the receipt of whichever of its transactions is mined: the first, or one that
    /// replaced it for a higher fee. The very same call that was sent before, is not mined and has nobody waiting for it
    /// any more is not signed again: it is waited for. One that failed meanwhile, of which nobody was told, is told of first.
    ///
    /// # Errors
    /// Every variant of [`SendError`] says whether something was sent; [`SendError::Unknown`] is never "not sent".
    pub async fn send(&self, call: Call) -> Result<Mined, SendError> {
        let hash = self.offer(&call, Repeat::OnceMined).await?;
        self.wait(hash, &call).await
    }

    /// As [`Self::send`], for what must not be paid for twice: when the same was asked of the same contract, and that is
    /// under way or was mined among the account's last 64 transactions, it is that one which is answered for, whatever it
    /// paid along. A price that moves between two tries makes no second payment.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_once(&self, call: Call) -> Result<Mined, SendError> {
        let hash = self.offer(&call, Repeat::Never).await?;
        self.wait(hash, &call).await
    }

    async fn wait(&self, hash: B256, call: &Call) -> Result<Mined, SendError> {
        let wait = Wait {
            chain: &self.chain,
            book: &self.book,
            account: self.address,
            patience: self.patience,
        };
        let _attention = Attention { book: &self.book, hash };
        wait.until_mined(hash, call).await
    }

    /// Simulates and sends without waiting; answers the transaction's hash.
    ///
    /// # Errors
    /// As [`Self::send`], except that nothing about the block is known yet.
    pub async fn submit(&self, call: Call) -> Result<B256, SendError> {
        self.offer(&call, Repeat::OnceMined).await
    }

    async fn offer(&self, call: &Call, repeat: Repeat) -> Result<B256, SendError> {
        self.simulate(call).await?;
        let estimate = estimate(&self.chain, self.address, call).await?;
        let fees = self.fees.current(&self.chain).await?;
        let gas_limit = gas_limit(estimate);
        self.fees.check_whole(fees, gas_limit)?;
        let (reply, answer) = oneshot::channel();
        let numbered = Numbered {
            call: call.clone(),
            fees,
            gas_limit,
            repeat,
            reply,
        };
        self.queue.send(numbered).await.map_err(|_| SendError::OwnerStopped)?;
        answer.await.map_err(|_| SendError::OwnerStopped)?
    }

    /// Runs a call against the newest state without sending it.
    ///
    /// # Errors
    /// [`SendError::Reverted`] with the contract's error.
    pub async fn simulate(&self, call: &Call) -> Result<(), SendError> {
        Ok(simulate(&self.chain, self.address, call, BlockId::latest()).await?)
    }

    /// What the chain knows of a transaction now, or of one that replaced it.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn fate(&self, hash: B256) -> Result<Fate, ChainError> {
        let siblings = self.book.lock().siblings(hash);
        let hashes = siblings.map_or_else(|| vec![hash], |(_, hashes)| hashes);
        fate_of_any(&self.chain, &hashes).await
    }
}

/// Somebody waits for a transaction, until this is dropped.
struct Attention<'a> {
    book: &'a SharedBook,
    hash: B256,
}

impl Drop for Attention<'_> {
    fn drop(&mut self) {
        let mut book = self.book.lock();
        if let Some((number, _)) = book.siblings(self.hash) {
            book.leave(number);
        }
    }
}
