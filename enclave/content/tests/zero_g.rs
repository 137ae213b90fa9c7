//! The published vectors of 0G Storage (0G Storage reference 7) and the negative cases of its section 11.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod vectors;

use orv_content::merkle::{
    EmptyContent, ProofError, SEGMENT_BYTES, SegmentProof, SegmentTree, Shape, Submission, prove, root_of, segment_root,
};
use orv_content::{Root, Sha256};
use proptest::prelude::*;
use serde_json::Value;
use vectors::{content, load};

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap()
}

fn segment(bytes: &[u8], index: u64) -> &[u8] {
    bytes.chunks(SEGMENT_BYTES as usize).nth(index as usize).unwrap_or(&[])
}

#[test]
fn every_published_root_is_ours() {
    for vector in load("roots.json").into_iter().flatten() {
        let size = number(&vector, "size");
        let bytes = content(size);
        assert_eq!(
            Sha256::of(&bytes).to_string(),
            format!("0x{}", vector["sha256"].as_str().unwrap()),
            "{size}"
        );
        let Some(root) = vector["root"].as_str() else {
            assert_eq!(root_of(&bytes), Err(EmptyContent));
            continue;
        };
        assert_eq!(root_of(&bytes).unwrap().to_string(), root, "{size}");
        let shape = Shape::of(size).unwrap();
        assert_eq!(shape.chunks(), number(&vector, "chunks"), "{size}");
        assert_eq!(shape.padded_chunks(), number(&vector, "padded_chunks"), "{size}");
        assert_eq!(shape.data_segments(), number(&vector, "segments"), "{size}");
        assert_eq!(shape.proof_segments(), number(&vector, "padded_segments"), "{size}");
    }
}

