//! The only holder of a key: it numbers, signs, offers, reminds and replaces.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use alloy::{
    consensus::{SignableTransaction, Transaction, TxEip1559, TxEnvelope},
    eips::{BlockId, eip2718::Encodable2718},
    primitives::{B256, Bytes, TxKind, U256},
    providers::Provider,
    signers::SignerSync,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    Call, Fate, FeeRules, Fees, Outbox, Patience, SendError, Signer,
    book::{Book, Earlier, Need, Offer, REACH, Rhythm, Sameness},
    receipt::{fate, fate_of_any},
};
use crate::{
    connection::Chain,
    error::ChainError,
    wallet::{Wallet, WalletError},
};

/// How often the same signed bytes are offered when the endpoints give no answer.
const BROADCASTS: u32 = 3;
/// How often a transaction is signed anew because its number was taken by another user of the key.
const RENUMBERINGS: u32 = 8;
/// Receipt intervals between two looks at what waits, and until the same bytes are sent again.
const LOOK: u32 = 4;
const REMINDER: u32 = 20;
/// Looks in which nothing waits are skipped, but for one in so many: a reorganisation may take something back.
const IDLE_LOOKS: u32 = 8;
/// Blocks that are searched for the transaction that has used a number.
const SEARCHED: u64 = 32;
/// How often an unexpected count of mined transactions is asked for again.
const CONFIRMATIONS: u32 = 3;
/// Gas of a transfer to oneself, which fills a number that nobody has.
const TRANSFER_GAS: u64 = 21_000;

/// A transaction that lacks only its number and signature.
pub(super) struct Numbered {
    pub(super) call: Call,
    pub(super) fees: Fees,
    pub(super) gas_limit: u64,
    pub(super) repeat: Repeat,
    pub(super) reply: oneshot::Sender<Result<B256, SendError>>,
}

/// What counts as having been sent already, where the very same call was signed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// What still waits though its sender has given it up, or was of an earlier life.
    OnceMined,
    /// That, what somebody else waits for, and what was mined lately, whatever was paid along.
    Never,
}

impl Repeat {
    fn sameness(self) -> Sameness {
        match self {
            Self::OnceMined => Sameness::Whole,
            Self::Never => Sameness::Asked,
        }
    }
}

/// The book, shared with those who wait for its transactions.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedBook(Arc<Mutex<Book>>);

impl SharedBook {
    pub(super) fn of(book: Book) -> Self {
        Self(Arc::new(Mutex::new(book)))
    }

