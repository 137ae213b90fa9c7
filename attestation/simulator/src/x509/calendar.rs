//! Unix seconds as the two time forms of X.509 (RFC 5280 4.1.2.5), and as text.

use orv_evidence::UnixTime;

use super::der::{GENERALIZED_TIME, UTC_TIME, element};

/// `UTCTime` before the year 2050, `GeneralizedTime` from then on.
pub(crate) fn time(moment: UnixTime) -> Vec<u8> {
    let (year, month, day) = date(moment.seconds() / 86_400);
    let (hour, minute, second) = clock(moment);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        element(UTC_TIME, &[format!("{:02}{rest}", year % 100).as_bytes()])
    } else {
        element(GENERALIZED_TIME, &[format!("{year:04}{rest}").as_bytes()])
    }
}

/// The moment as Intel's collateral writes it (RFC 3339, UTC).
pub(crate) fn text(moment: UnixTime) -> String {
    let (year, month, day) = date(moment.seconds() / 86_400);
    let (hour, minute, second) = clock(moment);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Hour, minute and second of the day.
const fn clock(moment: UnixTime) -> (u64, u64, u64) {
    let second = moment.seconds() % 86_400;
    (second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let mut left = days;
    while left >= year_length(year) {
        left -= year_length(year);
        year += 1;
    }
    let february = year_length(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

fn year_length(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_known_dates() {
        for (seconds, text) in [
            (0, "700101000000Z"),
            (951_782_399, "000228235959Z"),
            (951_782_400, "000229000000Z"),
            (1_735_689_599, "241231235959Z"),
            (1_766_678_659, "251225160419Z"),
            (2_524_608_000, "20500101000000Z"),
        ] {
            assert_eq!(time(UnixTime::from_seconds(seconds))[2..], *text.as_bytes());
        }
        assert_eq!(
            super::text(UnixTime::from_seconds(1_766_678_659)),
            "2025-12-25T16:04:19Z"
        );
    }
}