#[test]
fn every_published_submission_is_ours() {
    for vector in load("submissions.json").into_iter().flatten() {
        let size = number(&vector, "size");
        let submission = Submission::of(&content(size)).unwrap();
        assert_eq!(submission.root.to_string(), vector["root"].as_str().unwrap());
        assert_eq!(submission.sectors(), number(&vector, "fee_sectors"));
        let nodes: Vec<_> = submission
            .nodes
            .iter()
            .map(|node| (node.root.to_string(), u64::from(node.height)))
            .collect();
        let expected: Vec<_> = vector["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| (node["root"].as_str().unwrap().to_owned(), number(node, "height")))
            .collect();
        assert_eq!(nodes, expected, "{size}");
    }
}

#[test]
fn every_published_proof_is_ours_and_is_accepted() {
    for vector in load("proofs.json").into_iter().flatten() {
        let (size, index) = (number(&vector, "size"), number(&vector, "index"));
        let bytes = content(size);
        let published: SegmentProof =
            serde_json::from_value(serde_json::json!({"lemma": vector["lemma"], "path": vector["path"]})).unwrap();
        assert_eq!(prove(&bytes, index).unwrap(), published, "{size} {index}");
        let root: Root = vector["root"].as_str().unwrap().parse().unwrap();
        let shape = Shape::of(size).unwrap();
        let data = segment(&bytes, index);
        assert_eq!(
            segment_root(&shape, index, data).unwrap().to_string(),
            vector["segment_root"].as_str().unwrap()
        );
        assert_eq!(published.verify(&root, &shape, index, data), Ok(()), "{size} {index}");
    }
}

#[test]
fn the_text_vectors_of_the_openresearch_reference_hold() {
    let text = |bytes: &[u8]| root_of(bytes).unwrap().to_string();
    assert_eq!(
        text(b"{}\n"),
        "0x33af4a02c26ad3001eec914ae109a9775f852bb237472cdd636255587c55f6de"
    );
    assert_eq!(
        text(b"hello\n"),
        "0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc"
    );
    for (size, root) in [
        (1, "0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5"),
        (
            255,
            "0x037a0c9cbd377fa4d88832b1adb2de77b7a2939815debfc83137ecf1b89bf984",
        ),
        (
            256,
            "0xe2a94a8afb5941b26a9be1be979c403e33559570b52961b48b3f7d36237fecc8",
        ),
        (
            257,
            "0x24b74d6cdc150cad90a1ba71ff747a7e0d377f676fc78dbcc9218d22dafa503b",
        ),
        (
            768,
            "0x6d7c4fcd7671d38afa95e3f95ba75ab82fb2df459f753885f0154e7627e67391",
        ),
        (
            5000,
            "0x3b74d95ae2d7ac56fe295dacb9862f8dcb28d3f86e3e98234610b9860667b266",
        ),
        (
            70_000,
            "0xd43efaa4b87b42f55bc87cb0a26ddeb1af5cf22d3426ebe6a8ac1596d779c38e",
        ),
        (
            262_144,
            "0x4d533607c0f4423a9287d761e7394aa61552adb7d6a080cdb278ddb65b2eacb7",
        ),
        (
            262_145,
            "0x1458412a6ece9f4f9dc83ade0c68037378ef3e10fe484cea5d451cc10c9212d0",
        ),
        (
            1_000_000,
            "0x285b8efcda042d36b5ca0bf41e92e2fbd5d623d160377484559bc8435021e5ff",
        ),
        (
            1_048_577,
            "0x3bdc4fe98b58589538649dc2bfa4675ab5d18d30908256443d6e86ad70da2756",
        ),
        (
            3_000_000,
            "0x3368602342163c128496dcbf4065300f3ff60e1aa56c87bffd785c41af3e4bd3",
        ),
    ] {
        let bytes: Vec<u8> = (0..size).map(|index: u32| (index % 251) as u8).collect();
        assert_eq!(text(&bytes), root, "{size}");
    }
}

/// A content of three full segments and a bit, with its root, shape and tree.
fn subject() -> (Vec<u8>, Root, Shape, SegmentTree) {
    let bytes = content(3 * SEGMENT_BYTES + 1000);
    let tree = SegmentTree::of(&bytes).unwrap();
    (bytes.clone(), root_of(&bytes).unwrap(), *tree.shape(), tree)
}

#[test]
fn a_flipped_bit_is_refused() {
    let (bytes, root, shape, tree) = subject();
    let proof = tree.prove(1).unwrap();
    let mut data = segment(&bytes, 1).to_vec();
    data[77] ^= 4;
    assert!(matches!(
        proof.verify(&root, &shape, 1, &data),
        Err(ProofError::SegmentRoot { .. })
    ));
    let mut flipped = proof.clone();
    flipped.lemma[1].0[0] ^= 1;
    assert!(matches!(
        flipped.verify(&root, &shape, 1, segment(&bytes, 1)),
        Err(ProofError::OtherRoot { .. })
    ));
    let mut flipped = proof;
    flipped.lemma.last_mut().unwrap().0[0] ^= 1;
    assert!(matches!(
        flipped.verify(&root, &shape, 1, segment(&bytes, 1)),
        Err(ProofError::OtherRoot { .. })
    ));
}

#[test]
fn swapped_segments_and_proofs_of_another_index_are_refused() {
    let (bytes, root, shape, tree) = subject();
    let (zero, one) = (tree.prove(0).unwrap(), tree.prove(1).unwrap());
    assert!(matches!(
        zero.verify(&root, &shape, 0, segment(&bytes, 1)),
        Err(ProofError::SegmentRoot { .. })
    ));
    assert!(matches!(
        one.verify(&root, &shape, 0, segment(&bytes, 1)),
        Err(ProofError::Path { .. })
    ));
    assert!(matches!(
        zero.verify(&root, &shape, 9, segment(&bytes, 0)),
        Err(ProofError::OutsideTree { index: 9, .. })
    ));
}

#[test]
fn the_last_segment_has_its_exact_length_or_zero_fill() {
    let (bytes, root, shape, tree) = subject();
    let last = shape.proof_segments() - 1;
    let proof = tree.prove(last).unwrap();
    let mut data = segment(&bytes, last).to_vec();
    assert_eq!(proof.verify(&root, &shape, last, &data), Ok(()));
    let cut = &data[..data.len() - 1];
    assert!(matches!(
        proof.verify(&root, &shape, last, cut),
        Err(ProofError::DataLength { found: 999, .. })
    ));
    data.resize(1024, 0);
    assert_eq!(proof.verify(&root, &shape, last, &data), Ok(()));
    data[1023] = 1;
    assert!(matches!(
        proof.verify(&root, &shape, last, &data),
        Err(ProofError::FillNotZero { .. })
    ));
    data[1023] = 0;
    data.resize(1280, 0);
    assert!(matches!(
        proof.verify(&root, &shape, last, &data),
        Err(ProofError::DataLength { found: 1280, .. })
    ));
}

#[test]
fn a_lemma_of_one_hash_proves_nothing_about_a_larger_file() {
    let (bytes, root, shape, _) = subject();
    let alone = SegmentProof {
        lemma: vec![segment_root(&shape, 0, segment(&bytes, 0)).unwrap()],
        path: vec![],
    };
    assert!(matches!(
        alone.verify(&root, &shape, 0, segment(&bytes, 0)),
        Err(ProofError::Path { .. })
    ));
    let single = Shape::of(100).unwrap();
    let alone = SegmentProof {
        lemma: vec![root_of(&bytes[..100]).unwrap()],
        path: vec![],
    };
    assert!(matches!(
        alone.verify(&root, &single, 0, &bytes[..100]),
        Err(ProofError::OtherRoot { .. })
    ));
    let empty = SegmentProof {
        lemma: vec![],
        path: vec![],
    };
    assert!(matches!(
        empty.verify(&root, &single, 0, &bytes[..100]),
        Err(ProofError::LemmaLength { .. })
    ));
}

#[test]
fn a_segment_of_padding_holds_no_data() {
    let bytes = content(33_554_433);
    let tree = SegmentTree::of(&bytes).unwrap();
    let root = root_of(&bytes).unwrap();
    let proof = tree.prove(140).unwrap();
    assert_eq!(proof.verify(&root, tree.shape(), 140, &[]), Ok(()));
    let data = proof.verify(&root, tree.shape(), 140, &[0; 256]);
    assert!(matches!(data, Err(ProofError::DataLength { expected: 0, .. })));
}

#[test]
fn a_sibling_in_the_padding_must_be_zeros() {
    // Segment 128 holds the last byte, segments 129 to 143 are padding.
    let bytes = content(33_554_433);
    let shape = Shape::of(33_554_433).unwrap();
    let mut longer = bytes.clone();
    longer.resize(129 * SEGMENT_BYTES as usize, 0);
    longer.push(7);
    assert_eq!(
        shape.padded_chunks(),
        Shape::of(longer.len() as u64).unwrap().padded_chunks()
    );
    let proof = SegmentTree::of(&longer).unwrap().prove(128).unwrap();
    let refused = proof.verify(&root_of(&longer).unwrap(), &shape, 128, segment(&bytes, 128));
    assert_eq!(refused, Err(ProofError::PaddingSibling { step: 0 }));
}

#[test]
fn a_root_does_not_tell_zeros_from_padding_so_the_size_must_come_with_it() {
    assert_eq!(root_of(&[0]), root_of(&[0; 256]));
    let mut bytes = content(1000);
    let root = root_of(&bytes);
    bytes.extend([0; 24]);
    assert_eq!(root_of(&bytes), root);
    bytes.push(0);
    assert_ne!(root_of(&bytes), root);
}

#[test]
fn a_proof_is_exchanged_as_json() {
    let proof = prove(&content(2 * SEGMENT_BYTES), 1).unwrap();
    let text = serde_json::to_string(&proof).unwrap();
    assert!(
        text.starts_with(r#"{"lemma":["0x"#) && text.ends_with(r#""],"path":[false]}"#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<SegmentProof>(&text).unwrap(), proof);
}

/// One change to what a verifier is given.
#[derive(Debug, Clone)]
enum Lie {
    Data { at: usize, by: u8 },
    Lemma { at: usize, byte: usize, by: u8 },
    Swap { one: usize, other: usize },
    Path { at: usize },
    Longer { hash: u8, left: bool },
    Shorter,
    Index(u64),
    Size(u64),
}

fn any_lie() -> impl Strategy<Value = Lie> {
    prop_oneof![
        (any::<usize>(), 1u8..).prop_map(|(at, by)| Lie::Data { at, by }),
        (any::<usize>(), 0..32_usize, 1u8..).prop_map(|(at, byte, by)| Lie::Lemma { at, byte, by }),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Lie::Swap { one, other }),
        any::<usize>().prop_map(|at| Lie::Path { at }),
        (any::<u8>(), any::<bool>()).prop_map(|(hash, left)| Lie::Longer { hash, left }),
        Just(Lie::Shorter),
        (0..9_u64).prop_map(Lie::Index),
        (1..6 * SEGMENT_BYTES).prop_map(Lie::Size),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_changed_no_other_data_is_proved(
        size in prop_oneof![1..SEGMENT_BYTES, 1..5 * SEGMENT_BYTES],
        index in any::<u64>(),
        lies in prop::collection::vec(any_lie(), 1..3),
    ) {
        let bytes = content(size);
        let tree = SegmentTree::of(&bytes).unwrap();
        let root = root_of(&bytes).unwrap();
        let (mut shape, mut index) = (*tree.shape(), index % tree.shape().proof_segments());
        let mut proof = tree.prove(index).unwrap();
        let mut data = segment(&bytes, index).to_vec();
        prop_assert_eq!(proof.verify(&root, &shape, index, &data), Ok(()));
        for lie in lies {
            match lie {
                Lie::Data { at, by } if !data.is_empty() => {
                    let at = at % data.len();
                    data[at] ^= by;
                }
                Lie::Lemma { at, byte, by } if !proof.lemma.is_empty() => {
                    let at = at % proof.lemma.len();
                    proof.lemma[at].0[byte] ^= by;
                }
                Lie::Swap { one, other } if !proof.lemma.is_empty() => {
                    let length = proof.lemma.len();
                    proof.lemma.swap(one % length, other % length);
                }
                Lie::Path { at } if !proof.path.is_empty() => {
                    let at = at % proof.path.len();
                    proof.path[at] ^= true;
                }
                Lie::Longer { hash, left } => {
                    proof.lemma.push(Root([hash; 32]));
                    proof.path.push(left);
                }
                Lie::Shorter => {
                    proof.lemma.pop();
                    proof.path.pop();
                }
                Lie::Index(other) => index = other,
                Lie::Size(other) => shape = Shape::of(other).unwrap(),
                _ => {}
            }
        }
        if proof.verify(&root, &shape, index, &data).is_ok() {
            // The bytes, zeros behind their end apart, are those that the root stands for at this place.
            let mut original = segment(&bytes, index).to_vec();
            let length = original.len().max(data.len());
            original.resize(length, 0);
            data.resize(length, 0);
            prop_assert_eq!(data, original);
        }
    }
}
