//! The extensions of AMD's certificates (AMD publication 57230, table "VCEK/VLEK certificate extensions").

use x509_cert::der::Decode;
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, OctetStringRef};
use x509_cert::ext::Extension;

use super::super::{Link, SnpError};

const fn amd(text: &'static str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(super) const PRODUCT_NAME: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.2");
pub(super) const BOOT_LOADER: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.1");
pub(super) const TEE: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.2");
pub(super) const SNP: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.3");
pub(super) const RESERVED_4: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.4");
pub(super) const RESERVED_5: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.5");
pub(super) const RESERVED_6: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.6");
pub(super) const RESERVED_7: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.7");
pub(super) const MICROCODE: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.8");
pub(super) const FMC: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.3.9");
pub(super) const HARDWARE_ID: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.4");
pub(super) const PROVIDER: ObjectIdentifier = amd("1.3.6.1.4.1.3704.1.5");

/// Basic constraints and key usage (RFC 5280 4.2.1.9 and 4.2.1.3): what is understood where it is critical.
const AUTHORITY_EXTENSIONS: [ObjectIdentifier; 2] = [amd("2.5.29.19"), amd("2.5.29.15")];

/// The extensions of one certificate: none twice, none critical that is not understood.
pub(super) struct Extensions<'a> {
    extensions: &'a [Extension],
    link: Link,
}

impl<'a> Extensions<'a> {
    pub(super) fn new(extensions: Option<&'a Vec<Extension>>, link: Link) -> Result<Self, SnpError> {
        let extensions = extensions.map(Vec::as_slice).unwrap_or_default();
        for (position, extension) in extensions.iter().enumerate() {
            let name = extension.extn_id;
            if extensions
                .iter()
                .skip(position.saturating_add(1))
                .any(|later| later.extn_id == name)
            {
                return Err(SnpError::DoubledExtension {
                    certificate: link,
                    extension: name.to_string(),
                });
            }
            if extension.critical && !AUTHORITY_EXTENSIONS.contains(&name) {
                return Err(SnpError::CriticalExtension {
                    certificate: link,
                    extension: name.to_string(),
                });
            }
        }
        Ok(Self { extensions, link })
    }

    fn value(&self, identifier: ObjectIdentifier) -> Option<&'a [u8]> {
        let mut found = self
            .extensions
            .iter()
            .filter(|extension| extension.extn_id == identifier);
        found.next().map(|extension| extension.extn_value.as_bytes())
    }

    /// A version number of one byte, DER `INTEGER`.
    pub(super) fn number(&self, identifier: ObjectIdentifier, name: &'static str) -> Result<u8, SnpError> {
        let value = self.value(identifier).ok_or(SnpError::MissingExtension(name))?;
        u8::from_der(value).map_err(|error| self.malformed(name, &error))
    }

    /// A version number of a component that has none yet: zero where the extension is absent.
    pub(super) fn reserved(&self, identifier: ObjectIdentifier, name: &'static str) -> Result<u8, SnpError> {
        match self.value(identifier) {
            None => Ok(0),
            Some(_) => self.number(identifier, name),
        }
    }

    pub(super) fn text(&self, identifier: ObjectIdentifier, name: &'static str) -> Result<Option<String>, SnpError> {
        let Some(value) = self.value(identifier) else {
            return Ok(None);
        };
        let text = Ia5StringRef::from_der(value).map_err(|error| self.malformed(name, &error))?;
        Ok(Some(text.to_string()))
    }

    /// The chip's identifier of `size` bytes: bare, as all certificates had it at first, or in an `OCTET STRING`.
    pub(super) fn hardware_id(&self, size: usize) -> Result<Option<Vec<u8>>, SnpError> {
        const NAME: &str = "hwID";
        let Some(value) = self.value(HARDWARE_ID) else {
            return Ok(None);
        };
        if value.len() == size {
            return Ok(Some(value.to_vec()));
        }
        let inside = OctetStringRef::from_der(value).map_err(|error| self.malformed(NAME, &error))?;
        if inside.as_bytes().len() != size {
            return Err(self.malformed(NAME, &format_args!("{} bytes, not {size}", inside.as_bytes().len())));
        }
        Ok(Some(inside.as_bytes().to_vec()))
    }

    fn malformed(&self, name: &str, cause: &dyn std::fmt::Display) -> SnpError {
        SnpError::Malformed {
            certificate: self.link,
            cause: format!("{name}: {cause}"),
        }
    }
}
