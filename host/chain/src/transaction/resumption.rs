//! What an earlier life of an account has signed and may still be mined, read before its key is needed.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::{Fate, Outbox, OutboxError, SendError, Signer, book::Entry, receipt::fate_of_any};
use crate::{connection::Chain, error::ChainError};

/// What an account has signed on a chain, as its outbox and the endpoints have it. Reading it may fail while the chain is
/// away; a key that was opened once, such as by a passphrase from a pipe, is not lost with a try.
#[derive(Debug)]
pub struct Resumption {
    pub(super) outbox: Outbox,
    pub(super) signer: Signer,
    pub(super) signed: BTreeMap<u64, Entry>,
}

impl Resumption {
    /// Reads the outbox of an account. Of calls that the outbox is [`Outbox::dropping`] only those that a node has are gone
    /// on with.
    ///
    /// # Errors
    /// [`SendError::Outbox`] for a file that cannot be read or is another account's or chain's, and the endpoint's failure.
    pub async fn read(chain: &Chain, account: Address, outbox: Outbox) -> Result<Self, SendError> {
        let signer = Signer {
            account,
            chain_id: chain.chain_id(),
            genesis: chain.block(0).await?.reference.hash,
        };
        let mut signed = outbox.load(signer)?;
        for number in dropped(chain, &outbox, &signed).await? {
            tracing::warn!(
                number,
                "no node has it, and it was for the life that signed it: it is not offered again"
            );
            signed.remove(&number);
        }
        Ok(Self { outbox, signer, signed })
    }

    /// Refuses to go on with it as another account.
    pub(super) fn require(&self, account: Address) -> Result<(), OutboxError> {
        let expected = Signer { account, ..self.signer };
        self.outbox.require(self.signer, expected)
    }
}

/// The numbers of what only an earlier life wanted and no node has. Another call may take such a number; should the
/// first one turn up all the same, the other is signed anew.
async fn dropped(chain: &Chain, outbox: &Outbox, signed: &BTreeMap<u64, Entry>) -> Result<Vec<u64>, ChainError> {
    let mut dropped = Vec::new();
    for (number, entry) in signed.iter().filter(|(_, entry)| outbox.drops(entry)) {
        let hashes: Vec<_> = entry.offers.iter().map(|offer| offer.hash).collect();
        if fate_of_any(chain, &hashes).await? == Fate::NotKnown {
            dropped.push(*number);
        }
    }
    Ok(dropped)
}
