//! A page for a browser: one file, no script, nothing fetched.

use super::{CheckRow, Mark, Page, Section};
use orv_receipt::printable;
use std::fmt::Write as _;

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.verdict{padding:.8rem 1rem;border-radius:.5rem;font-weight:600;color:#fff}
.good{background:#1b7f3b}.bad{background:#b3261e}.open{background:#6b6b6b}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #8884}
td{overflow-wrap:anywhere}.mark{color:#fff;border-radius:.3rem;padding:0 .4rem;white-space:nowrap}
pre{white-space:pre-wrap;overflow-wrap:anywhere}";

impl Page {
    /// One file that a browser shows without asking anybody for anything.
    pub(crate) fn html(&self) -> String {
        let mut body = String::new();
        let (mark, verdict) = &self.verdict;
        let _ = write!(
            body,
            "<h1>{}</h1><p class=\"verdict {}\">{}</p>",
            escaped(&self.title),
            mark.class(),
            escaped(verdict)
        );
        self.sections.iter().for_each(|section| section.html(&mut body));
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>\n",
            escaped(&self.title)
        )
    }
}

impl Section {
    fn html(&self, body: &mut String) {
        let _ = match self {
            Self::Text(text) => write!(body, "<p>{}</p>", escaped(text)),
            Self::Lines(lines) => write!(body, "<pre>{}</pre>", escaped_lines(lines)),
            Self::List { items, .. } if items.is_empty() => Ok(()),
            Self::List { title, items } => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
                write!(body, "<h2>{}</h2><ul>{items}</ul>", escaped(title))
            }
            Self::Table { rows, .. } if rows.is_empty() => Ok(()),
            Self::Table { title, head, rows } => {
                let head: String = head.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
                let rows: String = rows.iter().map(|row| table_row(row)).collect();
                write!(body, "<h2>{}</h2><table><tr>{head}</tr>{rows}</table>", escaped(title))
            }
            Self::Checks(checks) => {
                let rows: String = checks.iter().map(CheckRow::html).collect();
                write!(body, "<h2>Checks</h2><table>{rows}</table>")
            }
        };
    }
}

impl CheckRow {
    fn html(&self) -> String {
        let word = match self.mark {
            Mark::Good => "pass",
            Mark::Bad => "fail",
            Mark::Open => "skipped",
        };
        format!(
            "<tr><td><span class=\"mark {}\">{word}</span></td><td>{}</td><td>{}</td></tr>",
            self.mark.class(),
            escaped(&self.name),
            escaped(&self.detail)
        )
    }
}

impl Mark {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
        }
    }
}

fn table_row(row: &[String]) -> String {
    let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr>{cells}</tr>")
}

fn escaped_lines(lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(escaped).collect();
    lines.join("\n")
}

/// Text as text, whoever wrote it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        let page = Page {
            title: "<script>alert(1)</script>".to_owned(),
            verdict: (Mark::Bad, "\"quoted\" & 'quoted'".to_owned()),
            sections: vec![Section::Lines("<img src=x>\nline".to_owned())],
        };
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("&lt;img src=x&gt;\nline"), "{html}");
    }
}
