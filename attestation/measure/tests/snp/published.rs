//! The published digests, one of which a real processor signed.

use crate::oracle::{json, vectors};
use orv_measure::Register;
use orv_measure::snp::{Firmware, KernelHashes, Launch, Monitor, Processor, Section, SectionKind};
use serde_json::Value;
use std::num::NonZeroU16;
use std::path::Path;

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn section(value: &Value) -> Section {
    Section {
        address: number(&value["gpa"]),
        length: number(&value["size"]),
        kind: match number(&value["section_type"]) {
            1 => SectionKind::Memory,
            2 => SectionKind::Secrets,
            3 => SectionKind::Cpuid,
            4 => SectionKind::CallingArea,
            16 => SectionKind::KernelHashes,
            other => panic!("kind {other}"),
        },
    }
}

#[test]
fn the_digest_of_a_real_report_is_computed_from_its_published_inputs() {
    let Some(folder) = vectors() else { return };
    let vector = json(&folder.join("measurement/snp_dstack_milan.json"));
    let input = &vector["input"];
    let line = input["base_cmdline"].as_str().unwrap();
    let launch = Launch {
        firmware: Firmware {
            pages: Register(bytes(&input["ovmf_hash"])),
            sections: input["ovmf_sections"].as_array().unwrap().iter().map(section).collect(),
            kernel_hashes_address: Some(number(&input["sev_hashes_table_gpa"])),
            reset_address: Some(number(&input["sev_es_reset_eip"])),
        },
        direct_boot: Some(KernelHashes {
            kernel: bytes(&input["kernel_hash"]),
            initrd: bytes(&input["initrd_hash"]),
            command_line: KernelHashes::of(&[], &[], line.as_bytes()).command_line,
        }),
        vcpus: NonZeroU16::new(number(&input["vcpus"]).try_into().unwrap()).unwrap(),
        processor: input["vcpu_type"].as_str().unwrap().parse().unwrap(),
        guest_features: input["guest_features"].as_u64().unwrap(),
        monitor: Monitor::Qemu,
    };
    assert_eq!(launch.measure().unwrap().to_string(), vector["expected_measurement"]);

    let report = std::fs::read(folder.join("snp/milan_v3_dstack_vcek.report")).unwrap();
    assert_eq!(
        launch.measure().unwrap().0,
        report[0x90..0xc0],
        "the signed MEASUREMENT"
    );
}

/// A case is a call of sev-snp-measure, written in Python.
fn case(folder: &Path, arguments: &str) -> Option<Launch> {
    let words: Vec<&str> = arguments.split(", ").collect();
    let [
        mode,
        vcpus,
        processor,
        firmware,
        kernel,
        initrd,
        line,
        features,
        rest @ ..,
    ] = &words[..]
    else {
        panic!("{arguments}")
    };
    // SEV and SEV-ES have other digests, SVSM other firmware: neither is measured here.
    if *mode != "SevMode.SEV_SNP" {
        return None;
    }
    let name = firmware.trim_matches('"').rsplit('/').next().unwrap();
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let firmware = Firmware::parse(&bytes).unwrap();
    // `snp_ovmf_hash_str` gives the digest of the very same firmware in place of its pages.
    let rest = rest.join(", ");
    assert!(
        ["None", "\"/dev/null\""].contains(kernel) && kernel == initrd,
        "{arguments}"
    );
    Some(Launch {
        firmware,
        direct_boot: (*kernel != "None").then(|| KernelHashes::of(&[], &[], line.trim_matches('"').as_bytes())),
        vcpus: vcpus.parse().unwrap(),
        processor: match processor.split('"').nth(1) {
            Some(name) => name.parse().unwrap(),
            None => Processor(0),
        },
        guest_features: u64::from_str_radix(features.trim_start_matches("0x"), 16).unwrap(),
        monitor: match rest.rsplit("VMMType.").next().unwrap() {
            "ec2" => Monitor::Ec2,
            "gce" => Monitor::Gce,
            _ => Monitor::Qemu,
        },
    })
}

#[test]
fn every_synthetic_case_of_snp_gives_the_published_digest() {
    let Some(folder) = vectors() else { return };
    let folder = folder.join("measurement");
    let vector = json(&folder.join("snp_synthetic_cases.json"));
    let mut checked = 0;
    for published in vector["cases"].as_array().unwrap() {
        let Some(launch) = case(&folder, published["args"].as_str().unwrap()) else {
            continue;
        };
        let digest = launch.measure().unwrap().to_string();
        assert_eq!(digest, published["expected"].as_str().unwrap(), "{}", published["name"]);
        checked += 1;
    }
    assert_eq!(checked, 16);
}
