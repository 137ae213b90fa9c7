//! Simulated SEV-SNP evidence, read and verified by an implementation of somebody else: the `sev` crate.

#![allow(clippy::expect_used, clippy::panic)]

use orv_evidence::certificates::{CertificateKind, CertificateTable};
use orv_evidence::{Binding, Collector, Platform, UnixTime};
use orv_simulator::snp::defect::{CertificateDefect, SignatureDefect};
use orv_simulator::snp::{
    Chip, Defect, Evidence, Kind, Product, Report, SimulatedSnp, Vendor, Version, extension, policy, root_der,
};
use orv_simulator::x509::{SignatureAlgorithm, TrailerField};
use orv_simulator::{Measured, RevocationList, Standing};
use sev::certs::snp::{Certificate, Chain, Verifiable, ca};
use sev::firmware::guest::AttestationReport;
use sev::parser::ByteParser;
use x509_cert::der::Decode;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

fn vendor(product: Product) -> Vendor {
    Vendor::published(product).expect("the committed keys open")
}

fn chain(vendor: &Vendor, chip: &Chip, kind: Kind) -> Chain {
    let intermediate = match kind {
        Kind::Vcek => &vendor.ask,
        Kind::Vlek => &vendor.asvk,
    };
    let read = |der: &[u8]| Certificate::from_der(der).expect("a certificate");
    Chain {
        ca: ca::Chain {
            ark: read(&vendor.ark.certificate),
            ask: read(&intermediate.certificate),
        },
        vek: read(&chip.vek.certificate),
    }
}

fn read(report: &[u8]) -> AttestationReport {
    AttestationReport::from_bytes(report).expect("a report")
}

#[test]
fn every_product_version_and_kind_of_key_verifies_elsewhere() {
    for product in Product::ALL {
        let vendor = vendor(product);
        let keys = [
            (Kind::Vcek, vendor.chip(NOW).expect("chip")),
            (Kind::Vlek, vendor.loaded_chip(NOW).expect("chip")),
        ];
        for (kind, chip) in keys {
            for version in Version::ALL {
                let genuine = match kind {
                    Kind::Vcek => Report::genuine(product, version),
                    Kind::Vlek => Report::genuine_under_vlek(product, version),
                };
                if kind == Kind::Vlek && version == Version::Two {
                    continue; // `sev` refuses version 2 without a chip identifier, though AWS makes them.
                }
                let report = chip.sign(&genuine).expect("signature");
                assert_eq!(report.len(), 1184);
                (&chain(&vendor, &chip, kind), &read(&report))
                    .verify()
                    .unwrap_or_else(|error| panic!("{product:?} {version:?} {kind:?}: {error}"));
            }
        }
    }
}

