//! What Intel writes into a platform's certificate (Intel SGX PCK Certificate and CRL Profile, 1.3.5).

use std::collections::BTreeMap;

use x509_cert::TbsCertificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use x509_cert::der::{Decode, Error, Reader, SliceReader, Tag};

use super::TdxError;

const SGX_EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

/// The arcs below [`SGX_EXTENSION`], and those of the TCB below its own.
const PPID: u32 = 1;
const TCB: u32 = 2;
const PCE_ID: u32 = 3;
const FMSPC: u32 = 4;
const PCE_SVN: u32 = 17;

/// The platform as its certificate describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlatformExtension {
    pub(super) ppid: [u8; 16],
    pub(super) fmspc: [u8; 6],
    pub(super) pce_id: [u8; 2],
    /// The sixteen components of the processor's TCB.
    pub(super) components: [u8; 16],
    pub(super) pce_svn: u16,
}

impl PlatformExtension {
    /// The extension's bytes in a certificate that has it, once.
    pub(super) fn find(contents: &TbsCertificate) -> Result<Option<&[u8]>, String> {
        let extensions = contents.extensions.as_deref().unwrap_or_default();
        let mut found = extensions.iter().filter(|extension| extension.extn_id == SGX_EXTENSION);
        let first = found.next().map(|extension| extension.extn_value.as_bytes());
        match found.next() {
            None => Ok(first),
            Some(_) => Err("the platform's extension comes twice".to_owned()),
        }
    }

    pub(super) fn parse(extension: &[u8]) -> Result<Self, TdxError> {
        let fields = Arcs::read_outer(extension)?;
        let tcb = fields.get(TCB)?;
        let tcb = Arcs::read(tcb.value()).map_err(|error| malformed(&error))?;
        let mut components = [0; 16];
        for (arc, component) in (1..).zip(&mut components) {
            *component = tcb.number(arc)?;
        }
        Ok(Self {
            ppid: fields.octets(PPID)?,
            fmspc: fields.octets(FMSPC)?,
            pce_id: fields.octets(PCE_ID)?,
            components,
            pce_svn: tcb.number(PCE_SVN)?,
        })
    }
}

/// A sequence of pairs, by the last arc of each name.
struct Arcs<'a>(BTreeMap<u32, AnyRef<'a>>);

impl<'a> Arcs<'a> {
    fn read_outer(extension: &'a [u8]) -> Result<Self, TdxError> {
        let outer = AnyRef::from_der(extension).map_err(|error| malformed(&error))?;
        if x509_cert::der::Tagged::tag(&outer) != Tag::Sequence {
            return Err(malformed(&"not a sequence"));
        }
        Self::read(outer.value()).map_err(|error| malformed(&error))
    }

    fn read(contents: &'a [u8]) -> Result<Self, Error> {
        let mut reader = SliceReader::new(contents)?;
        let mut found = BTreeMap::new();
        while !reader.is_finished() {
            let (name, value) = reader.sequence(|pair| Ok((ObjectIdentifier::decode(pair)?, AnyRef::decode(pair)?)))?;
            let arc = name.arcs().last().unwrap_or_default();
            if found.insert(arc, value).is_some() {
                return Err(Tag::ObjectIdentifier.value_error());
            }
        }
        Ok(Self(found))
    }

    fn get(&self, arc: u32) -> Result<AnyRef<'a>, TdxError> {
        self.0
            .get(&arc)
            .copied()
            .ok_or_else(|| TdxError::PlatformExtension(format!("field {arc} is missing")))
    }

    fn octets<const N: usize>(&self, arc: u32) -> Result<[u8; N], TdxError> {
        let octets: OctetStringRef<'_> = self.get(arc)?.decode_as().map_err(|error| malformed(&error))?;
        octets
            .as_bytes()
            .try_into()
            .map_err(|_| TdxError::PlatformExtension(format!("field {arc} has {} bytes", octets.as_bytes().len())))
    }

    fn number<T>(&self, arc: u32) -> Result<T, TdxError>
    where
        T: x509_cert::der::Choice<'a> + x509_cert::der::DecodeValue<'a>,
    {
        self.get(arc)?.decode_as().map_err(|error| malformed(&error))
    }
}

fn malformed(cause: &dyn std::fmt::Display) -> TdxError {
    TdxError::PlatformExtension(cause.to_string())
}
