//! The formula of PCR4 on every AWS document of the vectors.

use crate::oracle::{json, vectors};
use orv_measure::nitro::{pcr3, pcr4};

#[test]
fn pcr4_of_every_published_document_is_that_of_its_module_id() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder.join("expected.json"));
    let mut checked = 0;
    for document in expected["nitro"].as_array().unwrap() {
        if document["verdict"] == "untrusted_root" {
            continue;
        }
        let (instance, _) = document["module_id"].as_str().unwrap().split_once("-enc").unwrap();
        let said = document["nonzero_pcrs"]["4"].as_str().unwrap();
        assert_eq!(pcr4(instance).to_string(), said, "{}", document["file"]);
        checked += 1;
    }
    assert!(checked >= 9, "only {checked} documents were checked");
}

#[test]
fn pcr3_hashes_the_text_itself() {
    let role = "arn:aws:iam::123456789012:role/enclave";
    let direct = orv_measure::Register::digest([[0; 48].as_slice(), role.as_bytes()]);
    assert_eq!(pcr3(role), direct);
}