    /// A panic elsewhere leaves it readable: each change of it is one call.
    pub(super) fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The only holder of the key.
pub(super) struct Task {
    pub(super) chain: Chain,
    pub(super) wallet: Wallet,
    pub(super) fees: FeeRules,
    pub(super) patience: Patience,
    pub(super) book: SharedBook,
    pub(super) outbox: Option<(Outbox, Signer)>,
}

/// What the endpoints said to signed bytes.
#[derive(Debug)]
enum Taking {
    Taken,
    /// A transaction with this number is in a block.
    NumberUsed,
    /// Another one with this number is in a pool, and this one offers too little to replace it.
    NumberContested,
    Refused(String),
    NoAnswer,
}

impl Task {
    pub(super) async fn run(self, mut requests: mpsc::Receiver<Numbered>) {
        let mut looks = tokio::time::interval(self.patience.interval * LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut idle = 0;
        loop {
            tokio::select! {
                request = requests.recv() => {
                    let Some(numbered) = request else { return };
                    let outcome = self.number_and_send(&numbered).await;
                    if let Err(SendError::Unknown { hash, .. }) = outcome {
                        self.leave(hash);
                    }
                    if let Err(Ok(hash)) = numbered.reply.send(outcome) {
                        tracing::debug!("a transaction's sender went away before it was sent");
                        self.leave(hash);
                    }
                    idle = 0;
                }
                _ = looks.tick() => {
                    idle += 1;
                    if !self.book.lock().is_empty() && (idle < IDLE_LOOKS || idle % IDLE_LOOKS == 0) {
                        match self.look().await {
                            Ok(true) => idle = 0,
                            Ok(false) => {}
                            Err(error) => tracing::debug!(%error, "what waits could not be looked at"),
                        }
                    }
                }
            }
        }
    }

    fn leave(&self, hash: B256) {
        let mut book = self.book.lock();
        if let Some((number, _)) = book.siblings(hash) {
            book.leave(number);
        }
    }

    async fn number_and_send(&self, numbered: &Numbered) -> Result<B256, SendError> {
        if let Some(hash) = self.take_up(numbered).await? {
            return Ok(hash);
        }
        for _ in 0..RENUMBERINGS {
            let number = self.next_number().await?;
            let offer = self.sign(&numbered.call, numbered.gas_limit, numbered.fees, number)?;
            let (hash, raw) = (offer.hash, offer.raw.clone());
            // On disk before it is on its way: the next life must know of it.
            self.note(number, &numbered.call, numbered.gas_limit, offer)?;
            self.book.lock().attend(number);
            match self.offer_until_answered(hash, &raw).await {
                Taking::Taken => return Ok(hash),
                Taking::NumberContested => self.withdraw(number)?,
                Taking::NumberUsed if self.used_by_another(number, hash).await => self.withdraw(number)?,
                Taking::Refused(message) => {
                    self.withdraw(number)?;
                    return Err(SendError::Refused { message });
                }
                // It may have arrived: the number counts as used, and the bytes stay to be offered again.
                Taking::NumberUsed | Taking::NoAnswer => {
                    let waited = self.patience.interval * BROADCASTS;
                    return Err(SendError::Unknown { hash, waited });
                }
            }
            tokio::time::sleep(self.patience.interval).await;
        }
        Err(SendError::Refused {
            message: format!("the number was taken {RENUMBERINGS} times by another user of the key"),
        })
    }

    /// A transaction for the same call that was sent before and still counts: a sender that was told
    /// [`SendError::Unknown`] asks again, and must not pay for a second copy.
    async fn take_up(&self, numbered: &Numbered) -> Result<Option<B256>, SendError> {
        let sameness = numbered.repeat.sameness();
        if !self.book.lock().has_alike(&numbered.call, sameness) {
            return Ok(None);
        }
        let (mined, _) = self.counts().await?;
        let alike = self.book.lock().alike(&numbered.call, sameness, mined);
        for earlier in alike {
            let Earlier {
                number,
                newest,
                is_answered,
                ..
            } = earlier;
            if earlier.is_attended && numbered.repeat == Repeat::OnceMined {
                continue;
            }
            let counts = match fate_of_any(&self.chain, &earlier.hashes).await? {
                Fate::Mined(_) => numbered.repeat == Repeat::Never,
                // Whoever sent it was told that its fate is unknown: that it failed is told before it is paid for again.
                Fate::Failed(_) => !is_answered,
                Fate::Pending => true,
                // Below the mined ones somebody else's transaction has the number.
                Fate::NotKnown => number >= mined,
            };
            if counts {
                tracing::info!(number, hash = %newest, "the same call was sent before");
                self.book.lock().attend(number);
                return Ok(Some(newest));
            }
        }
        Ok(None)
    }

    /// The number for the next transaction, after mending what the pools may have lost.
    async fn next_number(&self) -> Result<u64, SendError> {
        let (mined, known) = self.counts().await?;
        let (number, missing) = {
            let book = self.book.lock();
            let number = book.number_for_a_new_call(known);
            let missing = book.entries().range(known..number);
            let missing: Vec<Bytes> = missing
                .filter_map(|(_, entry)| Some(entry.offers.last()?.raw.clone()))
                .collect();
            (number, missing)
        };
        if number.saturating_sub(mined) > REACH {
            return Err(SendError::Chain(ChainError::Malformed {
                question: "eth_getTransactionCount",
                reason: format!("{mined} transactions are mined and {known} known, more than {REACH} wait"),
            }));
        }
        for raw in missing {
            if let Taking::NoAnswer = self.offer(&raw).await {
                return Err(SendError::Chain(ChainError::Unreachable(
                    "an earlier transaction cannot be offered".into(),
                )));
            }
        }
        Ok(number)
    }

    /// How many of the account's transactions are in blocks, and the first number that the pools lack.
    async fn counts(&self) -> Result<(u64, u64), SendError> {
        let account = self.wallet.address();
        let mined = self.mined().await?;
        let known = self.chain.known_count(account).await?.max(mined);
        Ok((mined, known))
    }

    /// How many of the account's transactions are in blocks. A leap, and the first count of all, are asked for again: a
    /// number above what the chain has would wait for ever.
    async fn mined(&self) -> Result<u64, SendError> {
        let account = self.wallet.address();
        let mined = self.chain.mined_count(account).await?;
        let expected = self.book.lock().expects(mined);
        for _ in 0..if expected { 0 } else { CONFIRMATIONS } {
            let again = self.chain.mined_count(account).await?;
            if again != mined {
                return Err(SendError::Chain(ChainError::Malformed {
                    question: "eth_getTransactionCount",
                    reason: format!("{mined} transactions are mined, and {again} when asked again"),
                }));
            }
        }
        self.book.lock().believe(mined);
        Ok(mined)
    }

    /// Looks after what waits; answers whether anything does.
    async fn look(&self) -> Result<bool, SendError> {
        let (mined, known) = self.counts().await?;
        let rhythm = Rhythm {
            remind_after: self.patience.interval * REMINDER,
            raise_after: self.fees.raise_after,
        };
        if !self.book.lock().waits(mined) {
            return Ok(false);
        }
        let height = self.chain.head().await.ok().map(|head| head.reference.number);
        let needs = {
            let mut book = self.book.lock();
            height.into_iter().for_each(|height| book.see_height(height));
            book.needs(mined, known, Instant::now(), rhythm)
        };
        for need in needs {
            match need {
                Need::Reminder(number) => self.remind(number).await,
                Need::Raise(number) => self.raise(number).await?,
                Need::Filling(number) => self.fill(number).await?,
            }
        }
        Ok(true)
    }

    async fn remind(&self, number: u64) {
        let raw = {
            let mut book = self.book.lock();
            book.sent(number, Instant::now());
            book.entry(number)
                .and_then(|entry| Some(entry.offers.last()?.raw.clone()))
        };
        if let Some(raw) = raw {
            let taking = self.offer(&raw).await;
            tracing::debug!(number, ?taking, "offered again what waits");
        }
    }

    /// Offers the same call under the same number for more. Whichever is mined, it is what was asked for.
    async fn raise(&self, number: u64) -> Result<(), SendError> {
        let Some(entry) = self.book.lock().entry(number).cloned() else {
            return Ok(());
        };
        let Some(last) = entry.offers.last() else {
            return Ok(());
        };
        self.book.lock().postpone(number, Instant::now());
        let Some(fees) = self.fees.raised(last.fees, entry.gas_limit) else {
            tracing::warn!(number, "a transaction waits, and the rules allow no higher fee");
            self.remind(number).await;
            return Ok(());
        };
        let offer = self.sign(&entry.call, entry.gas_limit, fees, number)?;
        tracing::info!(number, hash = %offer.hash, total = fees.total, "a waiting transaction is offered for more");
        let raw = offer.raw.clone();
        self.note(number, &entry.call, entry.gas_limit, offer)?;
        let taking = self.offer(&raw).await;
        tracing::debug!(number, ?taking, "offered for more");
        Ok(())
    }

    /// Nobody has this number: a transfer of nothing to oneself lets those above go on.
    async fn fill(&self, number: u64) -> Result<(), SendError> {
        let call = Call {
            to: self.wallet.address(),
            value: U256::ZERO,
            data: Bytes::new(),
        };
        let fees = self.fees.current(&self.chain).await?;
        let offer = self.sign(&call, TRANSFER_GAS, fees, number)?;
        tracing::warn!(number, hash = %offer.hash, "fills a number that no pool has and that others wait for");
        let raw = offer.raw.clone();
        self.note(number, &call, TRANSFER_GAS, offer)?;
        if let Taking::NumberUsed | Taking::NumberContested | Taking::Refused(_) = self.offer(&raw).await {
            self.withdraw(number)?;
        }
        Ok(())
    }

    /// What cannot be written down is not kept in memory either, or it would be sent with the next look.
    fn note(&self, number: u64, call: &Call, gas_limit: u64, offer: Offer) -> Result<(), SendError> {
        let mut book = self.book.lock();
        let hash = offer.hash;
        book.sign(number, call, gas_limit, offer, Instant::now());
        let saved = self.save(&book);
        if saved.is_err() {
            book.retract(number, hash);
        }
        saved
    }

    fn withdraw(&self, number: u64) -> Result<(), SendError> {
        let mut book = self.book.lock();
        book.withdraw(number);
        self.save(&book)
    }

    /// A small file, written in place: the key's task has nothing else to do meanwhile.
    fn save(&self, book: &Book) -> Result<(), SendError> {
        match &self.outbox {
            Some((outbox, signer)) => Ok(outbox.save(*signer, book.entries())?),
            None => Ok(()),
        }
    }

    fn sign(&self, call: &Call, gas_limit: u64, fees: Fees, nonce: u64) -> Result<Offer, SendError> {
        let transaction = TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce,
            gas_limit,
            max_fee_per_gas: fees.total,
            max_priority_fee_per_gas: fees.tip,
            to: TxKind::Call(call.to),
            value: call.value,
            input: call.data.clone(),
            ..TxEip1559::default()
        };
        let digest = transaction.signature_hash();
        let signed = self.wallet.signer().sign_hash_sync(&digest);
        let signature = signed.map_err(|error| WalletError::Signing(error.to_string()))?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok(Offer {
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718().into(),
            fees,
        })
    }

