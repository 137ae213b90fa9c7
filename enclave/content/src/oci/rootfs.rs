//! Merging layers into one root file system, in memory: pure, so that hostile layers meet no file system at all.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::os::fd::BorrowedFd;

use bytes::Bytes;

use super::OciError;
use crate::archive::{ArchiveError, Entries, Entry, EntryKind, Quota, QuotaError, Weight};
use crate::materialize::{Directories, FileMode};
use crate::tree::{PATH_BYTES, TreePath};

/// What the runner mounts over or needs as a directory (container reference 7 and 8).
const MOUNT_POINTS: [&str; 4] = ["dev", "proc", "tmp", "work"];
/// Links that a path may lead through, as in Linux, and components that it may have with theirs.
const LINK_LIMIT: usize = 40;
const STEP_LIMIT: u64 = 1024;
/// Components that all paths of an image may lead through, for each entry of its quota: with their links and as long as
/// they may be, few entries could otherwise keep the merge busy for many minutes. A real image needs five or so.
const STEPS_PER_ENTRY: u64 = 32;
/// Prefix of whiteouts, and the one that hides all of a directory (OCI image specification, layer).
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

#[derive(Debug, Clone)]
enum Item {
    Directory,
    /// `identity` is shared by the names of one file.
    File {
        mode: FileMode,
        content: Bytes,
        identity: usize,
    },
    Symlink {
        target: String,
    },
}

/// All files of an image by their real path: no path leads through a link.
#[derive(Debug)]
pub(super) struct RootFilesystem<'quota> {
    items: BTreeMap<String, Item>,
    files: usize,
    /// Components that paths have led through.
    steps: u64,
    quota: &'quota Quota,
}

impl<'quota> RootFilesystem<'quota> {
    /// Applies `layers`, plain tars, in order.
    pub fn merge(layers: &[Bytes], quota: &'quota Quota) -> Result<Self, OciError> {
        let mut root = Self {
            items: BTreeMap::new(),
            files: 0,
            steps: 0,
            quota,
        };
        let mut weight = Weight::new(quota);
        for (number, layer) in layers.iter().enumerate() {
            let entries = read_entries(layer, number, &mut weight)?;
            // Whiteouts hide only what lies below their own layer, wherever they stand in it.
            for (path, _) in entries.iter().filter(|(path, _)| path.name().starts_with(WHITEOUT)) {
                root.hide(path)?;
            }
            for (path, entry) in entries
                .into_iter()
                .filter(|(path, _)| !path.name().starts_with(WHITEOUT))
            {
                root.add(path, &entry, layer, number)?;
            }
        }
        Ok(root)
    }

    /// Makes sure that the mount points are directories; a link in their place could lead a mount elsewhere.
    pub fn require_mount_points(&mut self) -> Result<(), OciError> {
        for path in MOUNT_POINTS {
            match self.items.entry(path.to_owned()).or_insert(Item::Directory) {
                Item::Directory => {}
                Item::File { .. } | Item::Symlink { .. } => return Err(OciError::MountPoint { path }),
            }
        }
        Ok(())
    }

    /// Writes everything. Parents come before what lies beneath them, because a path orders before its extensions.
    pub fn write_beneath(&self, directory: BorrowedFd<'_>) -> Result<(), OciError> {
        let mut directories = Directories::beneath(directory)?;
        let mut written: HashMap<usize, &str> = HashMap::new();
        for (path, item) in &self.items {
            match item {
                Item::Directory => directories.create(path)?,
                Item::Symlink { target } => directories.write_symlink(path, target)?,
                Item::File {
                    mode,
                    content,
                    identity,
                } => match written.get(identity) {
                    Some(existing) => directories.write_hard_link(path, existing)?,
                    None => {
                        directories.write_file(path, *mode, content)?;
                        written.insert(*identity, path);
                    }
                },
            }
        }
        Ok(())
    }

    fn hide(&mut self, path: &TreePath) -> Result<(), OciError> {
        let Some(parent) = self.resolve(path.parent().unwrap_or_default())? else {
            return Ok(());
        };
        if path.name() == OPAQUE {
            self.remove_beneath(&parent);
            return Ok(());
        }
        match path.name().strip_prefix(WHITEOUT) {
            None | Some("" | "." | "..") => Err(OciError::Whiteout { path: path.clone() }),
            Some(name) if name.starts_with(WHITEOUT) => Err(OciError::Whiteout { path: path.clone() }),
            Some(name) => {
                self.remove(&join(&parent, name));
                Ok(())
            }
        }
    }

