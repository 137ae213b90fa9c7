//! Which links stay inside a tree.

use super::TreePath;
use super::path::PATH_BYTES;

/// Whether a link at `path` with this text can only lead to something inside the tree.
///
/// Going up is allowed only before going down: the directories above a link are real ones, so each leading `..` goes
/// where it seems to go; what follows goes down, perhaps through other links, which stay inside themselves.
pub(super) fn stays_inside(path: &TreePath, target: &str) -> bool {
    if target.is_empty() || target.len() > PATH_BYTES || target.starts_with('/') || target.chars().any(char::is_control)
    {
        return false;
    }
    let mut height = path.ancestors().count();
    let mut down = false;
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." if down || height == 0 => return false,
            ".." => height -= 1,
            _ => down = true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_lead_down_or_up_to_the_top() {
        for (path, target) in [
            ("a", "b"),
            ("a", "b/c"),
            ("d/a", "../b"),
            ("d/a", ".."),
            ("d/e/a", "../../b/"),
            ("a", "./b"),
        ] {
            assert!(
                stays_inside(&TreePath::new(path).unwrap(), target),
                "{path} -> {target}"
            );
        }
    }

    #[test]
    fn a_link_may_not_lead_out_nor_up_after_down() {
        for (path, target) in [
            ("a", ".."),
            ("d/a", "../../b"),
            ("a", "/b"),
            ("a", ""),
            ("a", "b/../c"),
            ("a", "b\0"),
            ("a", "./.."),
        ] {
            assert!(
                !stays_inside(&TreePath::new(path).unwrap(), target),
                "{path} -> {target}"
            );
        }
    }
}
