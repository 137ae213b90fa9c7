//! `orv-audit measure`: what it prints of an image, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use orv_evidence::Platform;
use orv_measure::nitro::{Parts, measure, pcr3, pcr4};
use orv_verify::{Register, nitro_measurement_id};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orv-audit"))
        .arg("measure")
        .args(arguments)
        .output()
        .unwrap()
}

/// The only line on standard output.
fn document(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(
        text.lines().count(),
        1,
        "{text:?} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&text).unwrap()
}

fn vector(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("ORV_VECTORS").map_or(beside, PathBuf::from);
    let path = folder.join("attestation/measurement").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: there is no {}: set ORV_VECTORS to the folder of the published vectors",
        path.display()
    );
    None
}

/// An enclave image of three sections.
fn enclave_image(kernel: &[u8], line: &[u8], ramdisk: &[u8]) -> Vec<u8> {
    let (mut body, mut offsets, mut sizes) = (Vec::new(), [0_u64; 32], [0_u64; 32]);
    for (index, data) in [kernel, line, ramdisk].into_iter().enumerate() {
        offsets[index] = 548 + body.len() as u64;
        sizes[index] = data.len() as u64;
        body.extend([0, index as u8 + 1, 0, 0]);
        body.extend((data.len() as u64).to_be_bytes());
        body.extend(data);
    }
    let mut file = b".eif\0\x04\0\0".to_vec();
    file.extend([0; 18]);
    file.extend(3_u16.to_be_bytes());
    file.extend(offsets.iter().chain(&sizes).flat_map(|field| field.to_be_bytes()));
    file.extend([0; 4]);
    let checksum = checksum(file.iter().chain(&body));
    file.extend(checksum.to_be_bytes());
    file.extend(body);
    file
}

/// CRC-32, bit by bit.
fn checksum<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

