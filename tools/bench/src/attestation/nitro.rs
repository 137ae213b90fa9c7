//! Nitro documents: warm beside cold.

use super::way::{Way, alternate, at_least, table};
use super::{AttestationBenchError, NOW, Ours, binding};
use crate::document::Section;
use orv_evidence::Platform;
use orv_simulator::{Authority, Certificate, Measured, Role, SimulatedNitro, published_root, root_der, sign};
use orv_verify::{Cache, Collateral, ExpectedBinding, Roots};

const COLD: &str = "orv, cold";
const WARM: &str = "orv, warm";

/// What the simulated enclave measures.
const IMAGE: Measured<'static> = Measured {
    executable: b"a program",
    configuration: b"its configuration",
    ramdisk: b"a ramdisk",
};

/// Many documents, each of another enclave of one parent instance.
pub(super) fn simulated(documents: usize) -> Result<Section, AttestationBenchError> {
    let evidence = evidence(documents)?;
    let ours = Ours::new(Roots::with_simulator(root_der())?, Collateral::none(), NOW);
    let mut cache = Cache::new();
    let document = |index: usize| evidence.get(index).map_or(&[][..], Vec::as_slice);
    let expected = |index| ExpectedBinding::To(binding(Platform::SimNitro, index));
    let mut ways = [
        Way::new(COLD, |index| ours.cold(document(index), &expected(index))),
        Way::new(WARM, |index| ours.warm(&mut cache, document(index), &expected(index))),
    ];
    alternate(documents, &mut ways)?;
    let [cold, warm] = &ways;
    Ok(Section {
        name: "nitro",
        title: "Nitro documents of one region".to_owned(),
        method: format!(
            "{documents} documents, each under a leaf of its own, all under the same root, region, zone and instance \
             authorities as AWS has them; each verified once in each way, in a drawn order. Warm: the authorities were \
             verified for another document; leaf and document are verified. One thread."
        ),
        targets: vec![at_least(2.2, "cold / warm", cold, warm)],
        table: table(&ways),
        notes: Vec::new(),
    })
}

/// One more than is counted.
fn evidence(documents: usize) -> Result<Vec<Vec<u8>>, AttestationBenchError> {
    let mut authorities = vec![published_root()?];
    for (name, length) in [("region", 2), ("zone", 1), ("instance", 0)] {
        let below = authorities.last().map(|above| above.issue(&authority(name, length)));
        authorities.extend(below.transpose()?);
    }
    let bundle: Vec<Vec<u8>> = authorities
        .iter()
        .map(|authority| authority.certificate.clone())
        .collect();
    let enclave = SimulatedNitro::measure(&IMAGE, || NOW);
    let mut evidence = Vec::with_capacity(documents + 1);
    for index in 0..=documents {
        evidence.extend(
            authorities
                .last()
                .map(|issuer| document(&enclave, issuer, &bundle, index))
                .transpose()?,
        );
    }
    Ok(evidence)
}

fn document(
    enclave: &SimulatedNitro,
    issuer: &Authority,
    bundle: &[Vec<u8>],
    index: usize,
) -> Result<Vec<u8>, AttestationBenchError> {
    let leaf = issuer.issue(&SimulatedNitro::leaf(NOW))?;
    let payload = enclave.document(&binding(Platform::SimNitro, index), &leaf, bundle.to_vec(), NOW);
    Ok(sign(&payload.encode(), &leaf.key)?)
}

fn authority(name: &str, path_length: u8) -> Certificate {
    Certificate {
        subject: format!("{name} SIMULATED"),
        not_before: NOW.minus_seconds(86_400),
        not_after: NOW.plus_seconds(86_400),
        role: Role::Authority {
            path_length: Some(path_length),
        },
    }
}
