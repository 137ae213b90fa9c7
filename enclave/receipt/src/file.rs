//! The receipt file: one canonical CBOR map, nothing after it (DESIGN 5.9).

use crate::bundle::{BUNDLE_VERSION, Bundle};
use crate::cbor::{self, CanonicalError};
use crate::signature::Signature;
use crate::statement::{Domain, Run};
use alloy_primitives::B256;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// The only version of the file there is.
pub const RECEIPT_VERSION: u8 = 1;

/// Longest receipt that is read, in bytes.
pub const MAX_RECEIPT: usize = 256 << 20;

/// Everything that a stranger needs to check one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// [`RECEIPT_VERSION`].
    #[n(0)]
    pub version: u8,
    /// Chain and gateway of the statement.
    #[n(1)]
    pub domain: Domain,
    /// The statement.
    #[n(2)]
    pub run: Run,
    /// The enclave key's signature over it.
    #[n(3)]
    pub signature: Signature,
    /// The bundle's canonical bytes.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub bundle: Vec<u8>,
    /// The envelope that endorses the key, canonical.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub envelope: Vec<u8>,
    /// The block whose hash made the challenge of the evidence.
    #[n(6)]
    pub challenge_block: ChallengeBlock,
    /// What the hardware's vendor published and the evidence needs beside itself, as it was when the key was used: for
    /// TDX Intel's collateral. Absent where the envelope brings all there is to bring. Nothing signs it here: every piece
    /// carries its vendor's signature, and is believed for that alone.
    #[n(7)]
    pub collateral: Option<DatedCollateral>,
}

/// Most pieces of collateral in a receipt.
pub const MAX_COLLATERAL_PIECES: usize = 16;
/// Longest piece, in bytes.
pub const MAX_COLLATERAL_PIECE: usize = 1 << 20;

/// Pieces of collateral, each as its vendor published it; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct DatedCollateral(#[n(0)] Vec<ByteVec>);

impl DatedCollateral {
    /// Those pieces, or nothing where there is none.
    ///
    /// # Errors
    /// [`ReceiptError::Collateral`] for more, longer or empty pieces than [`Receipt::decode`] takes.
    pub fn of(pieces: Vec<Vec<u8>>) -> Result<Option<Self>, ReceiptError> {
        if pieces.is_empty() {
            return Ok(None);
        }
        Self(pieces.into_iter().map(ByteVec::from).collect())
            .bounded()
            .map(Some)
    }

    /// The pieces, in their order.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|piece| piece.as_slice())
    }

    fn bounded(self) -> Result<Self, ReceiptError> {
        let wrong = self
            .pieces()
            .find(|piece| piece.is_empty() || piece.len() > MAX_COLLATERAL_PIECE);
        match wrong {
            Some(piece) => Err(ReceiptError::CollateralPiece(piece.len())),
            None if self.0.is_empty() || self.0.len() > MAX_COLLATERAL_PIECES => {
                Err(ReceiptError::Collateral(self.0.len()))
            }
            None => Ok(self),
        }
    }
}

/// The block that makes a challenge fresh: nobody knew its hash before it was made (DESIGN 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ChallengeBlock {
    /// Its number.
    #[n(0)]
    pub number: u64,
    /// Its hash.
    #[cbor(n(1), with = "cbor::word")]
    pub hash: B256,
}

/// Why a file is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than [`MAX_RECEIPT`].
    #[error("{0} bytes are more than a receipt may have")]
    TooLong(usize),
    /// Not one canonical map of the known fields.
    #[error("{0}")]
    Encoding(#[from] CanonicalError),
    /// Another version.
    #[error("receipt version {0}, this program reads version {RECEIPT_VERSION}")]
    Version(u8),
    /// No piece of collateral where some is announced, or more than [`MAX_COLLATERAL_PIECES`].
    #[error("collateral of {0} pieces")]
    Collateral(usize),
    /// A piece of collateral that is empty or longer than [`MAX_COLLATERAL_PIECE`].
    #[error("a piece of collateral of {0} bytes")]
    CollateralPiece(usize),
    /// The bundle inside has another version.
    #[error("bundle version {0}, this program reads version {BUNDLE_VERSION}")]
    BundleVersion(u8),
    /// The bundle inside is not canonical.
    #[error("bundle: {0}")]
    Bundle(CanonicalError),
}

impl Receipt {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a file; anything but the canonical bytes is refused.
    ///
    /// # Errors
    /// [`ReceiptError`]: too long, not canonical, or another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT {
            return Err(ReceiptError::TooLong(bytes.len()));
        }
        let receipt: Self = cbor::decode_canonical(bytes)?;
        if receipt.version != RECEIPT_VERSION {
            return Err(ReceiptError::Version(receipt.version));
        }
        let collateral = receipt.collateral.map(DatedCollateral::bounded).transpose()?;
        Ok(Self { collateral, ..receipt })
    }

    /// The bundle inside.
    ///
    /// # Errors
    /// [`ReceiptError::Bundle`] and [`ReceiptError::BundleVersion`].
    pub fn bundle(&self) -> Result<Bundle, ReceiptError> {
        let bundle = Bundle::decode(&self.bundle).map_err(ReceiptError::Bundle)?;
        if bundle.version != BUNDLE_VERSION {
            return Err(ReceiptError::BundleVersion(bundle.version));
        }
        Ok(bundle)
    }
}
