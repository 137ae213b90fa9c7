//! The comparison of two builds, on a checkout so small that it takes seconds: that it finds what must not be there.
//! `./dev test image` runs it on the real one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use orv_image::build::options;
use orv_image::kernel::Recipe;
use orv_image::pin::{Pins, Purpose};
use orv_image::platform::Platform;
use orv_image::toolchain;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A checkout with an enclave of one file, and a cache in which its kernel is already there.
struct Checkout(TempDir);

impl Checkout {
    fn new(program: &str, build_script: Option<&str>) -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in [
            "images/pins.toml",
            "images/kernel/base.config",
            "images/kernel/nitro.config",
            "images/kernel/nitro.cmdline",
            "images/configuration/nitro.json",
        ] {
            checkout.write(name, &fs::read_to_string(original.join(name)).unwrap());
        }
        checkout.write("Cargo.toml", WORKSPACE);
        checkout.write("enclave/Cargo.toml", PACKAGE);
        checkout.write("enclave/src/main.rs", program);
        if let Some(script) = build_script {
            checkout.write("enclave/build.rs", script);
        }
        for (program, arguments) in [
            ("cargo", &["generate-lockfile", "--offline"][..]),
            ("git", &["init", "-q"]),
        ] {
            let done = Command::new(program)
                .args(arguments)
                .current_dir(checkout.repository())
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        checkout.provide_kernel();
        checkout
    }

    fn repository(&self) -> PathBuf {
        self.0.path().join("checkout")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.repository().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn provide_kernel(&self) {
        let pins = Pins::read(&self.repository()).unwrap();
        let (tools, options) = (
            toolchain::of_machine(&pins).unwrap(),
            options(&self.repository(), Platform::Nitro).unwrap(),
        );
        let source = pins.input(Purpose::KernelSource).unwrap();
        let key = Recipe {
            source,
            patches: &[],
            options: &options,
            tools: &tools,
        }
        .key();
        let folder = self.0.path().join("cache/orv/kernels").join(key);
        fs::create_dir_all(&folder).unwrap();
        let mut record = String::new();
        for (name, content) in [
            ("bzImage", "no kernel"),
            ("config", "CONFIG_A=y\n"),
            ("release", "6.12-orv\n"),
        ] {
            fs::write(folder.join(name), content).unwrap();
            let sha256 = hex::encode(digest(&SHA256, content.as_bytes()));
            record.push_str(&format!("{sha256}  {name}\n"));
        }
        fs::write(folder.join("SHA256SUMS"), record).unwrap();
    }

    /// The folder of the only kernel in the cache.
    fn kernel(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.0.path().join("cache/orv/kernels")).unwrap();
        entries.next().unwrap().unwrap().path()
    }

    fn build(&self) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-image"));
        command.args(["build", "--json", "--offline", "--platform", "nitro", "--repository"]);
        command
            .arg(self.repository())
            .arg("--out")
            .arg(self.0.path().join("out"));
        let cache = self.0.path().join("cache");
        command.env("XDG_CACHE_HOME", cache).output().unwrap()
    }

    fn reproduce(&self) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-image"));
        command
            .args(["reproduce", "--json", "--platform", "nitro", "--repository"])
            .arg(self.repository());
        command.arg("--work").arg(self.0.path().join("work"));
        command
            .env("XDG_CACHE_HOME", self.0.path().join("cache"))
            .output()
            .unwrap()
    }
}