fn written(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn an_enclave_image_is_measured_with_the_id_that_an_owner_lists() {
    let folder = tempfile::tempdir().unwrap();
    let image = written(&folder, "enclave.eif", &enclave_image(b"kernel", b"quiet", b"ramdisk"));
    let role = "arn:aws:iam::123456789012:role/enclave";
    let output = run(&[&image, "--json", "--role", role, "--instance", "i-0123"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = document(&output);

    let ramdisks = vec![b"ramdisk".as_slice()];
    let parts = Parts {
        kernel: b"kernel",
        command_line: b"quiet",
        ramdisks,
        signing_certificate: None,
    };
    let registers = measure(&parts);
    assert_eq!(printed["platform"], "nitro");
    assert_eq!(printed["pcr0"], registers.pcr0.to_string());
    assert_eq!(printed["pcr1"], registers.pcr1.to_string());
    assert_eq!(printed["pcr2"], registers.pcr2.to_string());
    assert_eq!(printed["pcr3"], pcr3(role).to_string());
    assert_eq!(printed["pcr4"], pcr4("i-0123").to_string());
    let identity = [registers.pcr0, registers.pcr1, registers.pcr2].map(|register| Register(register.0));
    let id = nitro_measurement_id(Platform::Nitro, identity);
    assert_eq!(printed["measurement_id"], format!("0x{}", hex::encode(id)));
    let names: Vec<_> = printed["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| &input["name"])
        .collect();
    assert_eq!(names, ["kernel", "command line", "ramdisk 0", "role", "instance"]);

    let text = String::from_utf8(run(&[&image]).stdout).unwrap();
    assert!(text.contains(&format!("pcr0            {}", registers.pcr0)), "{text}");
}

#[test]
fn a_changed_image_is_refused_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = enclave_image(b"kernel", b"quiet", b"ramdisk");
    *bytes.last_mut().unwrap() ^= 1;
    let image = written(&folder, "enclave.eif", &bytes);
    let output = run(&[&image, "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let printed = document(&output);
    assert_eq!(printed["code"], "ORV-A-010");
    assert!(printed["error"].as_str().unwrap().contains("checksum"), "{printed}");
    let output = run(&[&image]);
    let words = [output.stdout, output.stderr].concat();
    assert!(String::from_utf8(words).unwrap().contains("ORV-A-010 "));
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_file_that_is_not_there_ends_with_one_and_missing_options_with_two() {
    let output = run(&["/no/such/image", "--json"]);
    assert_eq!(
        (output.status.code(), &document(&output)["code"]),
        (Some(1), &Value::from("ORV-A-001"))
    );

    let folder = tempfile::tempdir().unwrap();
    let kernel = written(&folder, "vmlinuz", b"MZ, a kernel");
    let image = written(&folder, "enclave.eif", &enclave_image(b"kernel", b"quiet", b"ramdisk"));
    let cases: &[&[&str]] = &[
        &[&kernel],
        &[&kernel, "--platform", "nitro"],
        &[&kernel, "--platform", "snp"],
        &[&kernel, "--platform", "snp", "--vcpus", "2"],
        &[
            &kernel,
            "--platform",
            "snp",
            "--vcpus",
            "2",
            "--processor",
            "EPYC-Milan",
        ],
        &[&kernel, "--platform", "snp", "--vcpus", "0"],
        &[&kernel, "--platform", "snp", "--processor", "Xeon"],
        &[&kernel, "--platform", "tdx", "--kernel-header", "patched"],
        &[&kernel, "--platform", "tdx", "--memory", "much"],
        &[&kernel, "--platform", "tdx", "--acpi-loader", &image],
        &[&image, "--platform", "tdx"],
    ];
    for case in cases {
        let output = run(case);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{case:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn an_snp_guest_is_measured_from_its_firmware_and_kernel() {
    let Some(firmware) = vector("ovmf_AmdSev_suffix.bin") else {
        return;
    };
    let firmware = firmware.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = [
        "--platform",
        "snp",
        "--vcpus",
        "1",
        "--processor",
        "EPYC-v4",
        "--guest-features",
        "0x21",
    ];
    // The published case `snp_without_kernel_default`.
    let output = run(&[&[firmware, "--json"], &options[..]].concat());
    let alone = document(&output);
    let published = "e1e1ca029dd7973ab9513295be68198472dcd4fc834bd9af9b63f6e8a1674dbf281a9278a4a2ebe0eed9f22adbcd0e2b";
    assert_eq!(
        (output.status.code(), &alone["measurement"]),
        (Some(0), &Value::from(published))
    );

    // A cloud's first registers are others, and show no processor.
    let cloud = document(&run(&[
        firmware,
        "--json",
        "--platform",
        "snp",
        "--vcpus",
        "1",
        "--monitor",
        "gce",
    ]));
    assert_ne!(cloud["measurement"], alone["measurement"]);

    let kernel = written(&folder, "vmlinuz", b"MZ, a kernel");
    let line = written(&folder, "line", b"console=ttyS0\n");
    let with_kernel = [&[&kernel, "--firmware", firmware, "--json"], &options[..]].concat();
    let given = document(&run(&[&with_kernel[..], &["--command-line", "console=ttyS0"]].concat()));
    let read = document(&run(&[&with_kernel[..], &["--command-line-file", &line]].concat()));
    assert_eq!(given["measurement"], read["measurement"]);
    assert_ne!(given["measurement"], alone["measurement"]);
    assert!(given["measurement_id"].as_str().unwrap().starts_with("0x"));
}

#[test]
fn an_event_log_is_replayed() {
    let (Some(log), Some(expected)) = (vector("tdx_ccel_gcp_cos113.bin"), vector("tdx_rtmr_replay.json")) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let printed = document(&run(&[log.to_str().unwrap(), "--json"]));
    for register in ["rtmr0", "rtmr1", "rtmr2", "rtmr3"] {
        assert_eq!(printed[register], expected["expected"][register]);
    }
    assert_eq!(printed["platform"], "tdx");
    assert_eq!(
        printed["events"]["rtmr1"][0]["name"],
        "action: Calling EFI Application from Boot Option"
    );
    assert!(printed["events"].get("rtmr3").is_none(), "nothing was written to it");
    assert!(printed.get("measurement_id").is_none(), "MRTD is not in a log");
}

/// Debian's firmware and a program of a few bytes that firmware would start.
#[test]
fn a_trust_domain_has_an_id_once_all_of_its_registers_are_known() {
    let firmware = "/usr/share/ovmf/OVMF.fd";
    let Some(log) = vector("tdx_ccel_gcp_cos113.bin") else {
        return;
    };
    if !Path::new(firmware).exists() {
        eprintln!("SKIPPED: there is no {firmware}: it is in Debian's package ovmf");
        return;
    }
    let without = document(&run(&[firmware, "--platform", "tdx", "--json"]));
    let reasons: Vec<_> = without["not_computed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["register"])
        .collect();
    assert_eq!(reasons, ["rtmr0", "rtmr1", "rtmr2", "measurement_id"]);

    let folder = tempfile::tempdir().unwrap();
    let kernel = written(&folder, "vmlinuz", &program());
    let options = [
        "--platform",
        "tdx",
        "--firmware",
        firmware,
        "--command-line",
        "quiet",
        "--json",
    ];
    let with_log = [&[kernel.as_str(), "--event-log", log.to_str().unwrap()], &options[..]].concat();
    let printed = document(&run(&with_log));
    assert_eq!(printed["mrtd"], without["mrtd"]);
    assert!(printed["measurement_id"].is_string(), "{printed}");
    assert_eq!(printed["events"]["rtmr2"][0]["name"], "load options: quiet");
    let assumed = printed["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|input| input["kind"] == "assumed")
        .count();
    assert_eq!(assumed, 5, "{printed}");
}

#[test]
fn a_unified_kernel_image_is_known_by_its_digest_in_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut unified = program();
    unified[0x46] = 1;
    unified[0x148..0x14e].copy_from_slice(b".linux");
    let image = written(&folder, "unified.efi", &unified);
    let printed = document(&run(&[&image, "--platform", "tdx", "--json"]));
    let digest = orv_measure::authenticode_sha384(&unified).unwrap().to_string();
    assert_eq!(printed["authenticode"], digest);
    assert!(
        printed.get("rtmr1").is_none() && printed.get("rtmr2").is_none(),
        "{printed}"
    );
}

/// The smallest PE32+ program: headers and nothing else.
fn program() -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x40;
    bytes[0x40..0x42].copy_from_slice(b"PE");
    bytes[0x54] = 240;
    bytes[0x58..0x5a].copy_from_slice(&[0x0b, 0x02]);
    bytes[0x58 + 60..0x58 + 64].copy_from_slice(&0x200_u32.to_le_bytes());
    bytes[0x58 + 108] = 16;
    bytes
}
