//! Moments as RFC 3339 text, in UTC and whole seconds, as policies and reports write them.

use std::str::FromStr;

use orv_evidence::UnixTime;
use x509_cert::der::DateTime;

/// Text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a moment such as 2026-01-31T12:00:00Z")]
pub struct NotAnInstant(pub String);

/// Reads a moment in the form `2026-01-31T12:00:00Z`: UTC, whole seconds.
///
/// # Errors
/// [`NotAnInstant`] for every other form: other zones and parts of a second would only be another way to say it.
///
/// ```
/// assert_eq!(orv_verify::instant("1970-01-02T00:00:00Z").unwrap().seconds(), 86_400);
/// assert!(orv_verify::instant("1970-01-02").is_err());
/// ```
pub fn instant(text: &str) -> Result<UnixTime, NotAnInstant> {
    DateTime::from_str(text)
        .map(|moment| UnixTime::from_seconds(moment.unix_duration().as_secs()))
        .map_err(|_| NotAnInstant(text.to_owned()))
}

pub(crate) mod optional {
    use orv_evidence::UnixTime;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(time: &Option<UnixTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::instant(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}
