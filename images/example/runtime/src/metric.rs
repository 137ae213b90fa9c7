//! The metric's own descriptor: one line, written once (DESIGN 5.6).

use std::io::{self, Write};

/// Why the metric was not written.
#[derive(Debug, thiserror::Error)]
pub enum MetricError {
    /// The script has written its metric already.
    #[error("the metric is written once, and it has been")]
    WrittenBefore,
    /// The text holds a line end.
    #[error("the metric is one line, this one has a line end at byte {position}")]
    LineEndInside {
        /// Where the first line end stands.
        position: usize,
    },
    /// The kernel refused to write.
    #[error("the metric could not be written: {0}")]
    Io(#[from] io::Error),
}

/// A place for one metric.
#[derive(Debug)]
pub struct Metric<W> {
    unwritten: Option<W>,
}

impl<W: Write> Metric<W> {
    /// The metric that goes to `sink`.
    pub fn over(sink: W) -> Self {
        Self { unwritten: Some(sink) }
    }

    /// Writes `text` and a line end. Whether the text is a number is for the reader to judge.
    ///
    /// # Errors
    /// [`MetricError`] on a second call, for text of more than one line, and where writing fails.
    pub fn write(&mut self, text: &[u8]) -> Result<(), MetricError> {
        if let Some(position) = text.iter().position(|byte| *byte == b'\n') {
            return Err(MetricError::LineEndInside { position });
        }
        let mut sink = self.unwritten.take().ok_or(MetricError::WrittenBefore)?;
        sink.write_all(&[text, b"\n"].concat())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_one_line() {
        let mut written = Vec::new();
        Metric::over(&mut written).write(b"1497").unwrap();
        assert_eq!(written, b"1497\n");
    }

    #[test]
    fn a_second_metric_is_refused() {
        let mut written = Vec::new();
        let mut metric = Metric::over(&mut written);
        metric.write(b"1497").unwrap();
        assert!(matches!(metric.write(b"1"), Err(MetricError::WrittenBefore)));
        assert_eq!(written, b"1497\n");
    }

    #[test]
    fn a_metric_of_two_lines_is_refused() {
        let mut written = Vec::new();
        assert!(matches!(
            Metric::over(&mut written).write(b"1\n2"),
            Err(MetricError::LineEndInside { position: 1 })
        ));
        assert!(written.is_empty());
    }
}
