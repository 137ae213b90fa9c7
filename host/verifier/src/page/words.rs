//! Numbers, times and reasons as a person reads them, and how states are coloured.

use crate::journal::{Settlement, State, WaitCause};
use orv_chain::primitives::U256;
use orv_protocol::judgement::Reason;
use std::time::Duration;

/// Digits up to which a score is written out.
const WRITTEN_OUT: usize = 15;

/// `3 min 20 s`: the two largest units that are not zero.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 || (size == 1 && parts.is_empty()) {
            parts.push(format!("{count} {name}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

/// `12 min ago`, by the largest unit.
pub(super) fn ago(now: Duration, at: Duration) -> String {
    let whole = span(now.saturating_sub(at));
    let largest = whole.split(' ').take(2).collect::<Vec<_>>().join(" ");
    if now.saturating_sub(at).as_secs() < 5 {
        "just now".to_owned()
    } else {
        format!("{largest} ago")
    }
}

/// A decimal number in groups of three; a very long one by its size. Never reads it as a number: it may have 256 bits.
pub(super) fn grouped(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", decimal),
    };
    if digits.len() > WRITTEN_OUT && digits.chars().all(|digit| digit.is_ascii_digit()) {
        let lead: String = digits.chars().take(1).collect();
        let next: String = digits.chars().skip(1).take(3).collect();
        return format!("{sign}{lead}.{next}\u{b7}10^{}", digits.len() - 1);
    }
    let mut shown = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.chars().count() - index).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// Wei as coins with four digits, rounded down.
pub(super) fn coins(wei: U256) -> String {
    let unit = U256::from(10).pow(U256::from(14));
    let (whole, part) = (wei / unit / U256::from(10_000), wei / unit % U256::from(10_000));
    format!("{}.{part:0>4}", grouped(&whole.to_string()))
}

/// Bytes by the fitting power of 1000.
pub(super) fn bytes(count: u64) -> String {
    let (size, name) = match count {
        1_000_000_000_000.. => (1_000_000_000_000, "TB"),
        1_000_000_000.. => (1_000_000_000, "GB"),
        1_000_000.. => (1_000_000, "MB"),
        _ => (1000, "kB"),
    };
    format!("{}.{} {name}", count / size, count % size * 10 / size)
}

/// How a state is coloured: the style's class.
pub(super) fn tone(state: State) -> &'static str {
    match state {
        State::Seen => "quiet",
        State::Waiting(WaitCause::GatewayNotListed | WaitCause::LowBalance | WaitCause::KeyNotLive) => "warn",
        State::Waiting(_) => "quiet",
        State::TicketOpen | State::Running | State::Judged | State::Settling => "busy",
        State::Settled(Settlement::Approved) => "good",
        State::Settled(Settlement::Rejected) => "bad",
        State::Inconclusive | State::SetAside | State::Closed(_) => "plain",
    }
}

/// The sentence behind a reason's code, if this release knows it.
pub(super) fn reason(code: &str) -> Option<&'static str> {
    let found = Reason::all().iter().find(|reason| reason.code() == code);
    found.map(|reason| reason.explain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_span_has_its_two_largest_units() {
        let spans = [0, 59, 60, 61, 3600, 3661, 90_000, 864_000].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(
            spans,
            [
                "0 s",
                "59 s",
                "1 min",
                "1 min 1 s",
                "1 h",
                "1 h 1 min",
                "1 d 1 h",
                "10 d"
            ]
        );
    }

    #[test]
    fn scores_of_256_bits_are_shown_by_their_size() {
        assert_eq!(grouped("-1234567"), "\u{2212}1\u{202f}234\u{202f}567");
        assert_eq!(grouped("100"), "100");
        assert_eq!(grouped(&U256::MAX.to_string()), "1.157\u{b7}10^77");
    }

    #[test]
    fn coins_are_rounded_down() {
        assert_eq!(coins(U256::from(1_999_999_999_999_999_999_u64)), "1.9999");
        assert_eq!(coins(U256::from(10_000_000_000_000_000_u64)), "0.0100");
        assert_eq!(coins(U256::ZERO), "0.0000");
    }

    #[test]
    fn bytes_have_one_digit_behind_the_point() {
        assert_eq!(
            [999, 1_500_000, 52_000_000_000].map(bytes),
            ["0.9 kB", "1.5 MB", "52.0 GB"]
        );
    }

    #[test]
    fn only_what_its_operator_can_mend_is_a_warning() {
        let warned = [
            WaitCause::LowBalance,
            WaitCause::KeyNotLive,
            WaitCause::GatewayNotListed,
        ];
        assert!(warned.iter().all(|cause| tone(State::Waiting(*cause)) == "warn"));
        assert_eq!(tone(State::Waiting(WaitCause::EarlierUndecided)), "quiet");
        assert_eq!(tone(State::Settled(Settlement::Approved)), "good");
    }

    #[test]
    fn a_reason_of_the_rule_is_a_sentence() {
        assert_eq!(
            reason("improved"),
            Some("The score reaches the incumbent's plus the margin.")
        );
        assert_eq!(reason("<b>"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_grouped_and_looked_up(text in "\\PC{0,90}") {
            let _ = (grouped(&text), reason(&text));
        }
    }
}
