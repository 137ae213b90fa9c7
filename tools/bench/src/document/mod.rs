//! What a run prints: tables and targets, as text, as Markdown, or as one JSON document.

mod machine;
mod print;
mod quantity;
mod target;

pub(crate) use machine::Machine;
pub(crate) use quantity::{Cell, Unit};
pub(crate) use target::{Bound, Target};

use crate::error::BenchError;
use serde::Serialize;

/// Version of the JSON document.
const SCHEMA: &str = "orv.bench/1";

/// How a document is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For PERFORMANCE.md.
    Markdown,
    /// For programs.
    Json,
}

/// Everything that one command measured.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    schema: &'static str,
    machine: Machine,
    sections: Vec<Section>,
}

/// One table with the targets that it answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Section {
    /// Stable name.
    pub(crate) name: &'static str,
    /// What is measured, as a heading.
    pub(crate) title: String,
    /// How: rounds, order, what is compared with what.
    pub(crate) method: String,
    /// The figures.
    pub(crate) table: Table,
    /// What they should be, and are.
    pub(crate) targets: Vec<Target>,
    /// What was not measured and why, and what a reader must know.
    pub(crate) notes: Vec<String>,
}

/// Rows of cells under heads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Table {
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(heads: &[&str]) -> Self {
        Self {
            heads: heads.iter().map(|head| (*head).to_owned()).collect(),
            rows: Vec::new(),
        }
    }
}

impl Document {
    pub(crate) fn of(sections: Vec<Section>) -> Self {
        Self {
            schema: SCHEMA,
            machine: Machine::this(),
            sections,
        }
    }

    pub(crate) fn printed(&self, form: Form) -> String {
        match form {
            Form::Text => print::text(self),
            Form::Markdown => print::markdown(self),
            // Figures and texts: there is nothing in it that JSON cannot say.
            Form::Json => serde_json::to_value(self).unwrap_or_default().to_string(),
        }
    }
}

/// The document of a run without figures.
pub(crate) fn failure(error: &BenchError) -> String {
    serde_json::json!({"schema": SCHEMA, "code": error.code(), "error": error.to_string()}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_published_form() {
        let mut table = Table::new(&["what", "median"]);
        table
            .rows
            .push(vec![Cell::text("ours"), Cell::of(4.25, Unit::Milliseconds)]);
        table.rows.push(vec![Cell::text("theirs"), Cell::Nothing]);
        let section = Section {
            name: "start",
            title: "Start to exit".to_owned(),
            method: "interleaved".to_owned(),
            table,
            targets: vec![Target::new("ours against theirs", 0.9, Unit::Ratio, Bound::AtMost(1.0))],
            notes: vec!["theirs is not installed".to_owned()],
        };
        let document = Document {
            schema: SCHEMA,
            machine: Machine::example(),
            sections: vec![section],
        };
        insta::assert_snapshot!("json", serde_json::to_string_pretty(&document).unwrap());
        insta::assert_snapshot!("markdown", document.printed(Form::Markdown));
        insta::assert_snapshot!("text", document.printed(Form::Text));
    }
}
