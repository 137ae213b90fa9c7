//! The rules of this crate that a weakened build may leave out; see `orv_content::weakened`.

orv_content::weakenable_rules! {
    /// A trial counts only after a clean exit. Without it a number counts that was printed before a crash.
    CleanExit => "clean-exit",
    /// A trial that met its process limit does not count. Without it what could not be started goes unnoticed.
    EveryProcessStarted => "every-process-started",
    /// A trial that used up its room does not count. Without it what could not be written goes unnoticed.
    EveryWriteFits => "every-write-fits",
    /// In a split project the judge's channel alone has the metric. Without it the candidate's output has it too.
    JudgesMetric => "judges-metric",
}