    /// Offering the same bytes twice is harmless; so whatever is not a yes is answered by looking the hash up and
    /// offering again: a refusal may be the answer to a second copy, whose first one was taken on the way.
    async fn offer_until_answered(&self, hash: B256, raw: &Bytes) -> Taking {
        let mut last = Taking::NoAnswer;
        for _ in 0..BROADCASTS {
            let taking = self.offer(raw).await;
            if matches!(taking, Taking::Taken | Taking::NumberContested) {
                return taking;
            }
            last = match fate(&self.chain, hash).await {
                Ok(Fate::Mined(_) | Fate::Failed(_) | Fate::Pending) => return Taking::Taken,
                Ok(Fate::NotKnown) => taking,
                Err(_) => Taking::NoAnswer,
            };
            tokio::time::sleep(self.patience.interval).await;
        }
        last
    }

    /// Whether the number was used by a transaction that was not signed here. Receipts may lag behind the count, so
    /// the blocks themselves are searched; where they tell nothing, nothing is concluded.
    async fn used_by_another(&self, number: u64, hash: B256) -> bool {
        let Ok(head) = self.chain.head().await else {
            return false;
        };
        let newest = head.reference.number;
        for height in (newest.saturating_sub(SEARCHED)..=newest).rev() {
            let block = self.chain.provider().get_block(BlockId::number(height)).full().await;
            let Ok(Some(block)) = block else { return false };
            let mut own = block.transactions.txns().filter(|transaction| {
                transaction.inner.signer() == self.wallet.address() && transaction.inner.nonce() == number
            });
            if let Some(user) = own.next() {
                return *user.inner.tx_hash() != hash;
            }
        }
        false
    }

