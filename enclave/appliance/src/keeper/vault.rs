//! The key and its rules: pure, apart from the random bytes it is made of.

use super::request::{Answer, Binding, Refusal, Request, SignRequest};
use alloy_primitives::B256;
use k256::ecdsa::SigningKey;
use orv_receipt::Signature;
use std::collections::BTreeSet;
use std::time::Duration;
use zeroize::Zeroizing;

/// Most statements of one key, the same number as on chain.
pub(super) const MAX_VERDICTS: usize = orv_receipt::MOST_VERDICTS as usize;

/// Longest life of a key.
pub(super) const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// One key, what it is bound to and what it has signed for.
pub(super) struct Vault {
    key: SigningKey,
    binding: Option<Binding>,
    tickets: BTreeSet<B256>,
}

impl Vault {
    /// A key from 32 random bytes; nothing if they are no scalar of the curve (one chance in 2^127).
    pub(super) fn from_entropy(entropy: Zeroizing<[u8; 32]>) -> Option<Self> {
        let key = SigningKey::from_slice(entropy.as_slice()).ok()?;
        Some(Self {
            key,
            binding: None,
            tickets: BTreeSet::new(),
        })
    }

    /// Answers one request; `age` is the key's age by a counter that the host cannot set.
    pub(super) fn answer(&mut self, request: Request, age: Duration) -> Answer {
        match request {
            Request::PublicKey => {
                Answer::PublicKey(self.key.verifying_key().to_encoded_point(false).as_bytes().to_vec())
            }
            Request::Bind(binding) => match self.bind(binding) {
                Ok(()) => Answer::Bound,
                Err(refusal) => Answer::Refused(refusal),
            },
            Request::Sign(request) => match self.sign(&request, age) {
                Ok(signature) => Answer::Signed(signature),
                Err(refusal) => Answer::Refused(refusal),
            },
        }
    }

    fn bind(&mut self, binding: Binding) -> Result<(), Refusal> {
        match self.binding {
            Some(known) if known != binding => Err(Refusal::OtherBinding),
            _ => {
                self.binding = Some(binding);
                Ok(())
            }
        }
    }

    fn sign(&mut self, request: &SignRequest, age: Duration) -> Result<Signature, Refusal> {
        let binding = self.binding.ok_or(Refusal::Unbound)?;
        if binding.domain != request.domain {
            return Err(Refusal::OtherBinding);
        }
        if age >= MAX_AGE {
            return Err(Refusal::TooOld);
        }
        if self.tickets.contains(&request.run.ticket) {
            return Err(Refusal::TicketUsed);
        }
        if self.tickets.len() >= MAX_VERDICTS {
            return Err(Refusal::VerdictsUsed);
        }
        self.tickets.insert(request.run.ticket);
        Signature::sign(&self.key, &request.run.signing_hash(&request.domain)).map_err(|_| Refusal::Signing)
    }
}