const WORKSPACE: &str = "\
[workspace]
resolver = \"3\"
members = [\"enclave\"]
[profile.reproducible]
inherits = \"release\"
panic = \"abort\"
strip = \"symbols\"
";
const PACKAGE: &str = "\
[package]
name = \"orv-enclave\"
version = \"0.1.0\"
edition = \"2024\"
license = \"MIT\"
[features]
nitro = []
";

fn answer(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text
        .lines()
        .last()
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(last).unwrap()
}

#[test]
fn a_panics_place_and_the_folder_do_not_show() {
    let checkout = Checkout::new(
        "fn main() { assert!(std::env::args().count() > 9, \"{}\", file!()); }",
        None,
    );
    let output = checkout.reproduce();
    let document = answer(&output);
    assert!(output.status.success(), "{document}");
    for name in [
        "orv-nitro.eif",
        "orv-nitro.config",
        "measurements.json",
        "build.json",
        "sbom.cdx.json",
    ] {
        assert_eq!(document["files"][name].as_str().unwrap().len(), 64, "{document}");
    }
}

#[test]
fn a_binary_that_names_its_folder_is_refused() {
    let checkout = Checkout::new("fn main() { println!(env!(\"CARGO_MANIFEST_DIR\")); }", None);
    let output = checkout.reproduce();
    assert!(!output.status.success());
    assert!(
        answer(&output)["error"].as_str().unwrap().contains("ORV-I-011"),
        "{}",
        answer(&output)
    );
}

#[test]
fn a_build_that_shows_its_umask_is_found() {
    let script = r#"fn main() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let umask = status.lines().find(|line| line.starts_with("Umask:")).unwrap();
        println!("cargo::rustc-env=SHOWN={umask}");
    }"#;
    let checkout = Checkout::new("fn main() { println!(env!(\"SHOWN\")); }", Some(script));
    let output = checkout.reproduce();
    let document = answer(&output);
    assert_eq!(
        (output.status.code(), document["code"].as_str()),
        (Some(3), Some("ORV-I-014")),
        "{document}"
    );
    assert!(document["error"].as_str().unwrap().contains("orv-nitro.eif"));
}

/// Its second build runs beside hostile values of these variables, and for another user.
#[test]
fn a_build_is_told_nothing_of_the_environment() {
    let script = r#"fn main() {
        let told = ["USER", "LOGNAME", "CPATH", "KCPPFLAGS", "LANG"].map(std::env::var_os);
        println!("cargo::rustc-env=SHOWN={told:?}");
    }"#;
    let checkout = Checkout::new("fn main() { println!(env!(\"SHOWN\")); }", Some(script));
    let output = checkout.reproduce();
    assert!(output.status.success(), "{}", answer(&output));
}

#[test]
fn what_the_checkout_no_longer_has_is_not_built_in_the_folder_of_an_earlier_run() {
    let checkout = Checkout::new("fn main() {}", None);
    // Cargo refuses two tests of one name: the second run sees only its own.
    checkout.write("enclave/tests/twice.rs", "");
    assert!(checkout.reproduce().status.success());
    let moved = checkout.repository().join("enclave/tests/twice.rs");
    fs::remove_file(moved).unwrap();
    checkout.write("enclave/tests/twice/main.rs", "");
    let output = checkout.reproduce();
    assert!(output.status.success(), "{}", answer(&output));
}

#[test]
fn a_kernel_that_is_not_the_pinned_one_is_told_and_recorded() {
    let checkout = Checkout::new("fn main() {}", None);
    let output = checkout.build();
    assert!(output.status.success(), "{}", answer(&output));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("kernel of nitro"), "{told}");
    let record: Value = serde_json::from_slice(&fs::read(checkout.0.path().join("out/build.json")).unwrap()).unwrap();
    let others = record["other_tools_than_pinned"].as_array().unwrap();
    assert!(
        others.iter().any(|other| other["name"] == "kernel of nitro"),
        "{record}"
    );
}

#[test]
fn a_kernel_that_somebody_changed_in_the_cache_goes_into_no_image() {
    let checkout = Checkout::new("fn main() {}", None);
    fs::write(checkout.kernel().join("bzImage"), "another kernel").unwrap();
    let output = checkout.build();
    let document = answer(&output);
    assert_eq!(
        (output.status.code(), document["code"].as_str()),
        (Some(3), Some("ORV-I-003")),
        "{document}"
    );
}
