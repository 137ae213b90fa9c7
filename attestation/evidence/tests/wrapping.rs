//! State in the wrapping of a hardware-derived key. The secure processor is a stand-in that derives as AMD's does:
//! another chip, launch, level or TCB version gives another key.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use orv_evidence::wrapping::{LaunchKey, MAXIMUM_STATE, SecureProcessor, WrapError, WrappingKey};
use orv_evidence::{KeyOrigin, Platform};
use proptest::prelude::*;
use ring::hmac;
use zeroize::Zeroizing;

struct Processor {
    chip: [u8; 32],
    measurement: [u8; 48],
    committed: u64,
}

impl Processor {
    const fn new() -> Self {
        Self {
            chip: [1; 32],
            measurement: [2; 48],
            committed: 7,
        }
    }
}

impl SecureProcessor for Processor {
    fn derive(&mut self, key: LaunchKey) -> Result<Zeroizing<[u8; 32]>, WrapError> {
        if key.tcb > self.committed {
            return Err(WrapError::Processor("invalid parameters".into()));
        }
        let mixed = [
            &self.measurement[..],
            &[key.level],
            &key.tcb.to_le_bytes(),
            &LaunchKey::FIELDS.to_le_bytes(),
        ]
        .concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.chip), &mixed);
        Ok(Zeroizing::new(tag.as_ref().try_into().expect("32 bytes")))
    }
}

const LAUNCH: LaunchKey = LaunchKey { level: 0, tcb: 7 };
const NONCE: [u8; 12] = [9; 12];

fn key(processor: &mut Processor, launch: LaunchKey, purpose: &str) -> WrappingKey {
    WrappingKey::derive(processor, launch, purpose).expect("a key")
}

#[test]
fn the_same_launch_on_the_same_chip_reads_its_state_again() {
    let wrapped = key(&mut Processor::new(), LAUNCH, "journal")
        .wrap(NONCE, b"state")
        .expect("wrapped");
    let again = key(&mut Processor::new(), LAUNCH, "journal");
    assert_eq!(again.unwrap(&wrapped).expect("the state").as_slice(), b"state");
}

#[test]
fn another_chip_image_level_version_or_purpose_reads_nothing() {
    let wrapped = key(&mut Processor::new(), LAUNCH, "journal")
        .wrap(NONCE, b"state")
        .expect("wrapped");
    let mut other_chip = Processor {
        chip: [3; 32],
        ..Processor::new()
    };
    let mut other_image = Processor {
        measurement: [4; 48],
        ..Processor::new()
    };
    let strangers = [
        key(&mut other_chip, LAUNCH, "journal"),
        key(&mut other_image, LAUNCH, "journal"),
        key(&mut Processor::new(), LaunchKey { level: 1, ..LAUNCH }, "journal"),
        key(&mut Processor::new(), LaunchKey { tcb: 6, ..LAUNCH }, "journal"),
        key(&mut Processor::new(), LAUNCH, "cache"),
    ];
    for stranger in strangers {
        assert!(matches!(stranger.unwrap(&wrapped), Err(WrapError::NotOurs)));
    }
}

#[test]
fn no_key_is_made_of_what_is_none() {
    struct Silent;
    impl SecureProcessor for Silent {
        fn derive(&mut self, _: LaunchKey) -> Result<Zeroizing<[u8; 32]>, WrapError> {
            Ok([0; 32].into())
        }
    }
    let refused = WrappingKey::derive(&mut Silent, LAUNCH, "journal");
    assert!(matches!(refused, Err(WrapError::Zeros)));
    let beyond = LaunchKey { tcb: 8, ..LAUNCH };
    let refused = WrappingKey::derive(&mut Processor::new(), beyond, "journal");
    assert!(matches!(refused, Err(WrapError::Processor(_))));
    let level = LaunchKey { level: 4, ..LAUNCH };
    let refused = WrappingKey::derive(&mut Processor::new(), level, "journal");
    assert!(matches!(refused, Err(WrapError::Level(4))));
}

#[test]
fn only_this_key_is_called_hardware_derived_and_only_where_it_exists() {
    assert_eq!(WrappingKey::ORIGIN, KeyOrigin::HardwareDerived);
    assert!(WrappingKey::ORIGIN.is_possible_on(Platform::Snp));
    assert!(!WrappingKey::ORIGIN.is_possible_on(Platform::Tdx));
    assert!(!WrappingKey::ORIGIN.is_possible_on(Platform::Nitro));
}

#[test]
fn neither_key_nor_purpose_of_another_leaves_in_a_message() {
    let shown = format!("{:?}", key(&mut Processor::new(), LAUNCH, "journal"));
    assert_eq!(shown, r#"WrappingKey { purpose: "journal", .. }"#);
}

#[test]
fn state_and_wrapping_are_bounded() {
    let key = key(&mut Processor::new(), LAUNCH, "journal");
    let longer = vec![0; MAXIMUM_STATE + 1];
    assert!(matches!(key.wrap(NONCE, &longer), Err(WrapError::TooLong(_))));
    assert!(matches!(key.unwrap(&[0; 27]), Err(WrapError::Size(27))));
    assert!(matches!(key.unwrap(&[0; 28]), Err(WrapError::NotOurs)));
    let longest = vec![0; MAXIMUM_STATE + 29];
    assert!(matches!(key.unwrap(&longest), Err(WrapError::Size(_))));
}

proptest! {
    #[test]
    fn no_changed_byte_is_read(state in prop::collection::vec(any::<u8>(), 0..200), place in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let key = key(&mut Processor::new(), LAUNCH, "journal");
        let mut wrapped = key.wrap(NONCE, &state).expect("wrapped");
        prop_assert_eq!(key.unwrap(&wrapped).expect("the state").to_vec(), state);
        let place = place.index(wrapped.len());
        wrapped[place] ^= flip;
        prop_assert!(matches!(key.unwrap(&wrapped), Err(WrapError::NotOurs)));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(key(&mut Processor::new(), LAUNCH, "journal").unwrap(&bytes).is_err());
    }
}
