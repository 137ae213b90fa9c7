//! The registers and files of AWS's own library, through its program `eif_build`.

use crate::oracle::tool;
use orv_measure::nitro::Image;
use std::path::Path;
use std::process::Command;

/// Builds an image of `ramdisks` and returns the file and what the program printed, a JSON document of registers.
fn built(program: &Path, folder: &Path, ramdisks: &[&[u8]], more: &[&str]) -> (Vec<u8>, serde_json::Value) {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let output = folder.join("out.eif");
    let mut command = Command::new(program);
    command.args([
        "--cmdline",
        "reboot=k panic=30 console=ttyS0",
        "--build-time",
        "1970-01-01T00:00:00+00:00",
    ]);
    command.arg("--kernel").arg(file("kernel", &[0x5a; 70_000]));
    command.arg("--output").arg(&output).args(more);
    for (index, ramdisk) in ramdisks.iter().enumerate() {
        command.arg("--ramdisk").arg(file(&format!("ramdisk{index}"), ramdisk));
    }
    let run = command.output().unwrap();
    let printed = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let start = printed
        .find('{')
        .unwrap_or_else(|| panic!("no registers in {printed:?}"));
    let mut documents = serde_json::Deserializer::from_str(&printed[start..]).into_iter();
    (std::fs::read(output).unwrap(), documents.next().unwrap().unwrap())
}

fn assert_same(file: &[u8], printed: &serde_json::Value) {
    let registers = Image::parse(file).unwrap().measure();
    assert_eq!(registers.pcr0.to_string(), printed["PCR0"].as_str().unwrap());
    assert_eq!(registers.pcr1.to_string(), printed["PCR1"].as_str().unwrap());
    assert_eq!(registers.pcr2.to_string(), printed["PCR2"].as_str().unwrap());
    match printed["PCR8"].as_str() {
        Some(pcr8) => assert_eq!(registers.pcr8.to_string(), pcr8),
        None => assert!(registers.pcr8.is_zero()),
    }
}

#[test]
fn registers_equal_those_of_eif_build() {
    let Some(program) = tool("bin/eif_build") else { return };
    let folder = tempfile::tempdir().unwrap();
    for ramdisks in [
        &[b"one".as_slice()][..],
        &[b"one", b"two"],
        &[b"one", b"two", &[3; 100_000]],
    ] {
        let (file, printed) = built(&program, folder.path(), ramdisks, &[]);
        assert_same(&file, &printed);
    }
}

#[test]
fn the_signer_equals_that_of_eif_build() {
    let Some(program) = tool("bin/eif_build") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-nodes",
            "-subj",
            "/CN=test",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("SKIPPED: no openssl program to make a signing certificate with");
        return;
    }
    let more = [
        "--private-key",
        key.to_str().unwrap(),
        "--signing-certificate",
        certificate.to_str().unwrap(),
    ];
    let (file, printed) = built(&program, folder.path(), &[b"one", b"two"], &more);
    assert!(printed["PCR8"].is_string(), "{printed}");
    assert_same(&file, &printed);
}
