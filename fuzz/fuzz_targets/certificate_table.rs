//! The certificate table that an SEV-SNP host gives a guest.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_evidence::certificates::CertificateTable;

fuzz_target!(|data: &[u8]| {
    if let Ok(table) = CertificateTable::decode(data) {
        let cut = CertificateTable::decode(table.bytes()).expect("the padding is not needed");
        assert_eq!(cut, table);
    }
});
