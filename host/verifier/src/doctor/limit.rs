//! Looks side by side, each with a limit of time: one that hangs is a failure that says so.

use super::line::{Check, Line};
use std::future::Future;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Waits for a look at most this long.
pub(super) async fn within(patience: Duration, check: Check, look: impl Future<Output = Vec<Line>>) -> Vec<Line> {
    timeout(patience, look)
        .await
        .unwrap_or_else(|_| vec![hung(check, patience)])
}

/// A look that blocks, on a thread of its own. A thread that hangs is left behind: the program ends without it.
pub(super) async fn blocking(
    patience: Duration,
    check: Check,
    look: impl FnOnce() -> Vec<Line> + Send + 'static,
) -> Vec<Line> {
    within(patience, check, async {
        match detached(look).await {
            Some(lines) => lines,
            None => vec![Line::fail(
                check,
                "the look stopped",
                "report it: this is a defect of orv",
            )],
        }
    })
    .await
}

/// The answer of a function that blocks, on a thread that nobody waits for.
pub(super) async fn detached<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("doctor".to_owned());
    // Nobody waits any more when the sending fails.
    let started = thread.spawn(move || sender.send(work()).is_ok());
    match started {
        Ok(_) => answer.await.ok(),
        Err(_) => None,
    }
}

fn hung(check: Check, patience: Duration) -> Line {
    let found = format!("no answer within {} s: it hangs", patience.as_secs_f32());
    Line::fail(
        check,
        found,
        "look at what it waits for, or give it longer with `--patience SECONDS`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[tokio::test]
    async fn a_look_that_hangs_is_a_failure_that_says_so() {
        let patience = Duration::from_millis(20);
        for lines in [
            within(patience, Check::Storage, std::future::pending()).await,
            blocking(patience, Check::Storage, || {
                std::thread::sleep(Duration::from_secs(2));
                Vec::new()
            })
            .await,
        ] {
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            assert_eq!((line.check, line.outcome), (Check::Storage, Outcome::Fail));
            assert!(line.found.contains("hangs"));
        }
    }
}
