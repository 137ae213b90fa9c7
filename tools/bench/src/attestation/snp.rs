//! SEV-SNP reports, beside the `sev` crate with RustCrypto (`crypto_nossl`).

use std::path::Path;

use super::way::{Way, alternate, at_least, table};
use super::{AttestationBenchError, NOW, Ours, binding, vector};
use crate::document::Section;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::snp::{Product, Report, Vendor, Version, root_der};
use orv_verify::{Cache, Collateral, ExpectedBinding, Roots};
use sev::certs::snp::{Chain, Verifiable};
use sev::firmware::guest::AttestationReport;
use sev::parser::ByteParser;

const SEV: &str = "sev 8.0.0, crypto_nossl";
const COLD: &str = "orv, cold";
const WARM: &str = "orv, warm";

/// The certificates of a report: leaf, intermediate, root.
struct Certificates {
    vek: Vec<u8>,
    intermediate: Vec<u8>,
    root: Vec<u8>,
}

/// Many reports of one simulated chip.
pub(super) fn simulated(documents: usize) -> Result<Section, AttestationBenchError> {
    let (reports, certificates) = reports(documents)?;
    let roots = Roots::with_simulator(root_der(Product::Genoa))?;
    let ours = Ours::new(roots, collateral(&certificates)?, NOW);
    let mut cache = Cache::new();
    let report = |index: usize| reports.get(index).map_or(&[][..], Vec::as_slice);
    let expected = |index| ExpectedBinding::To(binding(Platform::SimSnp, index));
    let mut ways = [
        Way::new(SEV, |index| sev_verdict(report(index), &certificates)),
        Way::new(COLD, |index| ours.cold(report(index), &expected(index))),
        Way::new(WARM, |index| ours.warm(&mut cache, report(index), &expected(index))),
    ];
    alternate(documents, &mut ways)?;
    let [sev, cold, _] = &ways;
    Ok(Section {
        name: "snp",
        title: "SEV-SNP reports of one chip".to_owned(),
        method: format!(
            "{documents} reports (Genoa, version 5, VCEK) of one simulated chip, each verified once in each way, in a \
             drawn order, from the bytes of report and certificates. `sev` verifies signatures alone; ours the rest of \
             the certificates, policy and binding too. Warm: the certificates were verified for another report. One \
             thread."
        ),
        targets: vec![at_least(3.3, "sev / ours, cold", sev, cold)],
        table: table(&ways),
        notes: Vec::new(),
    })
}

/// One real report, cold alone.
pub(super) fn real(vectors: &Path, rounds: usize) -> Result<Section, AttestationBenchError> {
    const NAME: &str = "genoa_v5_vcek";
    /// 2026-01-01, inside the VCEK's seven years.
    const THEN: UnixTime = UnixTime::from_seconds(1_767_225_600);
    let report = vector(vectors, &format!("snp/{NAME}.report"))?;
    let certificates = Certificates {
        vek: vector(vectors, &format!("snp/{NAME}.vek.der"))?,
        intermediate: vector(vectors, "snp/certs/amd_ask_genoa.pem")?,
        root: vector(vectors, "roots/amd_ark_genoa.pem")?,
    };
    let mut collateral = Collateral::none();
    collateral.add(&certificates.vek)?;
    let ours = Ours::new(Roots::production(), collateral, THEN);
    let expected = ExpectedBinding::Unknown(Platform::Snp);
    let mut ways = [
        Way::new(SEV, |_| sev_verdict(&report, &certificates)),
        Way::new(COLD, |_| ours.cold(&report, &expected)),
    ];
    alternate(rounds, &mut ways)?;
    let [sev, cold] = &ways;
    Ok(Section {
        name: "snp-real",
        title: "An SEV-SNP report of AMD's hardware, cold".to_owned(),
        method: format!(
            "The report {NAME}, {rounds} times in each way, in a drawn order. ARK and ASK are built into ours; `sev` is \
             given them in PEM."
        ),
        targets: vec![at_least(3.3, "sev / ours, cold", sev, cold)],
        table: table(&ways),
        notes: Vec::new(),
    })
}

/// One more than is counted, and their certificates.
fn reports(documents: usize) -> Result<(Vec<Vec<u8>>, Certificates), AttestationBenchError> {
    let vendor = Vendor::published(Product::Genoa)?;
    let chip = vendor.chip(NOW.minus_seconds(86_400))?;
    let mut reports = Vec::with_capacity(documents + 1);
    for index in 0..=documents {
        let mut report = Report::genuine(Product::Genoa, Version::Five);
        report.report_data = binding(Platform::SimSnp, index).digest();
        reports.push(chip.sign(&report)?);
    }
    let certificates = Certificates {
        vek: chip.vek.certificate,
        intermediate: vendor.ask.certificate,
        root: vendor.ark.certificate,
    };
    Ok((reports, certificates))
}

fn collateral(certificates: &Certificates) -> Result<Collateral, AttestationBenchError> {
    let mut collateral = Collateral::none();
    collateral.add(&certificates.vek)?;
    collateral.add(&certificates.intermediate)?;
    Ok(collateral)
}

fn sev_verdict(report: &[u8], certificates: &Certificates) -> Result<(), String> {
    let Certificates {
        vek,
        intermediate,
        root,
    } = certificates;
    let read = |bytes: &[u8]| match bytes {
        [b'-', ..] => sev::certs::snp::Certificate::from_pem(bytes),
        _ => sev::certs::snp::Certificate::from_der(bytes),
    };
    let chain = || -> std::io::Result<Chain> {
        Ok(Chain {
            ca: sev::certs::snp::ca::Chain {
                ark: read(root)?,
                ask: read(intermediate)?,
            },
            vek: read(vek)?,
        })
    };
    let chain = chain().map_err(|error| error.to_string())?;
    let report = AttestationReport::from_bytes(report).map_err(|error| error.to_string())?;
    (&chain, &report).verify().map_err(|error| error.to_string())
}
