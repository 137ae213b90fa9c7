//! Bars for transfers, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use orv_storage::{Progress, Stage};

/// One bar on stderr; nothing where stderr is no terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar without a length yet.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, bytes: u64) {
        self.0.set_position(0);
        self.0.set_length(bytes);
        self.0.set_message(match stage {
            Stage::Download => "download",
            Stage::Upload => "upload",
        });
    }

    fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
        if self.0.length() == Some(self.0.position()) {
            self.0.finish_and_clear();
        }
    }
}
