//! Text that strangers wrote, made safe to show and short enough to keep.

/// A text in which only letters, digits and ASCII that prints stand as they are: nothing of what a candidate or a host
/// wrote reaches a terminal as a control character, in another direction of writing, or without being seen.
///
/// ```
/// assert_eq!(orv_receipt::printable("größer: 5\n\u{1b}[2J\u{202e}"), "größer: 5\\n\\u{1b}[2J\\u{202e}");
/// ```
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let escape = letter.is_control() || !(letter.is_ascii() || letter.is_alphanumeric());
            let shown: Vec<char> = if escape {
                letter.escape_default().collect()
            } else {
                vec![letter]
            };
            shown
        })
        .collect()
}

/// Longest detail for people, in characters: in a bundle, and in what the enclave tells its host.
const LONGEST_DETAIL: usize = 1024;

/// The beginning of what is told for people, at most 1,024 characters of it.
///
/// ```
/// assert_eq!(orv_receipt::detail("no such file"), "no such file");
/// assert_eq!(orv_receipt::detail("é".repeat(2_000)), "é".repeat(1_024));
/// ```
pub fn detail(told: impl ToString) -> String {
    told.to_string().chars().take(LONGEST_DETAIL).collect()
}
