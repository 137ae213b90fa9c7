//! Text that strangers wrote, made safe to show.

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
