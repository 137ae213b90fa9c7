//! What may be asked of the keeper, and how it stands on the socket: `u32 big-endian length | CBOR`.

use alloy_primitives::Address;
use minicbor::{Decode, Encode};
use orv_receipt::{Domain, Run, Signature, cbor};
use std::io::{self, Read, Write};

/// Longest message; a statement has some 700 bytes.
const MAX_MESSAGE: usize = 4096;

/// What a key works for, fixed once for its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Binding {
    /// Chain and gateway.
    #[n(0)]
    pub(crate) domain: Domain,
    /// The registry that will admit the key.
    #[cbor(n(1), with = "cbor::address")]
    pub(crate) registry: Address,
    /// The operator.
    #[cbor(n(2), with = "cbor::address")]
    pub(crate) operator: Address,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Request {
    /// The public key.
    #[n(0)]
    PublicKey,
    /// Bind the key; the same binding may be asked for again.
    #[n(1)]
    Bind(#[n(0)] Binding),
    /// Sign a statement.
    #[n(2)]
    Sign(#[n(0)] Box<SignRequest>),
}

/// A statement and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SignRequest {
    /// Chain and gateway: those that the key is bound to, or nothing is signed.
    #[n(0)]
    pub(crate) domain: Domain,
    /// The statement.
    #[n(1)]
    pub(crate) run: Run,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Answer {
    /// SEC1, uncompressed.
    #[n(0)]
    PublicKey(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The key is bound.
    #[n(1)]
    Bound,
    /// The signature.
    #[n(2)]
    Signed(#[n(0)] Signature),
    /// Not done, and why.
    #[n(3)]
    Refused(#[n(0)] Refusal),
}

/// Why the keeper refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub(crate) enum Refusal {
    /// The key is bound to something else.
    #[n(0)]
    #[error("the key is bound to another chain, registry, gateway or operator")]
    OtherBinding,
    /// Nothing may be signed before the key is bound.
    #[n(1)]
    #[error("the key is not bound yet")]
    Unbound,
    /// One statement per ticket.
    #[n(2)]
    #[error("this ticket has its statement already")]
    TicketUsed,
    /// The key's verdicts are used up.
    #[n(3)]
    #[error("the key has signed as many statements as it may")]
    VerdictsUsed,
    /// The key is too old.
    #[n(4)]
    #[error("the key is older than a day")]
    TooOld,
    /// The signer failed.
    #[n(5)]
    #[error("signing failed")]
    Signing,
}

/// Writes one message.
pub(crate) fn write<T: Encode<()>>(sink: &mut impl Write, message: &T) -> io::Result<()> {
    let body = cbor::encode(message);
    let length = u32::try_from(body.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    sink.write_all(&length.to_be_bytes())?;
    sink.write_all(&body)?;
    sink.flush()
}

/// Reads one message; the end of the stream before its first byte is `None`.
pub(crate) fn read<T>(source: &mut impl Read) -> io::Result<Option<T>>
where
    T: for<'b> Decode<'b, ()> + Encode<()>,
{
    let mut length = [0u8; 4];
    match source.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("message of {length} bytes"),
        ));
    }
    let mut body = vec![0u8; length];
    source.read_exact(&mut body)?;
    let message = cbor::decode_canonical(&body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some(message))
}
