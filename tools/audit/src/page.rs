//! A report as a page: the same parts for a terminal and for a browser.

mod html;
mod text;

/// A report in parts.
#[derive(Debug)]
pub(crate) struct Page {
    /// What is reported on.
    pub(crate) title: String,
    /// The end of it, in one line.
    pub(crate) verdict: (Mark, String),
    /// In order; parts without content are left out.
    pub(crate) sections: Vec<Section>,
}

/// Whether something is as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is.
    Good,
    /// It is not.
    Bad,
    /// Nobody looked.
    Open,
}

/// One part.
#[derive(Debug)]
pub(crate) enum Section {
    /// A paragraph.
    Text(String),
    /// Lines in a terminal's own layout.
    Lines(String),
    /// Items under a title.
    List {
        /// The title.
        title: String,
        /// The items.
        items: Vec<String>,
    },
    /// Rows under a title.
    Table {
        /// The title.
        title: String,
        /// What the columns are.
        head: Vec<&'static str>,
        /// The rows, each with as many cells.
        rows: Vec<Vec<String>>,
    },
    /// Checks, with how each ended.
    Checks(Vec<CheckRow>),
}

/// One check of a page.
#[derive(Debug)]
pub(crate) struct CheckRow {
    /// How it ended.
    pub(crate) mark: Mark,
    /// Its name.
    pub(crate) name: String,
    /// What was seen.
    pub(crate) detail: String,
}
