//! Ours against the `sev` crate, which checks signatures and nothing else.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod snp_support;

use orv_simulator::snp::{Evidence, Kind, Product, Version};
use orv_verify::SnpClaims;
use orv_verify::snp::{Octets, Tcb};
use sev::certs::snp::{Certificate, Chain, Verifiable, builtin, ca};
use sev::firmware::guest::AttestationReport;
use sev::firmware::host::TcbVersion;
use sev::parser::ByteParser;
use snp_support::simulated::{genuine, judge};
use snp_support::{Published, claims, one, published};

fn chain(root: &[u8], authority: &[u8], key: &[u8]) -> Option<Chain> {
    let read = |der: &[u8]| Certificate::from_der(der).ok();
    Some(Chain {
        ca: ca::Chain {
            ark: read(root)?,
            ask: read(authority)?,
        },
        vek: read(key)?,
    })
}

/// What `sev` thinks of a report under a chain.
fn sev_accepts(chain: &Chain, report: &[u8]) -> bool {
    AttestationReport::from_bytes(report).is_ok_and(|report| (chain, &report).verify().is_ok())
}

/// AMD's authorities as `sev` has them built in, and the one that it has not.
fn amds_chain(vector: &Published) -> Chain {
    let vlek = vector.expected["signing_key"] == "VLEK";
    let (ark, ask) = match (vector.expected["product_line"].as_str(), vlek) {
        (Some("milan"), false) => (builtin::milan::ark(), builtin::milan::ask()),
        (Some("milan"), true) => (builtin::milan::ark(), asvk()),
        (Some("genoa"), _) => (builtin::genoa::ark(), builtin::genoa::ask()),
        (Some("turin"), _) => (builtin::turin::ark(), builtin::turin::ask()),
        other => panic!("{other:?}"),
    };
    Chain {
        ca: ca::Chain {
            ark: ark.expect("built in"),
            ask: ask.expect("built in"),
        },
        vek: Certificate::from_der(&vector.certificate).expect("a certificate"),
    }
}

fn asvk() -> std::io::Result<Certificate> {
    Certificate::from_der(include_bytes!("../src/roots/amd_asvk_milan.der"))
}

#[test]
fn both_believe_the_same_real_reports() {
    for vector in published() {
        let ours = snp_support::judge(&vector.report, &vector.collateral(), vector.a_valid_second()).is_ok();
        assert_eq!(
            ours,
            sev_accepts(&amds_chain(&vector), &vector.report),
            "{}",
            vector.name
        );
    }
}

#[test]
fn both_read_the_same_fields() {
    for vector in published().iter().filter(|vector| vector.verdict() != "wrong_key") {
        let verified = snp_support::judge(&vector.report, &vector.collateral(), vector.a_valid_second());
        let verified = verified.expect("authentic");
        let theirs = AttestationReport::from_bytes(&vector.report).expect("a report");
        same(claims(&verified), &theirs);
    }
}

fn same(ours: &SnpClaims, theirs: &AttestationReport) {
    let report = &ours.report;
    assert_eq!(
        (report.version, report.guest_svn, report.vmpl, report.sig_algo),
        (theirs.version, theirs.guest_svn, theirs.vmpl, theirs.sig_algo)
    );
    assert_eq!(report.policy.0, theirs.policy.0);
    assert_eq!(report.platform_info.0, theirs.plat_info.0);
    assert_eq!(
        (report.family_id.0, report.image_id.0),
        (theirs.family_id, theirs.image_id)
    );
    assert_eq!(report.report_data.0, theirs.report_data);
    assert_eq!(report.measurement.0, theirs.measurement);
    assert_eq!(report.host_data.0, theirs.host_data);
    assert_eq!(report.id_key_digest.0, theirs.id_key_digest);
    assert_eq!(report.author_key_digest.0, theirs.author_key_digest);
    assert_eq!(
        (report.report_id.0, report.report_id_ma.0),
        (theirs.report_id, theirs.report_id_ma)
    );
    assert_eq!(report.chip_id.0, theirs.chip_id);
    let (current, committed) = (theirs.current, theirs.committed);
    assert_eq!(
        report.current_fw.to_string(),
        format!("{}.{}.{}", current.major, current.minor, current.build)
    );
    assert_eq!(
        report.committed_fw.to_string(),
        format!("{}.{}.{}", committed.major, committed.minor, committed.build)
    );
    // Version 2 names no processor, so that `sev` takes it for whatever came before Turin.
    for (own, other) in [
        (report.current_tcb, theirs.current_tcb),
        (report.reported_tcb, theirs.reported_tcb),
        (report.committed_tcb, theirs.committed_tcb),
        (report.launch_tcb, theirs.launch_tcb),
    ] {
        assert_eq!(tcb(ours, own), components(&other));
    }
}

