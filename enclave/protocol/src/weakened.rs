//! The rules of this crate that a weakened build may leave out; see `orv_content::weakened`.

orv_content::weakenable_rules! {
    /// Where the harness has a file, it is the harness's. Without it the candidate's own is run.
    HarnessStands => "harness-stands",
    /// Forbidden globs and the paths of the immutable harness are the project's. Without it the candidate's are run.
    ForbiddenPaths => "forbidden-paths",
    /// What tools run by themselves is never the candidate's. Without it `.git`, `.envrc` and the like enter.
    HardDeny => "hard-deny",
    /// Only allowed globs are the candidate's. Without it every file is that nothing protects.
    AllowedPaths => "allowed-paths",
    /// Another spelling of a protected path is left out. Without it a twin stands beside the judge's file.
    NoAliases => "no-aliases",
    /// Exactly one place of the output matches. Without it the first does, as upstream reads.
    OneMatch => "one-match",
    /// A metric is a plain decimal. Without it, it is what a reader of floating-point numbers makes of it.
    PlainDecimal => "plain-decimal",
    /// The seed is drawn from tree, ticket and secret. Without it everybody knows it.
    DrawnSeed => "drawn-seed",
}

/// What a reader of floating-point numbers makes of a metric, as far as a decimal can say it.
#[cfg(feature = "weakened")]
pub(crate) fn as_floating_point(text: &str) -> Option<String> {
    const WIDEST: f64 = 1e18;
    let number: f64 = text.parse().ok()?;
    let number = if number.is_nan() {
        0.0
    } else {
        number.clamp(-WIDEST, WIDEST)
    };
    Some(format!("{number:.12}"))
}
