//! The document for people.

use super::{Cell, Document, Section};
use std::fmt::Write;

const TARGET_HEADS: [&str; 4] = ["target", "wanted", "measured", ""];

pub(super) fn text(document: &Document) -> String {
    let mut text = format!("{}\n", document.machine.line());
    for section in &document.sections {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}\n{}\n\n", section.title, section.method);
        text.push_str(&aligned(&figures(section)));
        if !section.targets.is_empty() {
            text.push('\n');
            text.push_str(&aligned(&targets(section)));
        }
        for note in &section.notes {
            let _ = writeln!(text, "note: {note}");
        }
    }
    text.trim_end().to_owned()
}

pub(super) fn markdown(document: &Document) -> String {
    let mut text = format!("Machine: {}\n", document.machine.line());
    for section in &document.sections {
        let _ = write!(text, "\n### {}\n\n{}\n\n", section.title, section.method);
        text.push_str(&piped(&figures(section)));
        if !section.targets.is_empty() {
            text.push('\n');
            text.push_str(&piped(&targets(section)));
        }
        if !section.notes.is_empty() {
            text.push('\n');
        }
        for note in &section.notes {
            let _ = writeln!(text, "- {note}");
        }
    }
    text.trim_end().to_owned()
}

fn figures(section: &Section) -> Vec<Vec<String>> {
    let heads = std::iter::once(section.table.heads.clone());
    let rows = section.table.rows.iter();
    heads
        .chain(rows.map(|row| row.iter().map(Cell::written).collect()))
        .collect()
}

fn targets(section: &Section) -> Vec<Vec<String>> {
    let heads = std::iter::once(TARGET_HEADS.map(str::to_owned).to_vec());
    heads
        .chain(section.targets.iter().map(|target| target.cells().to_vec()))
        .collect()
}

/// Columns as wide as their widest cell.
fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn piped(table: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = String::new();
    for (index, row) in table.iter().enumerate() {
        text.push_str(&line(row));
        if index == 0 {
            text.push_str(&line(&vec!["---".to_owned(); row.len()]));
        }
    }
    text
}
