//! Many connections.

use crate::host::hello;
use crate::scene::Scene;
use crate::way::Expected::{Introduced, Left, Refused};
use crate::way::{Answer, Way};
use orv_wire::FailureCode::Busy;

/// The connections that the enclave keeps; more are turned away.
const KEPT: usize = 8;

/// Connections that say Hello, and what the first ones and the last were told.
fn crowd(scene: &Scene, number: usize) -> Vec<Answer> {
    // A session of a host that has left is one of those that are kept until it has ended.
    scene.is_at_rest().unwrap();
    let mut lines: Vec<_> = (0..number).map(|_| scene.line()).collect();
    let answers: Vec<_> = lines.iter_mut().map(|line| line.introduce(hello())).collect();
    let served = answers.iter().filter(|answer| **answer == Answer::Introduced).count();
    assert_eq!(served, number.min(KEPT), "{answers:?}");
    vec![answers[0].clone(), answers[number - 1].clone()]
}

pub const WAYS: &[Way] = &[
    Way {
        name: "as many connections as are kept",
        host: |scene| crowd(scene, KEPT),
        answers: &[Introduced, Introduced],
    },
    Way {
        name: "a hundred connections at once",
        host: |scene| crowd(scene, 100),
        answers: &[Introduced, Refused(Busy)],
    },
    Way {
        name: "two thousand connections, one after the other",
        host: |scene| {
            for _ in 0..2000 {
                drop(scene.line());
            }
            vec![Answer::Left]
        },
        answers: &[Left],
    },
];
