//! An archive of many files onto a tmpfs: ours with all its checks, beside GNU tar.

use super::ContentBenchError;
use crate::cost::{Cost, cost_of};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::statistics::{Draw, Sample};
use bytes::Bytes;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use orv_content::archive::{self, Quota};
use orv_content::materialize::write_beneath_with;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use std::fs::{self, File};
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const FILE_BYTES: usize = 10_000;
const FOLDERS: u32 = 100;
const ARCHIVE: &str = "archive.tar";

/// Who unpacks.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// From memory, where an archive is once it has come.
    Ours(NonZeroUsize),
    /// From the file that tar reads.
    OursFromFile,
    /// As root unpacks by default: owners and times restored.
    Tar,
    /// Neither owners nor times, as ours.
    PlainTar,
}

impl Way {
    fn name(self) -> String {
        match self {
            Self::Ours(threads) if threads.get() == 1 => "ours".to_owned(),
            Self::Ours(threads) => format!("ours, {threads} threads"),
            Self::OursFromFile => "ours, reading the file first".to_owned(),
            Self::Tar => "GNU tar -x".to_owned(),
            Self::PlainTar => "GNU tar -x -m --no-same-owner".to_owned(),
        }
    }
}

/// A tmpfs of this program's own; its mount vanishes with the value.
struct Place(TempDir);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = umount2(self.0.path(), MntFlags::MNT_DETACH);
    }
}

pub(super) fn measure(files: u32, rounds: usize) -> Result<Section, ContentBenchError> {
    let directory = TempDir::new().map_err(|source| ContentBenchError::Disk {
        path: std::env::temp_dir(),
        source,
    })?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("tmpfs"),
        directory.path(),
        Some("tmpfs"),
        flags,
        Some("size=2g,mode=755"),
    )?;
    let place = Place(directory);
    let archive = archive::write(&tree(files)?);
    let path = place.0.path().join(ARCHIVE);
    fs::write(&path, &archive).map_err(disk(&path))?;
    let one = NonZeroUsize::MIN;
    let archive = Bytes::from(archive);
    let ways = [
        Way::Ours(one),
        Way::Ours(one.saturating_add(1)),
        Way::OursFromFile,
        Way::Tar,
        Way::PlainTar,
    ];
    let mut costs = ways.map(|_| Vec::new());
    let mut draw = Draw::from_seed(10_000);
    // One round that does not count: the first one makes the pages.
    for round in 0..=rounds {
        for index in draw.order(ways.len()) {
            let (Some(way), Some(costs)) = (ways.get(index), costs.get_mut(index)) else {
                continue;
            };
            let cost = unpack(*way, &archive, place.0.path())?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    Ok(section(files, rounds, archive.len(), ways.into_iter().zip(costs)))
}

fn section(files: u32, rounds: usize, bytes: usize, found: impl Iterator<Item = (Way, Vec<Cost>)>) -> Section {
    let mut table = Table::new(&["who", "wall, median", "wall, least", "cpu, median"]);
    let mut medians = Vec::new();
    for (way, costs) in found {
        let of = |figure: fn(&Cost) -> f64| Sample::of(costs.iter().map(figure));
        let (Some(wall), Some(cpu)) = (
            of(|cost| cost.wall.as_secs_f64() * 1e3),
            of(|cost| cost.cpu.as_secs_f64() * 1e3),
        ) else {
            continue;
        };
        medians.push((wall.median(), cpu.median()));
        table.rows.push(vec![
            Cell::text(way.name()),
            Cell::of(wall.median(), Unit::Milliseconds),
            Cell::of(wall.least(), Unit::Milliseconds),
            Cell::of(cpu.median(), Unit::Milliseconds),
        ]);
    }
    let mut targets = Vec::new();
    if let [one, two, _, tar, plain] = medians[..] {
        let mut target = |name: &str, ratio: f64| {
            targets.push(Target::new(name, ratio, Unit::Ratio, Bound::AtMost(1.0)));
        };
        target("ours on one thread / tar -x, wall", one.0 / tar.0);
        target("ours on one thread / tar -x, cpu", one.1 / tar.1);
        target("ours on two threads / the faster tar, wall", two.0 / tar.0.min(plain.0));
    }
    Section {
        name: "unpack",
        title: format!("Unpacking {files} files of {FILE_BYTES} bytes in {FOLDERS} folders"),
        method: format!(
            "{rounds} rounds on one tmpfs, in a drawn order, each into an empty folder. The tar has {bytes} bytes and \
             lies on the same tmpfs. Ours: `archive::read` with the quotas of a project, from memory, where a content is \
             once it has come, and writing beneath a descriptor; tar: its whole process."
        ),
        table,
        targets,
        notes: Vec::new(),
    }
}

fn unpack(way: Way, bytes: &Bytes, place: &Path) -> Result<Cost, ContentBenchError> {
    let target = place.join("unpacked");
    fs::create_dir(&target).map_err(disk(&target))?;
    let archive = place.join(ARCHIVE);
    let (done, cost) = match way {
        Way::Ours(threads) => cost_of(|| ours(bytes.clone(), &target, threads))?,
        Way::OursFromFile => cost_of(|| {
            let bytes = fs::read(&archive).map_err(disk(&archive))?;
            ours(bytes.into(), &target, NonZeroUsize::MIN)
        })?,
        Way::Tar => cost_of(|| tar(&archive, &target, &[]))?,
        Way::PlainTar => cost_of(|| tar(&archive, &target, &["-m", "--no-same-owner"]))?,
    };
    done?;
    fs::remove_dir_all(&target).map_err(disk(&target))?;
    Ok(cost)
}

fn ours(archive: Bytes, target: &Path, threads: NonZeroUsize) -> Result<(), ContentBenchError> {
    let tree = archive::read(archive, &Quota::project())?;
    let directory = File::open(target).map_err(disk(target))?;
    Ok(write_beneath_with(threads, &tree, directory.as_fd())?)
}

fn tar(archive: &Path, target: &Path, more: &[&str]) -> Result<(), ContentBenchError> {
    let mut command = Command::new("tar");
    let output = command
        .args(more)
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(target)
        .output();
    let said = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    Err(ContentBenchError::Program { program: "tar", said })
}

fn tree(files: u32) -> Result<Tree, ContentBenchError> {
    let mut tree = Tree::new();
    let mut draw = Draw::from_seed(1);
    for file in 0..files {
        let bytes: Vec<u8> = std::iter::repeat_with(|| draw.next().to_le_bytes())
            .flatten()
            .take(FILE_BYTES)
            .collect();
        let path = TreePath::new(format!("folder-{:02}/file-{file:05}", file % FOLDERS))?;
        let node = Node::File {
            executable: Executable::No,
            content: bytes.into(),
        };
        tree.insert(path, node)?;
    }
    Ok(tree)
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> ContentBenchError + use<'_> {
    move |source| ContentBenchError::Disk {
        path: path.to_owned(),
        source,
    }
}
