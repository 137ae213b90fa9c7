//! A protocol explained to its creator: everything that is wrong with it and not only the first thing, what upstream does
//! with each field, what to do; and of a protocol that is read, what its creator should know before others stake on it.
//!
//! ```
//! use orv_protocol::explain::explain;
//!
//! let text = include_str!("../../../../images/example/project/protocol.json");
//! let broken = text.replace("\"minimize\"", "\"lower\"").replace("\"hardTimeoutSeconds\": 10", "\"hardTimeoutSeconds\": 0");
//! let explanation = explain(broken.as_bytes(), None);
//! let paths: Vec<&str> = explanation.problems.iter().map(|problem| problem.path.as_str()).collect();
//! assert_eq!(paths, ["execution.hardTimeoutSeconds", "measurement.primaryMetric.direction"]);
//! assert!(explain(text.as_bytes(), None).problems.is_empty());
//! ```

mod problems;
mod table;
mod warnings;

use crate::document::Protocol;
use crate::project::ProjectManifest;

pub use problems::{MOST_PROBLEMS, Problem};
pub use table::{FIELDS, Field, Role};
pub use warnings::Warning;

/// What there is to say about a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Why it is refused, or gets no verdict; in the order of the document's fields, none where it is good.
    pub problems: Vec<Problem>,
    /// What its creator should know.
    pub warnings: Vec<Warning>,
    /// The protocol, where it is read.
    pub protocol: Option<Protocol>,
}

/// Explains a document. With the project's manifest it is known who writes the metric and which image is pinned.
pub fn explain(bytes: &[u8], manifest: Option<&ProjectManifest>) -> Explanation {
    let (mut problems, protocol) = problems::of(bytes);
    let mut warnings = Vec::new();
    if let Some(protocol) = &protocol {
        problems.extend(problems::not_judgeable(protocol, manifest));
        warnings = warnings::of(protocol, manifest);
    }
    Explanation {
        problems,
        warnings,
        protocol,
    }
}

#[cfg(test)]
mod tests;
