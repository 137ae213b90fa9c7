//! The program as a stranger runs it: the same parts give the same image wherever, whenever and by whomever it is packed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orv-image");

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .parent()
        .unwrap()
}

/// Parts of an image, in a folder of their own.
struct Parts(TempDir);

impl Parts {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kernel"), b"not much of a kernel").unwrap();
        fs::write(folder.path().join("binary"), b"\x7fELF, nearly").unwrap();
        fs::copy(
            repository().join("images/configuration/nitro.json"),
            folder.path().join("configuration"),
        )
        .unwrap();
        fs::copy(
            repository().join("images/kernel/nitro.cmdline"),
            folder.path().join("command-line"),
        )
        .unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn change(&self, name: &str, to: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let content = fs::read(self.path(name)).unwrap();
        fs::write(self.path(name), to(content)).unwrap();
    }

    fn arguments(&self, out: &Path) -> Vec<String> {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        let mut arguments = ["pack", "--json", "--platform", "nitro"].map(str::to_owned).to_vec();
        for (name, file) in [
            ("--kernel", path("kernel")),
            ("--binary", path("binary")),
            ("--configuration", path("configuration")),
            ("--command-line", path("command-line")),
            ("--out", out.to_str().unwrap().to_owned()),
            ("--repository", repository().to_str().unwrap().to_owned()),
        ] {
            arguments.extend([name.to_owned(), file]);
        }
        arguments
    }

    /// PCR0, PCR1 and PCR2.
    fn registers(&self) -> [String; 3] {
        let document = answer(&run(Command::new(PROGRAM).args(self.arguments(&self.path("out")))));
        let registers = &document["measurements"]["measurements"][0]["measurements"];
        ["0", "1", "2"].map(|index| registers[index]["expected"].as_str().unwrap().to_owned())
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The one document, which is the last line.
fn answer(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).stdout == b"0\n"
}

#[test]
fn folder_umask_time_zone_language_and_user_do_not_show_in_an_image() {
    let parts = Parts::new();
    let first = parts.path("first");
    run(Command::new(PROGRAM)
        .args(parts.arguments(&first))
        .env("TZ", "UTC")
        .env("LC_ALL", "C"));
    let second = parts.path("second folder, with spaces");
    let mut shell = match is_root() {
        true => {
            // Another user, who may read what this one owns.
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
            command.args(["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]);
            command
        }
        false => {
            eprintln!("NOT root: the second image is packed by the same user");
            Command::new("env")
        }
    };
    shell
        .args(["sh", "-c", "umask 077; exec \"$@\"", "sh", PROGRAM])
        .args(parts.arguments(&second));
    run(shell
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "tr_TR.UTF-8")
        .current_dir("/"));
    for name in ["orv-nitro.eif", "measurements.json"] {
        assert_eq!(
            fs::read(first.join(name)).unwrap(),
            fs::read(second.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn modes_and_times_of_the_parts_do_not_show_in_an_image() {
    let parts = Parts::new();
    let before = parts.registers();
    fs::set_permissions(parts.path("binary"), fs::Permissions::from_mode(0o700)).unwrap();
    run(Command::new("touch").args(["-d", "@0"]).arg(parts.path("kernel")));
    assert_eq!(parts.registers(), before);
}

#[test]
fn a_changed_byte_in_any_part_changes_what_is_measured() {
    for part in ["kernel", "binary", "configuration", "command-line"] {
        let parts = Parts::new();
        let [pcr0, pcr1, pcr2] = parts.registers();
        parts.change(part, |mut content| {
            // The first word of a command line is behind its comment; everywhere else the last byte will do.
            let at = match part {
                "command-line" => content.windows(5).position(|window| window == b"ttyS0").unwrap() + 4,
                _ => content.len() - 1,
            };
            content[at] ^= 1;
            content
        });
        let changed = parts.registers();
        assert_ne!(changed[0], pcr0, "{part}");
        assert_ne!(changed[1], pcr1, "{part}");
        assert_eq!(changed[2], pcr2, "no part is in a second ramdisk");
    }
}

#[test]
fn a_comment_of_the_command_line_is_not_measured() {
    let parts = Parts::new();
    let before = parts.registers();
    parts.change("command-line", |content| {
        [b"# another reason\n".to_vec(), content].concat()
    });
    assert_eq!(parts.registers(), before);
}

#[test]
fn a_failure_has_a_code_a_next_step_and_one_document() {
    let parts = Parts::new();
    fs::remove_file(parts.path("kernel")).unwrap();
    let output = Command::new(PROGRAM)
        .args(parts.arguments(&parts.path("out")))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let document = answer(&output);
    assert_eq!(document["code"], "ORV-I-010");
    assert!(document["error"].as_str().unwrap().contains("kernel"));
    assert!(!document["next"].as_str().unwrap().is_empty());
    let usage = Command::new(PROGRAM)
        .args(["build", "--platform", "toaster"])
        .output()
        .unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

/// The tool of the makers of Nitro's own, as an oracle: `./dev test` installs it.
#[test]
fn eif_build_gives_the_same_registers() {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap();
    let oracle = cache.join("orv/tools/bin/eif_build");
    if !oracle.exists() {
        eprintln!(
            "NOT COMPARED with eif_build: {} is absent (`./dev test` installs it)",
            oracle.display()
        );
        return;
    }
    let parts = Parts::new();
    // It reads the kernel's header.
    let mut kernel = vec![0; 4096];
    kernel[0x202..0x206].copy_from_slice(b"HdrS");
    parts.change("kernel", |_| kernel);
    let ours = parts.registers();
    let file = fs::read(parts.path("out/orv-nitro.eif")).unwrap();
    let image = orv_measure::nitro::Image::parse(&file).unwrap();
    fs::write(parts.path("ramdisk"), image.parts().ramdisks[0]).unwrap();
    let command_line = std::str::from_utf8(image.parts().command_line).unwrap();
    let mut theirs = Command::new(oracle);
    theirs
        .arg("--kernel")
        .arg(parts.path("kernel"))
        .arg("--ramdisk")
        .arg(parts.path("ramdisk"));
    theirs.args([
        "--cmdline",
        command_line,
        "--build-time",
        "1970-01-01T00:00:00+00:00",
        "--output",
    ]);
    let output = run(theirs.arg(parts.path("theirs.eif")));
    let text = String::from_utf8_lossy(&output.stdout).to_lowercase();
    for register in ours {
        assert!(text.contains(&register), "{register} is not in {text}");
    }
}
