//! Intel's revocation lists (RFC 5280 5): the root's and the platform authority's.

use x509_cert::der::asn1::{ContextSpecific, IntRef};
use x509_cert::der::{Decode, Error, Reader, SliceReader, Tag, TagNumber};
use x509_cert::ext::Extensions;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::certificate::{Certificate, ECDSA_WITH_SHA256, Signed, unix, without_sign};
use super::signature::signed_by;
use super::{TdxError, TdxPart};
use crate::Validity;

/// Longest list, in bytes.
const MAXIMUM_LIST: usize = 1 << 20;

/// A list that parses. Who signed it is asked with [`RevocationList::issued_by`].
pub(super) struct RevocationList {
    pub(super) part: TdxPart,
    pub(super) issuer: Name,
    pub(super) validity: Validity,
    /// Serial numbers, big-endian.
    revoked: Vec<Vec<u8>>,
    der: Vec<u8>,
}

/// What a list says, as far as it is looked at.
struct Contents {
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    revoked: Vec<Vec<u8>>,
    extensions: Extensions,
}

impl RevocationList {
    pub(super) fn parse(der: &[u8], part: TdxPart) -> Result<Self, TdxError> {
        let malformed = |cause: String| TdxError::Malformed { part, cause };
        if der.len() > MAXIMUM_LIST {
            return Err(malformed(format!("{} bytes are too long", der.len())));
        }
        let signed = Signed::parse(der).map_err(malformed)?;
        let contents = Contents::parse(signed.contents).map_err(|error| malformed(error.to_string()))?;
        // A critical one narrows what the list speaks of: to a scope, or to what changed since another list.
        if let Some(critical) = contents.extensions.iter().find(|extension| extension.critical) {
            return Err(malformed(format!("unknown critical extension {}", critical.extn_id)));
        }
        let next_update = contents
            .next_update
            .ok_or_else(|| malformed("no next update".to_owned()))?;
        Ok(Self {
            part,
            issuer: contents.issuer,
            validity: Validity {
                not_before: unix(contents.this_update),
                not_after: unix(next_update),
            },
            revoked: contents.revoked,
            der: der.to_vec(),
        })
    }

    /// Whether `authority` issued this list.
    pub(super) fn issued_by(&self, authority: &Certificate) -> Result<(), TdxError> {
        let malformed = |cause| TdxError::Malformed { part: self.part, cause };
        let signed = Signed::parse(&self.der).map_err(malformed)?;
        if self.issuer != authority.subject || !signed_by(&authority.public_key, signed.contents, signed.signature) {
            return Err(TdxError::CollateralSignature(self.part));
        }
        Ok(())
    }

    /// Whether it names this serial number (big-endian).
    pub(super) fn names(&self, serial: &[u8]) -> bool {
        self.revoked.iter().any(|revoked| revoked == serial)
    }

    /// Fails when `certificate`, which is that `part`, is on the list.
    pub(super) fn allows(&self, certificate: &Certificate, part: TdxPart) -> Result<(), TdxError> {
        if self.names(&certificate.serial) {
            Err(TdxError::Revoked(part))
        } else {
            Ok(())
        }
    }
}

impl Contents {
    /// `TBSCertList`, of version 2.
    fn parse(der: &[u8]) -> Result<Self, Error> {
        let mut outer = SliceReader::new(der)?;
        let contents = outer.sequence(|reader| {
            if u8::decode(reader)? != 1 {
                return Err(Tag::Integer.value_error());
            }
            if reader.tlv_bytes()? != ECDSA_WITH_SHA256 {
                return Err(Tag::Sequence.value_error());
            }
            let issuer = Name::decode(reader)?;
            let this_update = Time::decode(reader)?;
            let next_update = match reader.peek_tag() {
                Ok(Tag::UtcTime | Tag::GeneralizedTime) => Some(Time::decode(reader)?),
                _ => None,
            };
            let revoked = match reader.peek_tag() {
                Ok(Tag::Sequence) => reader.sequence(serial_numbers)?,
                _ => Vec::new(),
            };
            let extensions = ContextSpecific::decode_explicit(reader, TagNumber::N0)?;
            Ok(Self {
                issuer,
                this_update,
                next_update,
                revoked,
                extensions: extensions.map(|given| given.value).unwrap_or_default(),
            })
        })?;
        outer.finish(contents)
    }
}

/// The first field of each entry; when and why does not matter here.
fn serial_numbers<'a, R: Reader<'a>>(reader: &mut R) -> Result<Vec<Vec<u8>>, Error> {
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(reader.sequence(|entry| {
            let serial = IntRef::decode(entry)?;
            entry.read_slice(entry.remaining_len())?;
            Ok(without_sign(serial.as_bytes()).to_vec())
        })?);
    }
    Ok(found)
}
