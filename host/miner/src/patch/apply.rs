//! From changes and a tree to the changed tree.

use bytes::Bytes;
use orv_content::tree::{Executable, Node, Tree, TreePath};

use super::hunk::{Hunk, HunkLine, Side};
use super::{ApplyError, ChangeKind, FileChange, Patch, excerpt};

impl Patch {
    /// The tree with every change made.
    ///
    /// # Errors
    /// The first change that does not fit exactly; nothing is changed halfway.
    pub fn apply(&self, tree: &Tree) -> Result<Tree, ApplyError> {
        let mut changed = tree.clone();
        // Deletions first: a file may make way for a directory of its name.
        for kind in [ChangeKind::Delete, ChangeKind::Modify, ChangeKind::Create] {
            for file in self.files.iter().filter(|file| file.kind == kind) {
                file.apply(&mut changed)?;
            }
        }
        Ok(changed)
    }
}

impl FileChange {
    fn apply(&self, tree: &mut Tree) -> Result<(), ApplyError> {
        let (old, executable) = self.before(tree)?;
        let new = patched(&self.path, &old, &self.hunks)?;
        if self.kind == ChangeKind::Delete {
            if !new.is_empty() {
                return Err(ApplyError::NotEmptied(self.path.clone()));
            }
            tree.remove(&self.path);
            return Ok(());
        }
        let executable = self.executable.unwrap_or(executable);
        tree.insert(
            self.path.clone(),
            Node::File {
                executable,
                content: new.into(),
            },
        )?;
        Ok(())
    }

    /// The file as it is: nothing where it is to be created.
    fn before(&self, tree: &Tree) -> Result<(Bytes, Executable), ApplyError> {
        match (self.kind, tree.get(&self.path)) {
            (ChangeKind::Create, None) => Ok((Bytes::new(), Executable::No)),
            (ChangeKind::Create, Some(_)) => Err(ApplyError::Exists(self.path.clone())),
            (_, Some(Node::File { executable, content })) => Ok((content.clone(), *executable)),
            (_, _) => Err(ApplyError::NoFile(self.path.clone())),
        }
    }
}

/// The new content of a file. Counts lines of both files as it goes.
fn patched(path: &TreePath, old: &[u8], hunks: &[Hunk]) -> Result<Vec<u8>, ApplyError> {
    let mut rest = old.split_inclusive(|byte| *byte == b'\n');
    let (mut new, mut read, mut written) = (Vec::with_capacity(old.len()), 0, 0);
    for hunk in hunks {
        let before = hunk.old.before().unwrap_or_default();
        while read < before {
            let beyond = || ApplyError::BeyondEnd {
                path: path.clone(),
                line: before,
            };
            new.extend_from_slice(rest.next().ok_or_else(beyond)?);
            (read, written) = (read + 1, written + 1);
        }
        if hunk.new.before() != Some(written) {
            return Err(ApplyError::Misplaced {
                path: path.clone(),
                stated: hunk.new.start,
                found: written + 1,
            });
        }
        for line in &hunk.lines {
            if line.side != Side::New {
                read += 1;
                expect(path, read, line, rest.next())?;
            }
            if line.side != Side::Old {
                written += 1;
                new.extend_from_slice(&line.text);
            }
        }
    }
    rest.for_each(|line| new.extend_from_slice(line));
    Ok(new)
}

fn expect(path: &TreePath, line: u64, expected: &HunkLine, found: Option<&[u8]>) -> Result<(), ApplyError> {
    let found = found.ok_or_else(|| ApplyError::BeyondEnd {
        path: path.clone(),
        line,
    })?;
    if found == expected.text {
        return Ok(());
    }
    Err(ApplyError::Differs {
        path: path.clone(),
        line,
        expected: excerpt(&expected.text),
        found: excerpt(found),
    })
}
