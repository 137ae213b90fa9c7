//! A page for a terminal.

use super::{CheckRow, Mark, Page, Section};
use orv_receipt::printable;
use std::fmt::Write as _;

impl Page {
    /// For a terminal; what others wrote is escaped. The verdict is the last line.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<String> = self
            .sections
            .iter()
            .map(Section::text)
            .filter(|part| !part.is_empty())
            .collect();
        format!("{}\n{}\n", parts.join("\n"), printable(&self.verdict.1))
    }
}

impl Section {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => format!("{}\n", printable(text)),
            Self::Lines(lines) => lines.clone(),
            Self::List { items, .. } if items.is_empty() => String::new(),
            Self::List { title, items } => {
                let mut text = format!("{title}:\n");
                for item in items {
                    let _ = writeln!(text, "  - {}", printable(item));
                }
                text
            }
            Self::Table { rows, .. } if rows.is_empty() => String::new(),
            Self::Table { title, head, rows } => table(title, head, rows),
            Self::Checks(checks) => checks.iter().map(CheckRow::text).collect(),
        }
    }
}

impl CheckRow {
    fn text(&self) -> String {
        let mark = match self.mark {
            Mark::Good => "pass",
            Mark::Bad => "FAIL",
            Mark::Open => "skip",
        };
        format!("{mark}  {:<20} {}\n", self.name, printable(&self.detail))
    }
}

/// Columns as wide as their widest cell, the last one as it comes.
fn table(title: &str, head: &[&'static str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).fold(name.len(), usize::max)
        })
        .collect();
    let mut text = format!("{title}:\n");
    for row in [&head].into_iter().chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "  {:<width$}", printable(cell));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
