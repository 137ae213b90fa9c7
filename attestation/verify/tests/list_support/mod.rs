//! Revocation lists that say something else than "all of mine that is revoked, until then".

#![allow(clippy::expect_used)]

use orv_simulator::{Authority, RevocationList};
use x509_cert::crl::{CertificateList, TbsCertList};
use x509_cert::der::asn1::{BitString, ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;

/// What makes a list one that answers another question.
pub const UNUSABLE: [fn(&mut TbsCertList); 4] = [
    // Delta list indicator: only what changed since list 1 (RFC 5280 5.2.4).
    |contents| critical(contents, "2.5.29.27", &[2, 1, 1]),
    // Issuing distribution point: attribute certificates alone, or other issuers' too (RFC 5280 5.2.5).
    |contents| critical(contents, "2.5.29.28", &[0x30, 3, 0x85, 1, 0xff]),
    |contents| critical(contents, "2.5.29.28", &[0x30, 3, 0x84, 1, 0xff]),
    |contents| contents.next_update = None,
];

/// The authority's list, bent and signed again.
pub fn reissued(authority: &Authority, list: &RevocationList, bend: impl FnOnce(&mut TbsCertList)) -> Vec<u8> {
    let der = authority.publish(list).expect("a list");
    let mut list = CertificateList::from_der(&der).expect("DER");
    bend(&mut list.tbs_cert_list);
    let contents = list.tbs_cert_list.to_der().expect("DER");
    let signature = authority.key.sign_der(&contents).expect("randomness");
    list.signature = BitString::from_bytes(&signature).expect("whole bytes");
    list.to_der().expect("DER")
}

fn critical(contents: &mut TbsCertList, identifier: &str, value: &[u8]) {
    contents.crl_extensions.get_or_insert_default().push(Extension {
        extn_id: ObjectIdentifier::new_unwrap(identifier),
        critical: true,
        extn_value: OctetString::new(value).expect("short"),
    });
}
