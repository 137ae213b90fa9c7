//! The committed certificates of AMD's and Intel's stand-ins are what their contents say, and belong to their keys.

#![allow(clippy::expect_used)]

use orv_simulator::snp::{self, Kind, Product};
use orv_simulator::tdx::{self, PckAuthority};
use orv_simulator::x509::{Authority, ToBeSigned};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

fn assert_is(authority: &Authority, contents: &ToBeSigned) {
    let certificate = Certificate::from_der(&authority.certificate).expect("a certificate");
    let signed = certificate.tbs_certificate.to_der().expect("DER");
    assert_eq!(signed, contents.encode(&authority.key), "{:?}", contents.subject);
    assert_eq!(authority.serial_number(), contents.serial_number);
    assert!(certificate.tbs_certificate.subject.to_string().contains("SIMULATED"));
}

#[test]
fn amds_certificates_are_their_contents() {
    for product in Product::ALL {
        let vendor = snp::Vendor::published(product).expect("the keys open");
        assert_is(&vendor.ark, &vendor.root());
        assert_is(&vendor.ask, &vendor.intermediate(Kind::Vcek));
        assert_is(&vendor.asvk, &vendor.intermediate(Kind::Vlek));
        assert_eq!(vendor.ark.certificate, snp::root_der(product));
    }
}

#[test]
fn intels_certificates_are_their_contents() {
    let vendor = tdx::Vendor::published().expect("the keys open");
    assert_is(&vendor.root, &vendor.root_contents());
    for kind in [PckAuthority::Platform, PckAuthority::Processor] {
        assert_is(vendor.pck_authority(kind), &vendor.pck_authority_contents(kind));
    }
    assert_is(&vendor.tcb_signing, &vendor.tcb_signing_contents());
    assert_eq!(vendor.root.certificate, tdx::root_der());
}
