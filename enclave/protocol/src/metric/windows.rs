//! The metric of a timed split project: the runner's own time of the windows, once the judge has said that the answers
//! were right (DESIGN 5.6).

use super::{Decimal, DecimalError, MetricError};

/// What the judge writes on its metric channel, as its one line, where the answers were right.
pub const RIGHT: &str = "ok";

/// The metric of a trial whose windows took this many nanoseconds: that number, where the judge wrote [`RIGHT`] and
/// nothing else. Its line feed may be left out.
///
/// ```
/// use orv_protocol::metric::{MetricError, from_windows};
///
/// assert_eq!(from_windows(b"ok\n", 1_250_000)?, "1250000".parse()?);
/// assert_eq!(from_windows(b"", 1_250_000), Err(MetricError::Missing));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MetricError`]: nothing written or nothing asked, more than one line, or another word.
pub fn from_windows(written: &[u8], nanoseconds: u64) -> Result<Decimal, MetricError> {
    let line = written.strip_suffix(b"\n").unwrap_or(written);
    if line.is_empty() || nanoseconds == 0 {
        return Err(MetricError::Missing);
    }
    if line.contains(&b'\n') {
        return Err(MetricError::Doubled);
    }
    if line != RIGHT.as_bytes() {
        let text = String::from_utf8_lossy(line).chars().take(32).collect();
        return Err(MetricError::Malformed(DecimalError::NotPlain { text }));
    }
    Ok(nanoseconds.to_string().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_count_only_where_the_judge_says_ok_once() {
        assert_eq!(from_windows(b"ok", 7).unwrap().to_string(), "7");
        assert_eq!(
            from_windows(b"ok\n", u64::MAX).unwrap().to_string(),
            u64::MAX.to_string()
        );
        assert_eq!(from_windows(b"ok\nok\n", 7), Err(MetricError::Doubled));
        for other in [&b"1"[..], b"OK", b"ok ", b" ok", b"ok\r", b"no", b"\xff"] {
            assert!(
                matches!(from_windows(other, 7), Err(MetricError::Malformed(_))),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_judge_that_asked_nothing_has_measured_nothing() {
        assert_eq!(from_windows(b"ok\n", 0), Err(MetricError::Missing));
    }
}