#[test]
fn every_field_stands_where_others_read_it() {
    for product in Product::ALL {
        let chip = vendor(product).chip(NOW).expect("chip");
        let mut report = Report::genuine(product, Version::Five);
        report.guest_svn = 7;
        report.policy |= policy::DEBUG | 0x0137;
        report.family_id = [1; 16];
        report.image_id = [2; 16];
        report.vmpl = 1;
        report.report_data = [3; 64];
        report.host_data = [4; 32];
        report.id_key_digest = [5; 48];
        report.author_key_digest = [6; 48];
        report.report_id_ma = [8; 32];
        report.committed_tcb.snp -= 1;
        report.launch_tcb.microcode -= 2;
        report.current_tcb.boot_loader += 1;
        report.launch_mitigations = 9;
        report.current_mitigations = 11;
        let other = read(&chip.sign(&report).expect("signature"));
        assert_eq!(
            (other.version, other.guest_svn, other.vmpl, other.sig_algo),
            (5, 7, 1, 1)
        );
        assert!(other.policy.debug_allowed() && other.policy.smt_allowed() && !other.policy.migrate_ma_allowed());
        assert_eq!((other.policy.abi_major(), other.policy.abi_minor()), (1, 0x37));
        assert_eq!((other.family_id, other.image_id), ([1; 16], [2; 16]));
        assert_eq!((other.report_data, other.host_data), ([3; 64], [4; 32]));
        assert_eq!(other.measurement, report.measurement);
        assert_eq!((other.id_key_digest, other.author_key_digest), ([5; 48], [6; 48]));
        assert_eq!((other.report_id, other.report_id_ma), (report.report_id, [8; 32]));
        assert_eq!(other.chip_id, report.chip_id);
        assert_eq!(other.reported_tcb.snp, report.reported_tcb.snp);
        assert_eq!(other.committed_tcb.snp, report.reported_tcb.snp - 1);
        assert_eq!(other.launch_tcb.microcode, report.reported_tcb.microcode - 2);
        assert_eq!(other.current_tcb.bootloader, report.reported_tcb.boot_loader + 1);
        assert_eq!(other.current_tcb.fmc, (product == Product::Turin).then_some(0));
        let [family, model, stepping] = product.family_model_stepping();
        assert_eq!(
            (other.cpuid_fam_id, other.cpuid_mod_id, other.cpuid_step),
            (Some(family), Some(model), Some(stepping))
        );
        assert_eq!((other.launch_mit_vector, other.current_mit_vector), (Some(9), Some(11)));
        assert_eq!(
            (other.current.major, other.current.minor, other.current.build),
            (1, 55, 3)
        );
    }
}

#[test]
fn a_report_of_another_chip_does_not_verify() {
    let vendor = vendor(Product::Milan);
    let (chip, other) = (vendor.chip(NOW).expect("chip"), vendor.chip(NOW).expect("chip"));
    let report = other
        .sign(&Report::genuine(Product::Milan, Version::Three))
        .expect("signature");
    assert!((&chain(&vendor, &chip, Kind::Vcek), &read(&report)).verify().is_err());
}

#[test]
fn the_products_have_roots_of_their_own() {
    let (milan, genoa) = (vendor(Product::Milan), vendor(Product::Genoa));
    assert_ne!(root_der(Product::Milan), root_der(Product::Genoa));
    let chip = genoa.chip(NOW).expect("chip");
    let mut mixed = chain(&genoa, &chip, Kind::Vcek);
    mixed.ca.ask = chain(&milan, &chip, Kind::Vcek).ca.ask;
    assert!(mixed.verify().is_err());
}

#[test]
fn the_shape_of_a_certificate_is_amds() {
    let vendor = vendor(Product::Turin);
    let chip = vendor.chip(NOW).expect("chip");
    let certificate = x509_cert::Certificate::from_der(&chip.vek.certificate).expect("a certificate");
    let tbs = &certificate.tbs_certificate;
    assert_eq!(tbs.serial_number.as_bytes(), [0]);
    let extensions = tbs.extensions.as_ref().expect("extensions");
    let names: Vec<String> = extensions
        .iter()
        .map(|extension| extension.extn_id.to_string())
        .collect();
    let turins = ["1", "2", "3.9", "3.1", "3.2", "3.3", "3.5", "3.6", "3.7", "3.8", "4"];
    let expected: Vec<String> = turins.iter().map(|end| format!("1.3.6.1.4.1.3704.1.{end}")).collect();
    assert_eq!(names, expected);
    let identifier = extensions.last().expect("the last").extn_value.as_bytes();
    assert_eq!(identifier, [1, 2, 3, 4, 5, 6, 7, 8], "eight bytes without DER");
}

