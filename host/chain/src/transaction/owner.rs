//! One owner of the nonce per key.
//!
//! Two senders with one key take the same nonce, and one of the two transactions silently replaces the other. So a
//! [`Wallet`] is consumed by exactly one task, which numbers, signs and broadcasts one transaction after the other;
//! simulation, fees and waiting happen in the callers, side by side.

use std::collections::BTreeMap;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{BlockId, eip2718::Encodable2718},
    primitives::{Address, B256, Bytes, TxKind},
    providers::Provider,
    signers::SignerSync,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    Call, Fate, FeeRules, Fees, Mined, Patience, SendError,
    fees::gas_limit,
    receipt::{fate, request, simulate, wait},
};
use crate::{connection::Chain, error::ChainError, wallet::Wallet, wallet::WalletError};

/// Most transactions waiting for their number at a time.
const QUEUE: usize = 256;
/// How often the same signed bytes are offered again when the endpoint gives no answer.
const BROADCASTS: u32 = 3;
/// How often a transaction is signed anew because its number was taken by another user of the key.
const RENUMBERINGS: u32 = 5;

/// A handle to the task that owns a key's nonce. Clones share the task.
#[derive(Debug, Clone)]
pub struct TransactionOwner {
    queue: mpsc::Sender<Numbered>,
    chain: Chain,
    address: Address,
    fees: FeeRules,
    patience: Patience,
}

/// A transaction that lacks only its number and signature.
struct Numbered {
    call: Call,
    fees: Fees,
    gas_limit: u64,
    reply: oneshot::Sender<Result<B256, SendError>>,
}

