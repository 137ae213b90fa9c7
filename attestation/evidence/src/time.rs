//! Time as an argument.

use std::fmt;

/// A moment, in whole seconds since 1970-01-01T00:00:00Z. Always an argument; nothing here asks a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The moment `seconds` after the epoch.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The moment `seconds` later, or the last representable one.
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The moment `seconds` earlier, or the epoch.
    pub const fn minus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }
}

/// RFC 3339 in UTC, such as `2026-01-31T12:00:00Z`; beyond the year 9999 the number of seconds.
impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > LAST_OF_9999 {
            return write!(formatter, "second {} since 1970", self.0);
        }
        let (year, month, day) = date(self.0 / DAY);
        let second = self.0 % DAY;
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

const DAY: u64 = 24 * 60 * 60;
/// 9999-12-31T23:59:59Z.
const LAST_OF_9999: u64 = 253_402_300_799;

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Counted from March, so that the leap day is the last of a year, and in cycles of 400 years, which all have 146,097
/// days; the months from March on have 153 days in each run of five.
const fn date(day: u64) -> (u64, u64, u64) {
    const DAYS_FROM_MARCH_OF_YEAR_ZERO: u64 = 719_468;
    const CYCLE: u64 = 146_097;
    let day = day.saturating_add(DAYS_FROM_MARCH_OF_YEAR_ZERO);
    let of_cycle = day % CYCLE;
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let (month, next) = if from_march < 10 {
        (from_march + 3, 0)
    } else {
        (from_march - 9, 1)
    };
    (day / CYCLE * 400 + year_of_cycle + next, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_the_calendar_writes_it() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST_OF_9999, "9999-12-31T23:59:59Z"),
            (LAST_OF_9999 + 1, "second 253402300800 since 1970"),
        ] {
            assert_eq!(UnixTime::from_seconds(seconds).to_string(), text);
        }
        assert!(UnixTime::from_seconds(u64::MAX).to_string().contains("since 1970"));
    }
}