fn tcb(claims: &SnpClaims, bytes: Octets<8>) -> [Option<u8>; 5] {
    let tcb = Tcb::decode(bytes, claims.certificate.product);
    [
        Some(tcb.boot_loader),
        Some(tcb.tee),
        Some(tcb.snp),
        Some(tcb.microcode),
        tcb.fmc,
    ]
}

fn components(tcb: &TcbVersion) -> [Option<u8>; 5] {
    [
        Some(tcb.bootloader),
        Some(tcb.tee),
        Some(tcb.snp),
        Some(tcb.microcode),
        tcb.fmc,
    ]
}

fn simulated_chain(evidence: &Evidence) -> Chain {
    chain(&evidence.root, &evidence.intermediate, &evidence.vek).expect("certificates")
}

#[test]
fn both_believe_the_same_simulated_reports() {
    for product in Product::ALL {
        for version in Version::ALL {
            for kind in [Kind::Vcek, Kind::Vlek] {
                // `sev` refuses version 2 without a chip's identifier, though AWS makes them.
                if (version, kind) == (Version::Two, Kind::Vlek) {
                    continue;
                }
                let evidence = genuine(product, version, kind);
                assert!(judge(&evidence).is_ok(), "{product:?} {version:?} {kind:?}");
                assert!(
                    sev_accepts(&simulated_chain(&evidence), &evidence.report),
                    "{product:?} {version:?}"
                );
            }
        }
    }
}

/// Where `sev` 8 believes a changed report: in the padding around the signature, and in the reserved bytes of each
/// TCB version, since it verifies over what it wrote anew and not over what it was given.
fn is_unseen_by_sev(place: usize) -> bool {
    let reserved = [0x38, 0x180, 0x1e0, 0x1f0].map(|tcb| tcb + 2..tcb + 6);
    (720..744).contains(&place) || place >= 792 || reserved.iter().any(|range| range.contains(&place))
}

#[test]
fn a_changed_byte_that_theirs_believes_is_one_that_it_does_not_look_at() {
    let Some(mut vector) = one("milan_v2_virtee") else {
        return;
    };
    let (chain, collateral, now) = (amds_chain(&vector), vector.collateral(), vector.a_valid_second());
    // Every fourth byte, since `sev` takes its time.
    for place in (0..vector.report.len()).step_by(4) {
        vector.report[place] ^= 1;
        assert!(snp_support::judge(&vector.report, &collateral, now).is_err());
        let theirs = sev_accepts(&chain, &vector.report);
        assert_eq!(theirs, is_unseen_by_sev(place), "byte {place}");
        vector.report[place] ^= 1;
    }
}

#[test]
fn what_sev_leaves_out_is_refused_here() {
    let Some(expired) = one("milan_v3_aws_vlek") else {
        return;
    };
    assert!(sev_accepts(&amds_chain(&expired), &expired.report));
    let now = orv_verify::instant("2026-01-01T00:00:00Z").expect("a moment");
    assert!(snp_support::judge(&expired.report, &expired.collateral(), now).is_err());

    let Some(debug) = one("gosev_DEBUG") else { return };
    assert!(sev_accepts(&amds_chain(&debug), &debug.report));
    let verified = snp_support::judge(&debug.report, &debug.collateral(), debug.a_valid_second());
    assert!(verified.expect("authentic").acceptable().is_err());
}