    async fn offer(&self, raw: &Bytes) -> Taking {
        let sent = self.chain.provider().send_raw_transaction(raw).await;
        match sent.map_err(ChainError::from_rpc) {
            Ok(_) => Taking::Taken,
            Err(ChainError::Refused { message, .. }) => classify(message),
            Err(ChainError::Reverted(revert)) => Taking::Refused(revert.to_string()),
            Err(_) => Taking::NoAnswer,
        }
    }
}

/// Nodes have no codes for these, only texts: geth's, reth's and anvil's are matched without regard to case.
fn classify(message: String) -> Taking {
    let text = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if says(&["already known", "already imported", "known transaction"]) {
        Taking::Taken
    } else if text.contains("nonce too low") {
        Taking::NumberUsed
    } else if says(&["replacement transaction underpriced", "replacement underpriced"]) {
        Taking::NumberContested
    } else if says(&[
        "internal error",
        "timeout",
        "timed out",
        "limit exceeded",
        "too many requests",
        "rate limit",
    ]) {
        // The node's own trouble: the bytes may have gone on before it.
        Taking::NoAnswer
    } else {
        Taking::Refused(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_common_nodes_are_understood() {
        assert!(matches!(classify("already known".into()), Taking::Taken));
        assert!(matches!(
            classify("Nonce too low: next nonce 5, tx nonce 4".into()),
            Taking::NumberUsed
        ));
        assert!(matches!(
            classify("replacement transaction underpriced".into()),
            Taking::NumberContested
        ));
        assert!(matches!(
            classify("insufficient funds for gas * price + value".into()),
            Taking::Refused(_)
        ));
        assert!(matches!(classify("Internal error".into()), Taking::NoAnswer));
    }
}
