//! Distinguished names.

use super::der::{PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, element, identifier};

/// One kind of attribute of a name (RFC 5280 A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// CN.
    CommonName,
    /// C, a `PrintableString` as it must be.
    Country,
    /// L.
    Locality,
    /// ST.
    State,
    /// O.
    Organization,
    /// OU.
    OrganizationalUnit,
}

impl Attribute {
    const fn identifier(self) -> [u8; 3] {
        match self {
            Self::CommonName => [0x55, 0x04, 0x03],
            Self::Country => [0x55, 0x04, 0x06],
            Self::Locality => [0x55, 0x04, 0x07],
            Self::State => [0x55, 0x04, 0x08],
            Self::Organization => [0x55, 0x04, 0x0a],
            Self::OrganizationalUnit => [0x55, 0x04, 0x0b],
        }
    }

    const fn string(self) -> u8 {
        match self {
            Self::Country => PRINTABLE_STRING,
            _ => UTF8_STRING,
        }
    }
}

/// A distinguished name: attributes in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub Vec<(Attribute, String)>);

impl Name {
    /// A name of a common name alone.
    pub fn common(name: &str) -> Self {
        Self(vec![(Attribute::CommonName, name.to_owned())])
    }

    /// A name of these attributes.
    pub fn of(attributes: &[(Attribute, &str)]) -> Self {
        Self(
            attributes
                .iter()
                .map(|(attribute, value)| (*attribute, (*value).to_owned()))
                .collect(),
        )
    }

    /// The first common name, or nothing.
    pub fn common_name(&self) -> &str {
        self.0
            .iter()
            .find(|(attribute, _)| *attribute == Attribute::CommonName)
            .map_or("", |(_, value)| value)
    }

    /// The DER `RDNSequence`, one attribute in each set.
    pub fn encode(&self) -> Vec<u8> {
        let sets: Vec<u8> = self
            .0
            .iter()
            .flat_map(|(attribute, value)| {
                let pair = element(
                    SEQUENCE,
                    &[
                        &identifier(&attribute.identifier()),
                        &element(attribute.string(), &[value.as_bytes()]),
                    ],
                );
                element(SET, &[&pair])
            })
            .collect();
        element(SEQUENCE, &[&sets])
    }
}
