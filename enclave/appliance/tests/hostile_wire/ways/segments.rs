//! Segments that are not the next bytes of the content that was asked for.

use crate::line::{Line, segment};
use crate::scene::Scene;
use crate::way::Expected::{Improved, Says};
use crate::way::{Answer, Way};
use alloy_primitives::B256;
use orv_wire::FailureCode::{Malformed, OutOfOrder};
use orv_wire::{Failure, FailureCode, MAX_SEGMENT, Message, Segment, Stage, Want};

/// Lies when the benchmark is asked for, which is longer than a segment, and tells what comes of it.
fn lie(scene: &Scene, lie: impl FnOnce(&mut Line<'_>, B256, &[u8])) -> Vec<Answer> {
    let mut line = scene.working();
    let hash = line.job().project.benchmark_hash;
    line.until_wanted(hash);
    let content = scene.shelf.0[&hash].clone();
    assert!(content.len() > 2 * MAX_SEGMENT, "the content has no third segment");
    lie(&mut line, hash, &content);
    vec![line.finish()]
}

/// Sends the first segment with one thing about it changed.
fn first_with(scene: &Scene, change: impl FnOnce(&mut Segment)) -> Vec<Answer> {
    lie(scene, |line, hash, content| {
        let mut first = segment(hash, content, 0);
        change(&mut first);
        line.send(&Message::Segment(first));
    })
}

/// Sends the first segment as it is and the second with one thing about it changed.
fn second_with(scene: &Scene, change: impl FnOnce(&mut Segment)) -> Vec<Answer> {
    lie(scene, |line, hash, content| {
        line.send(&Message::Segment(segment(hash, content, 0)));
        let mut second = segment(hash, content, 1);
        change(&mut second);
        line.send(&Message::Segment(second));
    })
}

/// Serves all of a content with something done to its bytes.
fn altered(scene: &Scene, alter: impl FnOnce(&mut Vec<u8>)) -> Vec<Answer> {
    lie(scene, |line, hash, content| {
        let mut content = content.to_vec();
        alter(&mut content);
        line.shelf.0.insert(hash, content);
        line.serve(&Want {
            hash,
            offset: 0,
            length: u64::MAX / 2,
        });
    })
}

pub const WAYS: &[Way] = &[
    Way {
        name: "a segment is left out",
        host: |scene| {
            lie(scene, |line, hash, content| {
                for number in [0, 2] {
                    line.send(&Message::Segment(segment(hash, content, number)));
                }
            })
        },
        answers: &[Says(Malformed, "segment at 524288, wanted 262144")],
    },
    Way {
        name: "two segments change places",
        host: |scene| {
            lie(scene, |line, hash, content| {
                for number in [1, 0, 2] {
                    line.send(&Message::Segment(segment(hash, content, number)));
                }
            })
        },
        answers: &[Says(Malformed, "segment at 262144, wanted 0")],
    },
    Way {
        name: "a segment comes twice",
        host: |scene| second_with(scene, |segment| segment.offset = 0),
        answers: &[Says(Malformed, "segment at 0, wanted 262144")],
    },
    Way {
        name: "a segment overlaps the one before it",
        host: |scene| second_with(scene, |segment| segment.offset -= 1),
        answers: &[Says(Malformed, "segment at 262143, wanted 262144")],
    },
    Way {
        name: "a segment at the end of numbers",
        host: |scene| second_with(scene, |segment| segment.offset = u64::MAX),
        answers: &[Says(Malformed, "segment at 18446744073709551615")],
    },
    Way {
        name: "a segment of no bytes",
        host: |scene| first_with(scene, |segment| segment.bytes.clear()),
        answers: &[Says(Malformed, "segment of 0 bytes")],
    },
    Way {
        name: "a segment of one byte",
        host: |scene| first_with(scene, |segment| segment.bytes.truncate(1)),
        answers: &[Says(Malformed, "segment of 1 bytes")],
    },
    Way {
        name: "a segment of one byte too many",
        host: |scene| first_with(scene, |segment| segment.bytes.push(0)),
        answers: &[Says(Malformed, "segment of 262145 bytes")],
    },
    Way {
        name: "a segment of all that a frame holds",
        host: |scene| first_with(scene, |segment| segment.bytes = vec![0; 1_048_000]),
        answers: &[Says(Malformed, "segment of 1048000 bytes")],
    },
    Way {
        name: "a content of no bytes",
        host: |scene| first_with(scene, |segment| segment.total = 0),
        answers: &[Says(Malformed, "announced length changed to 0")],
    },
    Way {
        name: "a content one byte longer than an archive may be",
        host: |scene| first_with(scene, |segment| segment.total = (512 << 20) + 1),
        answers: &[Says(Malformed, "at most 536870912 are allowed")],
    },
    Way {
        name: "a content as long as a number can say",
        host: |scene| first_with(scene, |segment| segment.total = u64::MAX),
        answers: &[Says(Malformed, "at most 536870912 are allowed")],
    },
    Way {
        name: "the longest content is announced, and then another length",
        host: |scene| {
            lie(scene, |line, hash, content| {
                let mut first = segment(hash, content, 0);
                first.total = 512 << 20;
                line.send(&Message::Segment(first));
                line.send(&Message::Segment(segment(hash, content, 1)));
            })
        },
        answers: &[Says(Malformed, "announced length changed")],
    },
    Way {
        name: "the announced length grows by a byte",
        host: |scene| second_with(scene, |segment| segment.total += 1),
        answers: &[Says(Malformed, "announced length changed")],
    },
    Way {
        name: "the root is swapped in the middle of the stream",
        host: |scene| second_with(scene, |segment| segment.hash = B256::repeat_byte(1)),
        answers: &[Says(Malformed, "segment of 0x0101")],
    },
    Way {
        name: "a segment of a content that was served before",
        host: |scene| {
            lie(scene, |line, _, _| {
                let other = line.job().project.repo_snapshot_hash;
                let replayed = segment(other, &line.shelf.0[&other], 0);
                line.send(&Message::Segment(replayed));
            })
        },
        answers: &[Says(Malformed, "segment of 0x")],
    },
    Way {
        name: "a whole content that was served before, under the name of this one",
        host: |scene| {
            lie(scene, |line, hash, _| {
                let other = line.shelf.0[&line.job().project.repo_snapshot_hash].clone();
                line.shelf.0.insert(hash, other);
                line.serve(&Want {
                    hash,
                    offset: 0,
                    length: u64::MAX / 2,
                });
            })
        },
        answers: &[Says(Malformed, "not those of the hash")],
    },
    Way {
        name: "a segment on another stream",
        host: |scene| {
            lie(scene, |line, hash, content| {
                line.send_on(9, &Message::Segment(segment(hash, content, 0)));
            })
        },
        answers: &[Says(OutOfOrder, "stream 9")],
    },
    Way {
        name: "one bit of a content is another",
        host: |scene| altered(scene, |content| content[300_000] ^= 1),
        answers: &[Says(Malformed, "not those of the hash")],
    },
    Way {
        name: "the last byte of a content's files is missing",
        host: |scene| {
            altered(scene, |content| {
                let end = content.iter().rposition(|byte| *byte != 0).unwrap();
                content.truncate(end);
            })
        },
        answers: &[Says(Malformed, "not those of the hash")],
    },
    Way {
        name: "a content is followed by another archive",
        host: |scene| altered(scene, |content| content.extend(content.clone())),
        answers: &[Says(Malformed, "not those of the hash")],
    },
    Way {
        name: "all segments at once, before any is asked for: no more are read than fit",
        host: |scene| {
            let mut line = scene.introduced();
            let job = scene.job();
            line.ask(job.clone());
            for hash in [
                job.project.protocol_hash,
                job.project.repo_snapshot_hash,
                job.project.benchmark_hash,
            ] {
                let want = Want {
                    hash,
                    offset: 0,
                    length: u64::MAX / 2,
                };
                line.serve(&want);
            }
            let last = line.skip_to(job.proposal.code_hash);
            line.serve(&last);
            vec![line.finish()]
        },
        answers: &[Improved],
    },
    Way {
        name: "a segment after the last of its content",
        host: |scene| {
            lie(scene, |line, hash, content| {
                let want = Want {
                    hash,
                    offset: 0,
                    length: u64::MAX / 2,
                };
                line.serve(&want);
                line.send(&Message::Segment(segment(hash, content, 0)));
            })
        },
        answers: &[Says(Malformed, "segment of 0x")],
    },
    Way {
        name: "a segment while trials run",
        host: |scene| {
            let mut line = scene.working_at(Stage::Trials);
            let hash = line.job().project.benchmark_hash;
            let late = segment(hash, &scene.shelf.0[&hash], 0);
            line.send(&Message::Segment(late));
            vec![line.answer()]
        },
        answers: &[Says(OutOfOrder, "Segment")],
    },
    Way {
        name: "bytes are found missing after the first of them came",
        host: |scene| {
            lie(scene, |line, hash, content| {
                line.send(&Message::Segment(segment(hash, content, 0)));
                let (code, detail) = (FailureCode::Missing, String::new());
                line.send(&Message::Error(Failure { code, detail }));
            })
        },
        answers: &[Says(OutOfOrder, "Error")],
    },
    Way {
        name: "a content that is asked for twice is another the second time",
        host: |scene| {
            let mut line = scene.introduced();
            let mut job = scene.job();
            // The incumbent's bytes and the candidate's are the same content.
            job.incumbent.code_hash = job.proposal.code_hash;
            line.ask(job.clone());
            let first = line.until_wanted(job.proposal.code_hash);
            line.serve(&first);
            let other = crate::host::candidate("unchanged-copy");
            line.shelf.0.insert(job.proposal.code_hash, other);
            vec![line.finish()]
        },
        answers: &[Says(Malformed, "not those of the hash")],
    },
];
