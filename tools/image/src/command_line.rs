//! What a kernel is told, from a file in which every word gives its reason.

/// The words of `images/kernel/<platform>.cmdline` in their order, parted by one space. A line is a word, and behind a
/// `#` its reason; empty lines and lines that begin with `#` are for people.
///
/// ```
/// let file = "# Boot\nconsole=ttyS0  # the one terminal\nquiet          # fewer lines\n";
/// assert_eq!(orv_image::command_line::of(file), "console=ttyS0 quiet");
/// ```
pub fn of(file: &str) -> String {
    let words = file
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
