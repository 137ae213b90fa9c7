//! The log of a real trust domain, whose quote was signed, and logs that could be replayed in two ways.

use crate::oracle::{json, vectors};
use orv_measure::Register;
use orv_measure::tdx::{EventLog, EventLogError, MAXIMUM_LOG};
use proptest::prelude::*;

#[test]
fn a_published_log_gives_the_registers_of_its_quote() {
    let Some(folder) = vectors() else { return };
    let bytes = std::fs::read(folder.join("measurement/tdx_ccel_gcp_cos113.bin")).unwrap();
    let vector = json(&folder.join("measurement/tdx_rtmr_replay.json"));
    let log = EventLog::parse(&bytes).unwrap();
    assert_eq!(log.events().len() as u64, vector["events_replayed"].as_u64().unwrap());
    for (index, register) in log.replay().iter().enumerate() {
        assert_eq!(register.to_string(), vector["expected"][format!("rtmr{index}")]);
    }
    // RTMR0 to RTMR3 stand at the end of the quote's body but for the report data: 48 bytes of header, 584 of body.
    let quote = std::fs::read(folder.join("tdx/gcp_cos113_v4_00806f.quote")).unwrap();
    let signed = &quote[48 + 328..48 + 328 + 4 * 48];
    assert_eq!(log.replay().map(|register| register.0).concat(), signed);

    let described: Vec<_> = log.events().iter().map(|event| event.describe()).collect();
    let expected = [
        "hand-off tables",
        "action: Calling EFI Application from Boot Option",
        "program, by its Authenticode digest",
        "program loader",
        "action: Exit Boot Services Returned with Success",
    ];
    for words in expected {
        assert!(
            described.iter().any(|description| description == words),
            "{words} is not in {described:#?}"
        );
    }

    let separator = log.events().iter().find(|event| event.kind == 4).unwrap();
    assert!(separator.is_digest_of_its_data() && separator.data == [0; 4]);
    let application = log.events().iter().find(|event| event.kind == 0x8000_0003).unwrap();
    assert!(
        !application.is_digest_of_its_data(),
        "an image is measured by its own digest"
    );
}

const SHA384: u16 = 0xc;

fn header(algorithms: &[(u16, u16)]) -> Vec<u8> {
    let mut data = b"Spec ID Event03\0".to_vec();
    data.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    data.extend(u32::try_from(algorithms.len()).unwrap().to_le_bytes());
    for (algorithm, length) in algorithms {
        data.extend(algorithm.to_le_bytes());
        data.extend(length.to_le_bytes());
    }
    data.push(0);
    let mut bytes = [1_u32, 3]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect::<Vec<_>>();
    bytes.extend([0; 20]);
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    bytes.extend(data);
    bytes
}

fn record(index: u32, kind: u32, digests: &[(u16, &[u8])], data: &[u8]) -> Vec<u8> {
    let count = u32::try_from(digests.len()).unwrap();
    let mut bytes: Vec<u8> = [index, kind, count]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect();
    for (algorithm, digest) in digests {
        bytes.extend(algorithm.to_le_bytes());
        bytes.extend(*digest);
    }
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    bytes.extend(data);
    bytes
}

fn log(records: &[Vec<u8>]) -> Vec<u8> {
    [header(&[(SHA384, 48)]), records.concat()].concat()
}

fn refusal(bytes: &[u8]) -> EventLogError {
    EventLog::parse(bytes).unwrap_err()
}

#[test]
fn each_index_extends_its_register_and_what_only_informs_extends_none() {
    let digest = [7; 48];
    for index in 1..=4 {
        let bytes = log(&[
            record(index, 0x8000_0001, &[(SHA384, &digest)], b"data"),
            record(index, 3, &[(SHA384, &[9; 48])], b"StartupLocality"),
        ]);
        for padded in [
            bytes.clone(),
            [bytes.clone(), vec![0xff; 90]].concat(),
            [bytes, vec![0; 90]].concat(),
        ] {
            let registers = EventLog::parse(&padded).unwrap().replay();
            for (at, register) in registers.iter().enumerate() {
                let expected = if at as u32 + 1 == index {
                    Register::ZERO.extended_by(&digest)
                } else {
                    Register::ZERO
                };
                assert_eq!(*register, expected, "register {at} after an event of index {index}");
            }
        }
    }
}

#[test]
fn a_log_that_could_be_replayed_in_two_ways_is_refused() {
    let good = (SHA384, [0; 48].as_slice());
    let algorithms = |bytes: &[u8]| match refusal(bytes) {
        EventLogError::Algorithms { algorithms, found, .. } => (algorithms, found),
        other => panic!("{other}"),
    };
    assert_eq!(algorithms(&header(&[(SHA384, 48), (SHA384, 48)])), (2, 2));
    assert_eq!(algorithms(&header(&[(SHA384, 32)])), (1, 0));
    assert_eq!(algorithms(&log(&[record(1, 1, &[], b"")])), (0, 0));
    assert_eq!(algorithms(&log(&[record(1, 1, &[good, good], b"")])), (2, 2));
    let other = log(&[record(1, 1, &[good, (4, &[0; 20])], b"")]);
    assert!(matches!(
        refusal(&other),
        EventLogError::UnknownAlgorithm { algorithm: 4, .. }
    ));
    for index in [0, 5, 17] {
        let bytes = log(&[record(index, 1, &[good], b"")]);
        assert!(matches!(refusal(&bytes), EventLogError::Index { index: found, .. } if found == index));
    }
}

#[test]
fn what_is_no_log_is_named() {
    assert_eq!(
        refusal(&vec![0; MAXIMUM_LOG + 1]),
        EventLogError::TooLong(MAXIMUM_LOG + 1)
    );
    assert!(matches!(refusal(&[0; 20]), EventLogError::Truncated(_)));
    assert_eq!(refusal(&[0; 32]), EventLogError::NoHeader);
    let mut other = header(&[(SHA384, 48)]);
    other[32] = b's';
    assert_eq!(refusal(&other), EventLogError::NoHeader);
    let hidden = [log(&[]), vec![0xff; 40], vec![1]].concat();
    assert!(matches!(refusal(&hidden), EventLogError::Algorithms { .. }));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600), behind_a_header in any::<bool>()) {
        let bytes = if behind_a_header { [header(&[(SHA384, 48)]), bytes].concat() } else { bytes };
        if let Ok(log) = EventLog::parse(&bytes) {
            let _ = log.replay();
        }
    }

    #[test]
    fn a_log_cut_anywhere_is_refused_or_shorter(cut in 0_usize..400) {
        let digest = [3; 48];
        let records: Vec<_> = (1..=4).map(|index| record(index, 1, &[(SHA384, &digest)], b"some data")).collect();
        let whole = log(&records);
        let cut = cut.min(whole.len());
        if let Ok(log) = EventLog::parse(&whole[..cut]) {
            prop_assert!(log.events().len() <= records.len());
        }
    }
}
