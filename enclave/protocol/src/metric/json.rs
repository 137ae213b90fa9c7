//! The number that a JSON pointer names in what a run printed.
//!
//! The reference leaves open which document is meant (openresearch.md 4.2). Here it is the only line of the output that
//! is, as a whole, a JSON object with something at the pointer: no second such line, no key doubled on the way, and
//! what is there is a number, whose text is taken as it stands, never through a float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Decimal, MetricError, decimal};
use crate::document::FieldError;

/// A JSON pointer (RFC 6901) with at least one part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pointer {
    parts: Vec<String>,
}

impl Pointer {
    /// Longest pointer, in bytes.
    pub const LONGEST: usize = 1024;
}

impl TryFrom<String> for Pointer {
    type Error = FieldError;

    fn try_from(given: String) -> Result<Self, FieldError> {
        let escapes_hold = given.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
        match given.strip_prefix('/') {
            Some(parts) if escapes_hold && given.len() <= Pointer::LONGEST => Ok(Pointer {
                parts: parts
                    .split('/')
                    .map(|part| part.replace("~1", "/").replace("~0", "~"))
                    .collect(),
            }),
            _ => Err(FieldError::Pointer { given }),
        }
    }
}

/// The number at the pointer.
pub(super) fn number(pointer: &Pointer, output: &str) -> Result<Decimal, MetricError> {
    let mut found = None;
    for line in output.lines() {
        let line = line.trim_matches([' ', '\t', '\r']);
        let document = line.starts_with('{').then(|| serde_json::from_str::<&RawValue>(line));
        let Some(Ok(document)) = document else { continue };
        if let Some(value) = at(document, &pointer.parts)? {
            if found.is_some() {
                return Err(MetricError::Doubled);
            }
            found = Some(value);
        }
    }
    let text = found.ok_or(MetricError::Missing)?.get();
    if !text.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit()) {
        return Err(MetricError::NotANumber);
    }
    decimal(text.as_bytes())
}

fn at<'a>(document: &'a RawValue, parts: &[String]) -> Result<Option<&'a RawValue>, MetricError> {
    let mut place = document;
    for part in parts {
        let next = if place.get().starts_with('{') {
            member(place, part)?
        } else if place.get().starts_with('[') {
            element(place, part)
        } else {
            None
        };
        match next {
            Some(next) => place = next,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

fn member<'a>(object: &'a RawValue, key: &str) -> Result<Option<&'a RawValue>, MetricError> {
    let Ok(Members(members)) = serde_json::from_str(object.get()) else {
        return Ok(None);
    };
    let mut named = members.into_iter().filter(|(name, _)| name == key);
    match (named.next(), named.next()) {
        (Some(_), Some(_)) => Err(MetricError::Doubled),
        (first, _) => Ok(first.map(|(_, value)| value)),
    }
}

fn element<'a>(list: &'a RawValue, index: &str) -> Option<&'a RawValue> {
    let index = crate::score::whole_number(index)?;
    let elements: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    elements.get(usize::try_from(index).ok()?).copied()
}

/// An object's members as they stand, doubled keys among them.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pointer: &str, output: &str) -> Result<String, MetricError> {
        let pointer = Pointer::try_from(pointer.to_owned()).unwrap();
        number(&pointer, output).map(|number| number.to_string())
    }

    #[test]
    fn the_only_object_line_with_the_pointer_gives_its_number_as_text() {
        let output =
            "start\n{\"other\": 1}\n  {\"loss\": {\"val\": [0, 0.10000000000000000000001]}}\r\nend {\"loss\": 1}\n";
        assert_eq!(read("/loss/val/1", output).unwrap(), "0.10000000000000000000001");
        assert_eq!(read("/other", output).unwrap(), "1");
        assert_eq!(read("/gone", output), Err(MetricError::Missing));
        assert_eq!(read("/loss/val/01", output), Err(MetricError::Missing));
        assert_eq!(read("/loss/val/-", output), Err(MetricError::Missing));
        assert_eq!(read("/other/deeper", output), Err(MetricError::Missing));
    }

    #[test]
    fn a_second_line_or_a_doubled_key_is_nobodys_metric() {
        assert_eq!(read("/m", "{\"m\": 1}\n{\"m\": 1}\n"), Err(MetricError::Doubled));
        assert_eq!(read("/m", "{\"m\": 1, \"m\": 2}"), Err(MetricError::Doubled));
        assert_eq!(read("/m", "{\"m\": 1, \"\\u006d\": 2}"), Err(MetricError::Doubled));
        assert_eq!(read("/a", "{\"a\": 1, \"m\": 1, \"m\": 2}").unwrap(), "1");
    }

    #[test]
    fn only_a_plain_number_counts() {
        for other in ["\"1\"", "true", "null", "{}", "[1]"] {
            assert_eq!(
                read("/m", &format!("{{\"m\": {other}}}")),
                Err(MetricError::NotANumber),
                "{other}"
            );
        }
        for number in ["1e5", "1E-2", "1.5e+0"] {
            let refused = read("/m", &format!("{{\"m\": {number}}}"));
            assert!(matches!(refused, Err(MetricError::Malformed(_))), "{number}");
        }
        // Not JSON at all, so not a document.
        for number in ["NaN", "Infinity", "+1", "01", ".5"] {
            assert_eq!(
                read("/m", &format!("{{\"m\": {number}}}")),
                Err(MetricError::Missing),
                "{number}"
            );
        }
    }

    #[test]
    fn pointers_are_read_as_rfc_6901_has_them() {
        assert_eq!(read("/a~1b", "{\"a/b\": 7}").unwrap(), "7");
        assert_eq!(read("/m~0n", "{\"m~n\": 8}").unwrap(), "8");
        assert_eq!(read("/~01", "{\"~1\": 9}").unwrap(), "9");
        assert_eq!(read("/", "{\"\": 0}").unwrap(), "0");
        for refused in ["", "a", "#/a", "/a~", "/a~2", "/~"] {
            assert!(Pointer::try_from(refused.to_owned()).is_err(), "{refused}");
        }
    }

    #[test]
    fn depth_is_followed_only_as_far_as_the_pointer() {
        let deep = format!("{{\"d\": {}{}, \"m\": 3}}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(read("/m", &deep).unwrap(), "3");
    }
}
