//! The runbook, carried in the program so that a failure's entry is one click away even where nothing else is.

use super::markup::{Markup, markup};

/// `docs/operations/runbook.md` as it was when this program was built.
const TEXT: &str = include_str!("../../../../docs/operations/runbook.md");

/// Every error code with an entry of its own, in the order of the runbook.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    let headings = TEXT.lines().filter_map(|line| line.strip_prefix("### "));
    headings.filter(|heading| heading.starts_with("ORV-V-"))
}

/// A code as the runbook has it, where it has one.
pub(super) fn known(code: &str) -> Option<&'static str> {
    codes().find(|known| *known == code)
}

/// Where a code or an alert is: the anchor that forges give its heading, too.
pub(super) fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// The whole runbook. What is read of Markdown is what it uses: headings, paragraphs, lists, code.
pub(super) fn draw(out: &mut Markup) {
    let mut list = false;
    for line in TEXT.lines() {
        let item = line.strip_prefix("- ");
        if list && item.is_none() {
            markup!(out; "</ul>");
        }
        if !list && item.is_some() {
            markup!(out; "<ul>");
        }
        list = item.is_some();
        if let Some(item) = item {
            markup!(out; "<li>");
            sentence(item, out);
            markup!(out; "</li>");
        } else if let Some(heading) = line.strip_prefix("### ") {
            markup!(out; "<h3 id=\"" (anchor(heading)) "\">" (heading) "</h3>");
        } else if let Some(heading) = line.strip_prefix("## ") {
            markup!(out; "<h2 id=\"" (anchor(heading)) "\">" (heading) "</h2>");
        } else if let Some(heading) = line.strip_prefix("# ") {
            markup!(out; "<h1>" (heading) "</h1>");
        } else if !line.is_empty() {
            markup!(out; "<p>");
            sentence(line, out);
            markup!(out; "</p>");
        }
    }
    if list {
        markup!(out; "</ul>");
    }
}

/// Words, with what is between backticks as code and `[words](place)` as their words.
fn sentence(text: &str, out: &mut Markup) {
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            markup!(out; "<code>" (part) "</code>");
        } else {
            for (index, part) in part.replace("**", "").split('[').enumerate() {
                match part.split_once("](") {
                    Some((words, rest)) if index > 0 => {
                        let after = rest.split_once(')').map_or("", |(_, after)| after);
                        match rest
                            .split_once(')')
                            .map(|(place, _)| place)
                            .filter(|place| place.starts_with('#'))
                        {
                            Some(place) => markup!(out; "<a href=\"" (place) "\">" (words) "</a>" (after)),
                            None => markup!(out; (words) (after)),
                        }
                    }
                    _ => out.text(part),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_of_the_runbook_can_be_linked_to() {
        let mut out = Markup::default();
        draw(&mut out);
        let html = out.finish();
        for code in codes() {
            let id = format!("id=\"{}\"", anchor(code));
            assert_eq!(html.matches(&id).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_list_is_opened_and_closed_as_often() {
        let mut out = Markup::default();
        draw(&mut out);
        let html = out.finish();
        assert_eq!(html.matches("<ul>").count(), html.matches("</ul>").count());
        assert!(!html.contains('`') && !html.contains("]("));
    }

    #[test]
    fn code_and_links_are_read_and_everything_else_is_text() {
        let mut out = Markup::default();
        sentence("run `a<b` or [see](#orv-v-010), [file](../x.md) <i>", &mut out);
        assert_eq!(
            out.finish(),
            "run <code>a&lt;b</code> or <a href=\"#orv-v-010\">see</a>, file &lt;i&gt;"
        );
    }
}
