//! TDX quotes, beside dcap-qvl on the same backend (ring).

use std::path::Path;

use super::way::{Way, alternate, at_least, table};
use super::{AttestationBenchError, NOW, Ours, binding, vector};
use crate::document::Section;
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::configs::RingConfig;
use dcap_qvl::verify::QuoteVerifier;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::tdx::{CollateralContents, Layout, MachineContents, Quote, Vendor, root_der};
use orv_verify::{Cache, Collateral, ExpectedBinding, Roots};

const RAW: &str = "dcap-qvl 0.7.1, ring";
const COLD: &str = "orv, cold";
const WARM: &str = "orv, warm";

/// Many quotes of one simulated platform.
pub(super) fn simulated(documents: usize) -> Result<Section, AttestationBenchError> {
    let (quotes, json) = quotes(documents)?;
    let collateral = theirs(json.as_bytes())?;
    let ours = Ours::new(Roots::with_simulator(root_der())?, ours(json.as_bytes())?, NOW);
    let raw = QuoteVerifier::<RingConfig>::new_with_config(root_der().to_vec());
    let mut cache = Cache::new();
    let quote = |index: usize| quotes.get(index).map_or(&[][..], Vec::as_slice);
    let expected = |index| ExpectedBinding::To(binding(Platform::SimTdx, index));
    let mut ways = [
        Way::new(RAW, |index| raw_verdict(&raw, quote(index), &collateral, NOW)),
        Way::new(COLD, |index| ours.cold(quote(index), &expected(index))),
        Way::new(WARM, |index| ours.warm(&mut cache, quote(index), &expected(index))),
    ];
    alternate(documents, &mut ways)?;
    let [raw, cold, warm] = &ways;
    Ok(Section {
        name: "tdx",
        title: "TDX quotes of one platform".to_owned(),
        method: format!(
            "{documents} quotes (version 4) of one simulated platform, each verified once in each way, in a drawn \
             order; the same parsed collateral for all. Cold: nothing is known. Warm: collateral and platform \
             certificates were verified for another quote; this quote, its quoting enclave and every signature in it \
             are verified. Ours is judged by the built-in policy and bound to a key on top. One thread."
        ),
        targets: vec![
            at_least(1.0, "dcap-qvl / ours, cold", raw, cold),
            at_least(2.0, "dcap-qvl / ours, warm", raw, warm),
        ],
        table: table(&ways),
        notes: Vec::new(),
    })
}

/// One real quote, cold alone.
pub(super) fn real(vectors: &Path, rounds: usize) -> Result<Section, AttestationBenchError> {
    const NAME: &str = "phala_v4_b0c06f";
    /// 2025-07-01.
    const THEN: UnixTime = UnixTime::from_seconds(1_751_328_000);
    let quote = vector(vectors, &format!("tdx/{NAME}.quote"))?;
    let json = vector(vectors, "tdx/collateral/b0c06f_2025-06.json")?;
    let collateral = theirs(&json)?;
    let ours = Ours::new(Roots::production(), ours(&json)?, THEN);
    let raw = QuoteVerifier::<RingConfig>::new_with_config(vector(vectors, "roots/intel_sgx_root_ca.der")?);
    let expected = ExpectedBinding::Unknown(Platform::Tdx);
    let mut ways = [
        Way::new(RAW, |_| raw_verdict(&raw, &quote, &collateral, THEN)),
        Way::new(COLD, |_| ours.cold(&quote, &expected)),
    ];
    alternate(rounds, &mut ways)?;
    let [raw, cold] = &ways;
    Ok(Section {
        name: "tdx-real",
        title: "A TDX quote of Intel's hardware, cold".to_owned(),
        method: format!(
            "The quote {NAME} with its collateral of 2025-06, {rounds} times in each way, in a drawn order."
        ),
        targets: vec![at_least(1.0, "dcap-qvl / ours, cold", raw, cold)],
        table: table(&ways),
        notes: Vec::new(),
    })
}

/// One more than is counted, and the collateral.
fn quotes(documents: usize) -> Result<(Vec<Vec<u8>>, String), AttestationBenchError> {
    let vendor = Vendor::published()?;
    let machine = vendor.machine(&MachineContents::genuine(NOW.minus_seconds(86_400)))?;
    let mut quotes = Vec::with_capacity(documents + 1);
    for index in 0..=documents {
        let mut quote = Quote::genuine(Layout::Version4);
        quote.report.report_data = binding(Platform::SimTdx, index).digest();
        quotes.push(machine.sign(&quote)?.encode());
    }
    let collateral = vendor.collateral(&CollateralContents::genuine(NOW.minus_seconds(86_400)))?;
    Ok((quotes, collateral.to_json()))
}

fn ours(json: &[u8]) -> Result<Collateral, AttestationBenchError> {
    let mut collateral = Collateral::none();
    collateral.add(json)?;
    Ok(collateral)
}

fn theirs(json: &[u8]) -> Result<QuoteCollateralV3, AttestationBenchError> {
    serde_json::from_slice(json).map_err(|error| AttestationBenchError::Refused {
        way: RAW.to_owned(),
        cause: error.to_string(),
    })
}

fn raw_verdict(
    verifier: &QuoteVerifier<RingConfig>,
    quote: &[u8],
    collateral: &QuoteCollateralV3,
    now: UnixTime,
) -> Result<(), String> {
    let report = verifier.verify(quote, collateral, now.seconds());
    let report = report.map_err(|error| format!("{error:#}"))?;
    if report.status == "UpToDate" {
        Ok(())
    } else {
        Err(report.status)
    }
}
