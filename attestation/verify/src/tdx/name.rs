//! Names of certificates as people read them.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::name::Name;

/// What Intel's names are made of. Other attributes are looked up in the long table of all, which takes its time.
const USUAL: [(ObjectIdentifier, &str); 5] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
];

/// The name in the form of RFC 4514.
pub(super) fn shown(name: &Name) -> String {
    let mut text = String::new();
    for part in name.0.iter().rev() {
        let mut attributes = part.0.iter();
        let (Some(attribute), None) = (attributes.next(), attributes.next()) else {
            return name.to_string();
        };
        let Some((short, value)) = usual(attribute) else {
            return name.to_string();
        };
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(short);
        text.push('=');
        for letter in value.chars() {
            if letter == ',' {
                text.push('\\');
            }
            text.push(letter);
        }
    }
    text
}

/// A usual attribute whose value needs no escape but of commas.
fn usual(attribute: &AttributeTypeAndValue) -> Option<(&'static str, &str)> {
    let (_, short) = USUAL.iter().find(|(known, _)| *known == attribute.oid)?;
    let value = &attribute.value;
    let text = Utf8StringRef::try_from(value)
        .map(|text| text.as_str())
        .or_else(|_| PrintableStringRef::try_from(value).map(|text| text.as_str()))
        .ok()?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '.' | '-' | ',');
    (text.trim() == text && text.chars().all(plain)).then_some((*short, text))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn every_name_is_shown_as_the_standard_asks() {
        for text in [
            "C=US,ST=CA,L=Santa Clara,O=Intel Corporation,CN=Intel SGX PCK Certificate",
            "CN=with\\2C comma",
            "O=SIMULATED\\2C private key published,CN=\\2C first\\2C",
            "CN=with\\22quotes\\22",
            "CN=one+O=two",
            "DC=org,CN=another attribute",
        ] {
            let name = Name::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(shown(&name), name.to_string());
        }
    }
}
