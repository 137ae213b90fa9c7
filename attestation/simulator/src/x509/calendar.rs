//! Unix seconds as the two time forms of X.509 (RFC 5280 4.1.2.5).

use orv_evidence::UnixTime;

use super::der::{GENERALIZED_TIME, UTC_TIME, element};

/// `UTCTime` before the year 2050, `GeneralizedTime` from then on.
pub(crate) fn time(moment: UnixTime) -> Vec<u8> {
    let (days, second_of_day) = (moment.seconds() / 86_400, moment.seconds() % 86_400);
    let (year, month, day) = date(days);
    let clock = format!(
        "{:02}{:02}{:02}Z",
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60
    );
    if (1950..2050).contains(&year) {
        element(
            UTC_TIME,
            &[format!("{:02}{month:02}{day:02}{clock}", year % 100).as_bytes()],
        )
    } else {
        element(
            GENERALIZED_TIME,
            &[format!("{year:04}{month:02}{day:02}{clock}").as_bytes()],
        )
    }
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
    }
}