impl TransactionOwner {
    /// Takes the key and starts its task on the current tokio runtime. The task ends with the last handle.
    pub fn start(chain: Chain, wallet: Wallet, fees: FeeRules, patience: Patience) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let address = wallet.address();
        let task = Task {
            chain: chain.clone(),
            wallet,
            patience,
            next: None,
            unconfirmed: BTreeMap::new(),
        };
        tokio::spawn(task.run(requests));
        Self {
            queue,
            chain,
            address,
            fees,
            patience,
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

    /// Simulates, sends, and waits for the receipt.
    ///
    /// # Errors
    /// Every variant of [`SendError`] says whether something was sent; [`SendError::Unknown`] is never "not sent".
    pub async fn send(&self, call: Call) -> Result<Mined, SendError> {
        let hash = self.submit(call.clone()).await?;
        wait(&self.chain, hash, self.address, &call, self.patience).await
    }

    /// Simulates and sends without waiting; answers the transaction's hash.
    ///
    /// # Errors
    /// As [`Self::send`], except that nothing about the block is known yet.
    pub async fn submit(&self, call: Call) -> Result<B256, SendError> {
        self.simulate(&call).await?;
        let estimate = self.chain.provider().estimate_gas(request(self.address, &call));
        let estimate = estimate.await.map_err(ChainError::from_rpc)?;
        let fees = self.fees.current(&self.chain).await?;
        let (reply, answer) = oneshot::channel();
        let numbered = Numbered {
            call,
            fees,
            gas_limit: gas_limit(estimate),
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

    /// What the chain knows of a transaction now.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn fate(&self, hash: B256) -> Result<Fate, ChainError> {
        fate(&self.chain, hash).await
    }
}

/// The only holder of the key.
struct Task {
    chain: Chain,
    wallet: Wallet,
    patience: Patience,
    next: Option<u64>,
    /// Signed and offered, not yet seen in a block: offered again whenever the pool forgets them, since a gap in the
    /// numbers would hold up everything after it.
    unconfirmed: BTreeMap<u64, Bytes>,
}

/// What the endpoint said to signed bytes.
enum Offer {
    Taken,
    NumberUsed,
    Refused(String),
    NoAnswer,
}

impl Task {
    async fn run(mut self, mut requests: mpsc::Receiver<Numbered>) {
        while let Some(numbered) = requests.recv().await {
            let outcome = self.number_and_send(&numbered).await;
            if numbered.reply.send(outcome).is_err() {
                tracing::debug!("a transaction's sender went away before it was sent");
            }
        }
    }

    async fn number_and_send(&mut self, numbered: &Numbered) -> Result<B256, SendError> {
        for _ in 0..RENUMBERINGS {
            let nonce = self.next_number().await?;
            let (hash, raw) = self.sign(numbered, nonce)?;
            match self.offer_until_answered(hash, &raw).await {
                Offer::Taken => {
                    self.keep(nonce, raw);
                    return Ok(hash);
                }
                Offer::NumberUsed => self.next = None,
                Offer::Refused(message) => return Err(SendError::Refused { message }),
                Offer::NoAnswer => {
                    // It may have arrived: the number counts as used, and the bytes stay to be offered again.
                    self.keep(nonce, raw);
                    return Err(SendError::Unknown {
                        hash,
                        waited: self.patience.interval * BROADCASTS,
                    });
                }
            }
        }
        Err(SendError::Refused {
            message: format!("the number was taken {RENUMBERINGS} times by another user of the key"),
        })
    }

    fn keep(&mut self, nonce: u64, raw: Bytes) {
        self.unconfirmed.insert(nonce, raw);
        self.next = Some(nonce.saturating_add(1));
    }

    /// The number for the next transaction, after mending what the pool may have lost.
    async fn next_number(&mut self) -> Result<u64, SendError> {
        let provider = self.chain.provider();
        let address = self.wallet.address();
        let mined = provider
            .get_transaction_count(address)
            .await
            .map_err(ChainError::from_rpc)?;
        let known = provider
            .get_transaction_count(address)
            .pending()
            .await
            .map_err(ChainError::from_rpc)?;
        self.unconfirmed.retain(|nonce, _| *nonce >= mined);
        let Some(next) = self.next.filter(|next| *next > known) else {
            return Ok(known);
        };
        if (known..next).any(|nonce| !self.unconfirmed.contains_key(&nonce)) {
            return Ok(known);
        }
        for raw in self.unconfirmed.range(known..next).map(|(_, raw)| raw) {
            if let Offer::NoAnswer = self.offer(raw).await {
                return Err(SendError::Chain(ChainError::Unreachable(
                    "an earlier transaction cannot be offered".into(),
                )));
            }
        }
        Ok(next)
    }

    fn sign(&self, numbered: &Numbered, nonce: u64) -> Result<(B256, Bytes), SendError> {
        let transaction = TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce,
            gas_limit: numbered.gas_limit,
            max_fee_per_gas: numbered.fees.total,
            max_priority_fee_per_gas: numbered.fees.tip,
            to: TxKind::Call(numbered.call.to),
            value: numbered.call.value,
            input: numbered.call.data.clone(),
            ..TxEip1559::default()
        };
        let digest = transaction.signature_hash();
        let signed = self.wallet.signer().sign_hash_sync(&digest);
        let signature = signed.map_err(|error| WalletError::Signing(error.to_string()))?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok((*envelope.tx_hash(), envelope.encoded_2718().into()))
    }

    /// Offering the same bytes twice is harmless; so silence is answered by looking the hash up and offering again.
    async fn offer_until_answered(&self, hash: B256, raw: &Bytes) -> Offer {
        for _ in 0..BROADCASTS {
            let offer = self.offer(raw).await;
            if matches!(offer, Offer::Taken) {
                return offer;
            }
            match fate(&self.chain, hash).await {
                Ok(Fate::Mined(_) | Fate::Failed(_) | Fate::Pending) => return Offer::Taken,
                Ok(Fate::NotKnown) if !matches!(offer, Offer::NoAnswer) => return offer,
                Ok(Fate::NotKnown) | Err(_) => tokio::time::sleep(self.patience.interval).await,
            }
        }
        Offer::NoAnswer
    }

    async fn offer(&self, raw: &Bytes) -> Offer {
        match self
            .chain
            .provider()
            .send_raw_transaction(raw)
            .await
            .map_err(ChainError::from_rpc)
        {
            Ok(_) => Offer::Taken,
            Err(ChainError::Refused { message, .. }) => classify(message),
            Err(ChainError::Reverted(revert)) => Offer::Refused(revert.to_string()),
            Err(_) => Offer::NoAnswer,
        }
    }
}

/// Nodes have no codes for these, only texts: geth's, reth's and anvil's are matched without regard to case.
fn classify(message: String) -> Offer {
    let text = message.to_lowercase();
    if text.contains("already known") || text.contains("already imported") || text.contains("known transaction") {
        Offer::Taken
    } else if text.contains("nonce too low") || text.contains("replacement transaction underpriced") {
        Offer::NumberUsed
    } else {
        Offer::Refused(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_common_nodes_are_understood() {
        assert!(matches!(classify("already known".into()), Offer::Taken));
        assert!(matches!(
            classify("Nonce too low: next nonce 5, tx nonce 4".into()),
            Offer::NumberUsed
        ));
        assert!(matches!(
            classify("replacement transaction underpriced".into()),
            Offer::NumberUsed
        ));
        assert!(matches!(
            classify("insufficient funds for gas * price + value".into()),
            Offer::Refused(_)
        ));
    }
}
