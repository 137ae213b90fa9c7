//! The copy-on-write `/work`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use nix::mount::MsFlags;

use super::error::{At, SetupError};
use super::filesystem::{Source, bind, mount_at, no_devices};
use crate::document::parts::{KEPT_UPPER, KEPT_WORK};
use crate::document::{Plan, Upper};
use crate::message::Step;
use crate::protection::{Kept, Protection};

/// Bytes of a tmpfs for which one inode is granted, within bounds: inodes cost memory that `size=` does not count.
const BYTES_PER_INODE: u64 = 1024;
const FEWEST_INODES: u64 = 1024;
const MOST_INODES: u64 = 1 << 20;
/// Place of a fresh upper layer on the stage.
const FRESH: &str = "fresh";

/// The layers of `/work`, opened before anything is mounted over them.
pub(super) struct Layers {
    lower: Vec<Source>,
    upper: OpenUpper,
}

enum OpenUpper {
    Fresh(u64),
    Kept { upper: Source, work: Source },
}

impl Layers {
    pub(super) fn open(plan: &Plan) -> Result<Self, SetupError> {
        let lower = plan
            .work_layers
            .iter()
            .map(|layer| Source::open(layer))
            .collect::<Result<_, _>>()?;
        let upper = match &plan.work_upper {
            Upper::Fresh(bytes) => OpenUpper::Fresh(*bytes),
            Upper::Kept(layer) => OpenUpper::Kept {
                upper: Source::open(&layer.join(KEPT_UPPER))?,
                work: Source::open(&layer.join(KEPT_WORK))?,
            },
        };
        Ok(Layers { lower, upper })
    }

    /// Mounts them at `target`; the working directory is the stage.
    pub(super) fn mount(&self, target: &str, kept: Kept) -> Result<(), SetupError> {
        if let (Some(tree), false) = (self.lower.last(), kept.has(Protection::FreshTree)) {
            return bind(&tree.path(), Path::new(target)).at(Step::Work);
        }
        let (upper, work) = match &self.upper {
            OpenUpper::Fresh(bytes) => fresh(*bytes, kept)?,
            OpenUpper::Kept { upper, work } => (upper.path(), work.path()),
        };
        let lower: Vec<String> = self.lower.iter().map(Source::path).collect();
        // Renaming a directory of the tree must work; copies of whole files only, or a layer would not stand alone.
        let options = format!(
            "lowerdir={},upperdir={upper},workdir={work},redirect_dir=on,metacopy=off,index=off",
            lower.join(":")
        );
        mount_at(
            Some("overlay"),
            target,
            Some("overlay"),
            no_devices(kept),
            Some(&options),
        )
        .at(Step::Work)
    }
}

fn fresh(bytes: u64, kept: Kept) -> Result<(String, String), SetupError> {
    fs::create_dir(FRESH).at(Step::Work)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_at(
        Some("tmpfs"),
        FRESH,
        Some("tmpfs"),
        flags,
        Some(&tmpfs_options(bytes, 0o755, kept)),
    )
    .at(Step::Work)?;
    make_directories(Path::new(FRESH), kept).at(Step::Work)?;
    Ok((format!("{FRESH}/{KEPT_UPPER}"), format!("{FRESH}/{KEPT_WORK}")))
}

/// The two directories that an upper layer consists of. The first is the payload's: it becomes `/work` itself.
pub(crate) fn make_directories(layer: &Path, kept: Kept) -> std::io::Result<()> {
    fs::create_dir(layer.join(KEPT_WORK))?;
    fs::create_dir(layer.join(KEPT_UPPER))?;
    fs::set_permissions(layer.join(KEPT_UPPER), fs::Permissions::from_mode(0o755))?;
    let owner = Some(kept.payload_host_id());
    chown(layer.join(KEPT_UPPER), owner, owner)
}

/// Options of a tmpfs of `bytes`.
pub(crate) fn tmpfs_options(bytes: u64, mode: u32, kept: Kept) -> String {
    let inodes = (bytes / BYTES_PER_INODE).clamp(FEWEST_INODES, MOST_INODES);
    // Zero is no limit.
    let limit = |amount, behind| if kept.has(behind) { amount } else { 0 };
    let (size, files) = (
        limit(bytes, Protection::WritableBytes),
        limit(inodes, Protection::WritableFiles),
    );
    format!("size={size},nr_inodes={files},mode={mode:o}")
}