    fn add(&mut self, path: TreePath, entry: &Entry, layer: &Bytes, number: usize) -> Result<(), OciError> {
        let item = match entry.kind {
            EntryKind::Directory => Item::Directory,
            EntryKind::File => {
                self.files += 1;
                let mode = if entry.mode & 0o111 == 0 {
                    FileMode::Plain
                } else {
                    FileMode::Executable
                };
                Item::File {
                    mode,
                    content: layer.slice(entry.data.clone()),
                    identity: self.files,
                }
            }
            EntryKind::Symlink
                if entry.link.is_empty() || entry.link.len() > PATH_BYTES || entry.link.contains('\0') =>
            {
                return Err(OciError::LinkText { path });
            }
            EntryKind::Symlink => Item::Symlink {
                target: entry.link.clone(),
            },
            EntryKind::HardLink => {
                let target = entry.target().map_err(|source| OciError::Layer { number, source })?;
                match self.find(&target)? {
                    Some(item @ (Item::File { .. } | Item::Symlink { .. })) => item.clone(),
                    Some(Item::Directory) | None => return Err(OciError::HardLinkTarget { path, target }),
                }
            }
        };
        self.place(path, item)
    }

    fn find(&mut self, path: &TreePath) -> Result<Option<&Item>, OciError> {
        let parent = self.resolve(path.parent().unwrap_or_default())?;
        Ok(parent.and_then(|parent| self.items.get(&join(&parent, path.name()))))
    }

    fn place(&mut self, path: TreePath, item: Item) -> Result<(), OciError> {
        let Some(parent) = self.resolve(path.parent().unwrap_or_default())? else {
            return Err(OciError::BeneathFile { path });
        };
        for (end, _) in parent
            .match_indices('/')
            .chain([(parent.len(), "")])
            .filter(|(end, _)| *end > 0)
        {
            let ancestor = parent.get(..end).unwrap_or_default();
            self.items.entry(ancestor.to_owned()).or_insert(Item::Directory);
        }
        let place = join(&parent, path.name());
        if !matches!(
            (&item, self.items.get(&place)),
            (Item::Directory, Some(Item::Directory))
        ) {
            self.remove(&place);
            self.items.insert(place, item);
        }
        // Directories that are only implied count too.
        let limit = self.quota.entries;
        if self.items.len() as u64 > limit {
            Err(QuotaError::Entries { limit }.into())
        } else {
            Ok(())
        }
    }

    /// The real path of a directory, links followed as if the image were the whole file system; what does not exist
    /// stays as it is. `None` when a file is in the way.
    fn resolve(&mut self, directory: &str) -> Result<Option<String>, OciError> {
        let (real, steps) = self.walk(directory)?;
        // A way that ends at a file has been gone too.
        self.steps += steps;
        let limit = self.quota.entries.saturating_mul(STEPS_PER_ENTRY);
        if self.steps > limit {
            return Err(OciError::Resolution { limit });
        }
        Ok(real)
    }

    /// What [`Self::resolve`] finds, and how many components it led through.
    fn walk(&self, directory: &str) -> Result<(Option<String>, u64), OciError> {
        let too_many = || OciError::TooManyLinks {
            path: directory.to_owned(),
        };
        let mut pending: Vec<&str> = directory.split('/').rev().collect();
        let mut real = String::new();
        let (mut links, mut steps) = (0, 0_u64);
        while let Some(component) = pending.pop() {
            steps += 1;
            match component {
                "" | "." => {}
                ".." => real.truncate(real.rfind('/').unwrap_or_default()),
                name => {
                    let next = join(&real, name);
                    match self.items.get(&next) {
                        Some(Item::File { .. }) => return Ok((None, steps)),
                        Some(Item::Symlink { target }) => {
                            links += 1;
                            if target.starts_with('/') {
                                real.clear();
                            }
                            pending.extend(target.split('/').rev());
                        }
                        Some(Item::Directory) | None => real = next,
                    }
                }
            }
            if links > LINK_LIMIT || steps > STEP_LIMIT || real.len() > self.quota.path_length {
                return Err(too_many());
            }
        }
        Ok((Some(real), steps))
    }

    fn remove(&mut self, path: &str) {
        self.items.remove(path);
        self.remove_beneath(path);
    }

    fn remove_beneath(&mut self, directory: &str) {
        if directory.is_empty() {
            self.items.clear();
            return;
        }
        let prefix = format!("{directory}/");
        let beneath = self
            .items
            .range::<str, _>((Bound::Excluded(prefix.as_str()), Bound::Unbounded));
        let paths: Vec<String> = beneath
            .map(|(path, _)| path.clone())
            .take_while(|path| path.starts_with(&prefix))
            .collect();
        for path in paths {
            self.items.remove(&path);
        }
    }
}

/// The entries of a layer with their paths, the top directory left out.
fn read_entries(layer: &Bytes, number: usize, weight: &mut Weight<'_>) -> Result<Vec<(TreePath, Entry)>, OciError> {
    let in_layer = |source: ArchiveError| OciError::Layer { number, source };
    let mut entries = Entries::new(layer);
    let mut read = Vec::new();
    while let Some(entry) = entries.next().map_err(in_layer)? {
        weight.entry()?;
        if let Some(path) = entry.path().map_err(in_layer)? {
            weight.quota.admit_path(&path)?;
            read.push((path, entry));
        }
    }
    Ok(read)
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}
