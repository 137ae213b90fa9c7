//! What strangers send an attester, and what a folder of collateral may hold.

#![allow(clippy::unwrap_used)]

use orv_attester::{AdmissionAnswer, AdmissionRequest, CollateralFolderError, Refusal, collateral_in};
use proptest::prelude::*;

#[test]
fn an_unknown_key_of_a_request_is_refused() {
    let request = |more: &str| {
        let text = format!(
            r#"{{"operator":"0x{}","challengeBlock":7,"envelope":"0x01"{more}}}"#,
            "11".repeat(20)
        );
        serde_json::from_str::<AdmissionRequest>(&text)
    };
    assert_eq!(request("").unwrap().terms, None);
    let terms = request(r#","terms":{"expiresAt":9,"verdicts":1}"#)
        .unwrap()
        .terms
        .unwrap();
    assert_eq!((terms.expires_at, terms.verdicts), (9, 1));
    assert!(request(r#","forge":true"#).is_err());
    assert!(request(r#","terms":{"expiresAt":9,"verdicts":1,"platform":"tdx"}"#).is_err());
}

#[test]
fn a_folder_is_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(collateral_in(folder.path()).unwrap(), orv_verify::Collateral::none());
    std::fs::write(folder.path().join(".hidden"), "no collateral").unwrap();
    std::fs::create_dir(folder.path().join("older")).unwrap();
    assert!(collateral_in(folder.path()).is_ok());
    std::fs::write(folder.path().join("note.txt"), "no collateral").unwrap();
    assert!(matches!(
        collateral_in(folder.path()),
        Err(CollateralFolderError::NotCollateral { path, .. }) if path.ends_with("note.txt")
    ));
    let missing = collateral_in(&folder.path().join("nowhere"));
    assert!(matches!(missing, Err(CollateralFolderError::Unreadable { .. })));
}

#[test]
fn a_file_longer_than_any_collateral_is_refused_and_never_cut() {
    let folder = tempfile::tempdir().unwrap();
    let longer = vec![b'-'; orv_verify::MAXIMUM_COLLATERAL_PIECE + 1];
    std::fs::write(folder.path().join("endless.pem"), longer).unwrap();
    assert!(collateral_in(folder.path()).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        for given in [&bytes[..], text.as_bytes()] {
            let _ = serde_json::from_slice::<AdmissionRequest>(given);
            let _ = serde_json::from_slice::<AdmissionAnswer>(given);
            let _ = serde_json::from_slice::<Refusal>(given);
        }
    }
}
