//! Contents whose bytes are those of their hash, and which are a trap all the same, or are not there at all.

use crate::host::{SmallDisk, file, read};
use crate::scene::Scene;
use crate::way::Expected::{Inconclusive, NotImproved};
use crate::way::{Answer, Way};
use alloy_primitives::B256;
use orv_content::archive;
use orv_content::merkle::root_of;
use orv_content::tree::{Executable, TreePath};
use orv_wire::Job;

/// Has a job judged without one of its contents.
fn without(scene: &Scene, hash: impl FnOnce(&Job) -> B256) -> Vec<Answer> {
    let mut line = scene.working();
    let missing = hash(&line.job());
    line.shelf.0.remove(&missing);
    vec![line.finish()]
}

/// Has a job judged with another content in the place of one.
fn with(scene: &Scene, place: impl FnOnce(&mut Job) -> &mut B256, content: Vec<u8>) -> Vec<Answer> {
    let mut line = scene.introduced();
    let mut job = scene.job();
    let hash = B256::from(root_of(&content).unwrap().0);
    *place(&mut job) = hash;
    line.shelf.0.insert(hash, content);
    line.ask(job);
    vec![line.finish()]
}

fn candidate(job: &mut Job) -> &mut B256 {
    &mut job.proposal.code_hash
}

/// A tar's header for a file of a length, and nothing after it.
fn header(length: u64) -> Vec<u8> {
    let mut tree = read("images/example/project/repository");
    tree = tree
        .iter()
        .take(1)
        .fold(orv_content::tree::Tree::new(), |mut one, (path, node)| {
            one.insert(path.clone(), node.clone()).unwrap();
            one
        });
    let mut bytes = archive::write(&tree)[..512].to_vec();
    bytes[124..136].copy_from_slice(format!("{length:011o}\0").as_bytes());
    // The checksum is made with spaces in its own place.
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

/// The example with as many bytes of zeros laid into it.
fn full_of_zeros(length: usize) -> Vec<u8> {
    let mut tree = read("images/example/project/repository");
    tree.insert(TreePath::new("zeros").unwrap(), file(vec![0; length], Executable::No))
        .unwrap();
    archive::write(&tree)
}

pub const WAYS: &[Way] = &[
    Way {
        name: "the protocol is missing",
        host: |scene| without(scene, |job| job.project.protocol_hash),
        answers: &[Inconclusive("missing-bytes")],
    },
    Way {
        name: "the snapshot is missing",
        host: |scene| without(scene, |job| job.project.repo_snapshot_hash),
        answers: &[Inconclusive("missing-bytes")],
    },
    Way {
        name: "the benchmark is missing",
        host: |scene| without(scene, |job| job.project.benchmark_hash),
        answers: &[Inconclusive("missing-bytes")],
    },
    Way {
        name: "the candidate is missing",
        host: |scene| without(scene, |job| job.proposal.code_hash),
        answers: &[Inconclusive("missing-bytes")],
    },
    Way {
        name: "a candidate of one byte",
        host: |scene| with(scene, candidate, vec![7]),
        answers: &[Inconclusive("candidate-archive")],
    },
    Way {
        name: "a candidate of zeros alone, which is an archive of nothing",
        host: |scene| with(scene, candidate, vec![0; 3 << 20]),
        answers: &[Inconclusive("candidate-exit")],
    },
    Way {
        name: "a candidate whose one file announces eight gibibytes",
        host: |scene| with(scene, candidate, header((8 << 30) - 1)),
        answers: &[Inconclusive("candidate-archive")],
    },
    Way {
        name: "a candidate whose one file is cut",
        host: |scene| with(scene, candidate, header(5000)),
        answers: &[Inconclusive("candidate-archive")],
    },
    Way {
        name: "a candidate with zeros where it may not write: they are undone",
        host: |scene| with(scene, candidate, full_of_zeros(64 << 20)),
        answers: &[NotImproved],
    },
    Way {
        name: "contents that fill the disk",
        host: |scene| {
            let disk = SmallDisk::over(&scene.enclave.scratch());
            let answer = scene.working().finish();
            drop(disk);
            vec![answer]
        },
        answers: &[Inconclusive("job-limit")],
    },
    Way {
        name: "a protocol of brackets, one in the other",
        host: |scene| with(scene, |job| &mut job.project.protocol_hash, vec![b'['; 1 << 20]),
        answers: &[Inconclusive("protocol-malformed")],
    },
    Way {
        name: "a protocol of zeros",
        host: |scene| with(scene, |job| &mut job.project.protocol_hash, vec![0; 1 << 20]),
        answers: &[Inconclusive("protocol-malformed")],
    },
    Way {
        name: "a protocol where the snapshot belongs",
        host: |scene| {
            let protocol = scene.shelf.0[&scene.job().project.protocol_hash].clone();
            with(scene, |job| &mut job.project.repo_snapshot_hash, protocol)
        },
        answers: &[Inconclusive("project-archive")],
    },
];
