//! Numbers, times and states as a person reads them.

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

/// What a person may call a state, how it is coloured, and what is to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StateWords {
    /// One word or two.
    pub(super) name: &'static str,
    /// The style's class.
    pub(super) tone: &'static str,
    /// What happens next, or what to do.
    pub(super) next: &'static str,
}

/// States by their names in the journal, most particular first; the last entry is for what is not known here.
const STATES: &[(&str, &str, &str, &str)] = &[
    ("seen", "seen", "quiet", "Taken up in the next round."),
    (
        "waiting:earlier-undecided",
        "waiting",
        "quiet",
        "Goes on when the project's earlier proposal is decided.",
    ),
    (
        "waiting:review-locked",
        "waiting",
        "quiet",
        "Goes on when the other verifier's lock lapses, after 24 h at most.",
    ),
    (
        "waiting:other-ticket",
        "waiting",
        "quiet",
        "Goes on when the other operator's ticket ends.",
    ),
    (
        "waiting:gateway-not-listed",
        "waiting",
        "warn",
        "The ledger's owner has to list the gateway.",
    ),
    (
        "waiting:low-balance",
        "waiting",
        "warn",
        "Send coins to the operator's account.",
    ),
    (
        "waiting:key-not-live",
        "waiting",
        "warn",
        "Needs a live key: look at the enclave and at its admission.",
    ),
    (
        "waiting:ticket-lost",
        "waiting",
        "quiet",
        "A new attempt follows if one is left.",
    ),
    (
        "waiting:held-for-quorum",
        "waiting",
        "quiet",
        "Goes on when other operators have stated the same.",
    ),
    (
        "waiting",
        "waiting",
        "quiet",
        "Goes on by itself; the reason says for what it waits.",
    ),
    ("ticket-open", "ticket open", "busy", "The enclave gets the job next."),
    ("running", "running", "busy", "The enclave works on it."),
    ("judged", "judged", "busy", "The statement goes to the chain next."),
    ("settling", "settling", "busy", "The transaction is on its way."),
    ("settled:approved", "approved", "good", "Nothing: it is final."),
    ("settled:rejected", "rejected", "bad", "Nothing: it is final."),
    (
        "inconclusive",
        "inconclusive",
        "plain",
        "Another attempt follows if one is left.",
    ),
    (
        "set-aside",
        "set aside",
        "plain",
        "Another attempt follows if one is left.",
    ),
    ("closed", "closed", "plain", "Nothing: there is nothing left to do."),
];

/// The words for a state.
pub(super) fn state(name: &str) -> StateWords {
    let fits = |known: &str| {
        name.strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let found = STATES.iter().find(|(known, ..)| fits(known));
    let (_, name, tone, next) = found.copied().unwrap_or(("", "unknown", "plain", "Read the reason."));
    StateWords { name, tone, next }
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
    fn a_state_that_is_new_to_the_page_still_has_words() {
        assert_eq!(state("closed:overtaken").name, "closed");
        assert_eq!(state("waiting:something-new").name, "waiting");
        assert_eq!(state("waitingroom").name, "unknown");
        assert_eq!(state("settled:approved").tone, "good");
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
        fn any_text_is_grouped_and_named(text in "\\PC{0,90}") {
            let _ = (grouped(&text), state(&text), reason(&text));
        }
    }
}