#[test]
fn any_field_of_a_certificate_can_be_changed_before_it_is_signed() {
    let vendor = vendor(Product::Genoa);
    let genuine = Report::genuine(Product::Genoa, Version::Five);
    let mut contents = vendor.vcek(&genuine.reported_tcb, &genuine.chip_id, NOW);
    contents.not_after = NOW;
    contents.serial_number = vec![0x11];
    contents.algorithm = SignatureAlgorithm::RsaPssSha384 {
        salt: 48,
        trailer: TrailerField::Explicit,
    };
    contents.extensions.push(extension::number(&extension::SNP, 1));
    let chip = vendor.endorse(&contents).expect("certificate");
    assert!(
        chain(&vendor, &chip, Kind::Vcek).verify().is_ok(),
        "still signed by the ASK"
    );
    assert_eq!(chip.vek.serial_number(), [0x11]);
    let list = RevocationList {
        this_update: NOW,
        next_update: NOW.plus_seconds(86_400),
        serial_numbers: vec![vendor.ask.serial_number(), chip.vek.serial_number()],
    };
    let list = vendor.ark.publish(&list).expect("list");
    let list = x509_cert::crl::CertificateList::from_der(&list).expect("a list");
    assert_eq!(
        list.tbs_cert_list.revoked_certificates.map(|revoked| revoked.len()),
        Some(2)
    );
}

/// What `sev` does not look at: anything but signatures, and the first six bytes of their padding.
fn is_a_signatures(defect: Defect) -> bool {
    use SignatureDefect::{BigEndian, Measurement, OtherKey, R, ReportData, S, Short, Zero};
    matches!(
        defect,
        Defect::Signature(R | S | Zero | BigEndian | Measurement | ReportData | OtherKey | Short)
            | Defect::Certificate(
                CertificateDefect::SwappedIssuer
                    | CertificateDefect::OtherAlgorithm
                    | CertificateDefect::OtherProductsIntermediate
                    | CertificateDefect::ForeignIntermediate
            )
    )
}

#[test]
fn every_defect_of_a_signature_is_refused_elsewhere() {
    for kind in [Kind::Vcek, Kind::Vlek] {
        let genuine = Evidence::genuine(Product::Turin, Version::Five, kind, NOW).expect("evidence");
        assert_eq!(verdict(&genuine), Ok(()));
    }
    for defect in Defect::all() {
        let evidence = defect.forge(NOW).expect("evidence");
        if is_a_signatures(defect) {
            assert_eq!(defect.standing(), Standing::NotAuthentic);
            assert!(verdict(&evidence).is_err(), "{defect:?}");
        } else if defect.standing() != Standing::NotAuthentic {
            assert_eq!(verdict(&evidence), Ok(()), "{defect:?}");
        }
    }
}

fn verdict(evidence: &Evidence) -> Result<(), String> {
    let report = AttestationReport::from_bytes(&evidence.report).map_err(|error| error.to_string())?;
    let chain =
        Chain::from_der(&evidence.root, &evidence.intermediate, &evidence.vek).map_err(|error| error.to_string())?;
    (&chain, &report).verify().map_err(|error| error.to_string())
}

#[test]
fn the_simulated_machine_endorses_a_binding_with_its_certificates_beside() {
    let image = Measured {
        executable: b"the program",
        configuration: b"its settings",
        ramdisk: b"",
    };
    let machine = SimulatedSnp::measure(&image, NOW).expect("machine");
    assert!(machine.to_string().contains("SIMULATED"));
    let mut binding = Binding {
        platform: Platform::SimSnp,
        purpose: "verdict-key".to_owned(),
        challenge: [1; 32],
        public_key: [4; 65],
        context: Vec::new(),
    };
    let collected = machine.collect(&binding).expect("evidence");
    let report = read(&collected.evidence);
    assert_eq!(report.report_data, binding.digest());
    assert_eq!(report.measurement, *machine.measurement());
    let table = collected.collateral.expect("certificates");
    let table = CertificateTable::decode(&table).expect("a host's table");
    let kinds: Vec<CertificateKind> = table.entries().iter().map(|entry| entry.kind).collect();
    assert_eq!(
        kinds,
        [CertificateKind::Vcek, CertificateKind::Ask, CertificateKind::Ark]
    );
    assert_eq!(table.entries().first().map(|entry| entry.bytes), Some(machine.vcek()));
    binding.platform = Platform::Snp;
    assert!(
        machine.collect(&binding).is_err(),
        "a simulated machine never speaks for a real one"
    );
}
