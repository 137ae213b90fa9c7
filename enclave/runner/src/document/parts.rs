//! Mounts and the rest of what varies in a document, written and read.

use std::path::{Path, PathBuf};

use oci_spec::runtime::{Mount, Spec};
use serde_json::{Value, json};

use super::{DocumentError, Plan, ResourceLimit, Upper};
use crate::cgroup::GroupName;
use crate::protection::Kept;

/// Annotation that names the protection a weakened build leaves out.
pub(super) const WITHOUT: &str = "orv.weakened.without";
const WORK: &str = "/work";
const TEMPORARY: &str = "/tmp";
const LAYERS: &str = "lowerdir=";
const UPPER: &str = "upperdir=";
const SIZE: &str = "size=";
/// Directories of a kept upper layer.
pub(crate) const KEPT_UPPER: &str = "upper";
pub(crate) const KEPT_WORK: &str = "work";

/// The document's mounts, in the order in which they are made.
pub(super) fn mounts(plan: &Plan) -> Vec<Value> {
    let mut mounts = vec![
        json!({ "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] }),
        json!({ "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "noexec", "ro", "mode=755", "size=65536"] }),
        json!({ "destination": TEMPORARY, "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "nodev", "mode=1777", format!("{SIZE}{}", plan.scratch_bytes)] }),
        json!({ "destination": WORK, "type": "overlay", "source": "overlay", "options": work_options(plan) }),
    ];
    mounts.extend(plan.read_only.iter().map(|(source, target)| {
        json!({ "destination": target, "type": "none", "source": source, "options": ["bind", "ro", "nosuid", "nodev"] })
    }));
    mounts
}

fn work_options(plan: &Plan) -> Vec<String> {
    let mut options = vec!["nosuid".to_owned(), "nodev".to_owned()];
    options.extend(
        plan.work_layers
            .iter()
            .map(|layer| format!("{LAYERS}{}", layer.display())),
    );
    match &plan.work_upper {
        Upper::Fresh(bytes) => options.push(format!("{SIZE}{bytes}")),
        Upper::Kept(layer) => {
            options.push(format!("{UPPER}{}", layer.join(KEPT_UPPER).display()));
            options.push(format!("workdir={}", layer.join(KEPT_WORK).display()));
        }
    }
    options
}

/// Reads what varies, and nothing else: the caller compares the whole.
pub(super) fn read(spec: &Spec) -> Result<Plan, DocumentError> {
    let root = spec.root().as_ref().ok_or(DocumentError::Missing("root"))?;
    let process = spec.process().as_ref().ok_or(DocumentError::Missing("process"))?;
    let mounts = spec.mounts().as_ref().ok_or(DocumentError::Missing("mounts"))?;
    let work = options_of(mounts, WORK).ok_or(DocumentError::Missing("the mount of /work"))?;
    let limits = process.rlimits().as_deref().unwrap_or_default();
    let group = spec.linux().as_ref().and_then(|linux| linux.cgroups_path().as_ref());
    Ok(Plan {
        rootfs: root.path().clone(),
        argv: process.args().clone().ok_or(DocumentError::Missing("process.args"))?,
        env: process.env().clone().ok_or(DocumentError::Missing("process.env"))?,
        cwd: text(process.cwd()).ok_or(DocumentError::Missing("process.cwd in UTF-8"))?,
        work_layers: work
            .iter()
            .filter_map(|option| option.strip_prefix(LAYERS))
            .map(PathBuf::from)
            .collect(),
        work_upper: read_upper(work)?,
        read_only: mounts.iter().skip(FIXED_MOUNTS).filter_map(bind).collect(),
        scratch_bytes: options_of(mounts, TEMPORARY)
            .and_then(size)
            .ok_or(DocumentError::Missing("the size of /tmp"))?,
        resource_limits: limits
            .iter()
            .map(|limit| ResourceLimit {
                name: limit.typ().to_string(),
                value: limit.soft(),
            })
            .collect(),
        group: group.map(|path| read_group(path)).transpose()?,
        kept: read_kept(spec),
    })
}

#[cfg(not(feature = "weakened"))]
fn read_kept(_: &Spec) -> Kept {
    Kept::default()
}

#[cfg(feature = "weakened")]
fn read_kept(spec: &Spec) -> Kept {
    let without = spec.annotations().as_ref().and_then(|notes| notes.get(WITHOUT));
    without.map_or_else(Kept::default, |name| Kept::named(name))
}

/// Mounts that every container has.
const FIXED_MOUNTS: usize = 4;

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

fn options_of<'a>(mounts: &'a [Mount], destination: &str) -> Option<&'a [String]> {
    let mount = mounts
        .iter()
        .find(|mount| mount.destination() == Path::new(destination))?;
    mount.options().as_deref()
}

fn size(options: &[String]) -> Option<u64> {
    options
        .iter()
        .find_map(|option| option.strip_prefix(SIZE)?.parse().ok())
}

fn read_upper(work: &[String]) -> Result<Upper, DocumentError> {
    let kept = work
        .iter()
        .find_map(|option| Path::new(option.strip_prefix(UPPER)?).parent());
    kept.map(|layer| Upper::Kept(layer.to_owned()))
        .or_else(|| size(work).map(Upper::Fresh))
        .ok_or(DocumentError::Missing("the upper layer of /work"))
}

fn bind(mount: &Mount) -> Option<(PathBuf, String)> {
    Some((mount.source().clone()?, text(mount.destination())?))
}

fn read_group(path: &Path) -> Result<GroupName, DocumentError> {
    path.to_str()
        .and_then(|path| path.strip_prefix('/'))
        .and_then(GroupName::parse)
        .ok_or(DocumentError::Missing("a control group name of a runner"))
}
