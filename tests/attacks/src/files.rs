//! Reading and writing where nothing of the miner's is.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};

use crate::kernel::{self, call};
use crate::{Attempt, Words, held, number};

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["read", path] => read(path).and_then(|text| first_words(&text)),
        ["find-in", path, needle] => read(path).and_then(|text| find(&text, needle)),
        ["write", path] => fs::write(path, "the miner was here").map(|()| format!("{path} written")),
        ["create-beside", path] => fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map(|_| format!("{path} made")),
        ["read-host", path] => on_the_host(path)
            .and_then(|path| read(&path))
            .and_then(|text| first_words(&text)),
        ["run-host", path] => run_on_the_host(path),
        ["list-host", path] => {
            on_the_host(path).and_then(|path| Ok(format!("{} entries of {path}", fs::read_dir(&path)?.count())))
        }
        ["open-any-device"] => open_any_device(),
        ["see-a-disk"] => see_a_disk(),
        ["list", path] => fs::read_dir(path).map(|entries| format!("{} entries of {path}", entries.count())),
        ["open-device", path] => OpenOptions::new().read(true).open(path).map(|_| format!("{path} open")),
        ["make-device", path] => make_device(path),
        ["environment", name] => std::env::var(name).map_err(|error| held(error.to_string())),
        ["descriptors"] => descriptors(),
        ["executable", path] => overwrite_executable(path),
        ["own", path, id] => number(id).and_then(|id| {
            chown(path, Some(id), Some(id))?;
            Ok(format!("{path} given to {}", fs::metadata(path)?.uid()))
        }),
        ["set-id", path] => set_id(path),
        ["elevate", path] => elevate(path),
        ["host-name"] => read("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()),
        _ => return None,
    })
}

/// Where the host's tree would stand if it were to be seen at all.
const ROOTS: [&str; 6] = ["/..", "/host", "/old", "/.old", "/proc/1/root", "/proc/self/root/.."];

/// A path of the host as it is seen from here.
pub fn on_the_host(path: &str) -> std::io::Result<String> {
    let seen = ROOTS.map(|root| format!("{root}{path}"));
    seen.into_iter()
        .find(|path| fs::metadata(path).is_ok())
        .ok_or_else(|| std::io::Error::from_raw_os_error(libc::ENOENT))
}

/// A device beside the five that are harmless.
fn open_any_device() -> Attempt {
    const HARMLESS: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
    for entry in fs::read_dir("/dev")?.flatten() {
        let special = entry
            .file_type()
            .is_ok_and(|kind| kind.is_char_device() || kind.is_block_device());
        let harmless = HARMLESS.iter().any(|name| entry.file_name() == *name);
        if special && !harmless && OpenOptions::new().read(true).open(entry.path()).is_ok() {
            return Ok(format!("{} open", entry.path().display()));
        }
    }
    Err(held("no device but the harmless ones"))
}

fn see_a_disk() -> Attempt {
    let disk = fs::read_dir("/dev")?
        .flatten()
        .find(|entry| entry.file_type().is_ok_and(|kind| kind.is_block_device()));
    disk.map(|entry| format!("{} is there", entry.path().display()))
        .ok_or_else(|| held("no disk"))
}

/// At most a mebibyte: some files of the kernel have no end.
fn read(path: &str) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(1 << 20).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn first_words(text: &str) -> Attempt {
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    if words.is_empty() {
        return Err(held("the file is empty"));
    }
    Ok(words.join(" "))
}

fn find(text: &str, needle: &str) -> Attempt {
    let found = text.lines().find(|line| line.contains(needle));
    found
        .map(str::to_owned)
        .ok_or_else(|| held(format!("no {needle} in it")))
}

/// A device of number 0:0, which the kernel lets anybody make.
fn make_device(path: &str) -> Attempt {
    let name = std::ffi::CString::new(path).map_err(|error| held(error.to_string()))?;
    let arguments = [
        libc::AT_FDCWD as usize,
        name.as_ptr() as usize,
        (libc::S_IFCHR | 0o666) as usize,
        0,
    ];
    call(libc::SYS_mknodat, &arguments).map(|_| format!("a device node at {path}"))
}

/// What somebody has left open for us.
fn descriptors() -> Attempt {
    for entry in fs::read_dir("/proc/self/fd")? {
        let number: i32 = number(&entry?.file_name().to_string_lossy())?;
        let target = fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
        if number > 2 && !target.starts_with("/proc") {
            let mut text = String::new();
            let _ = kernel::own(number).take(64).read_to_string(&mut text);
            return Ok(format!("descriptor {number}, {}: {}", target.display(), text.trim()));
        }
    }
    Err(held("no descriptor but the standard ones"))
}

/// What CVE-2019-5736 did: the runtime's own program through the process that it has become.
fn overwrite_executable(path: &str) -> Attempt {
    OpenOptions::new()
        .write(true)
        .open(path)
        .map(|_| format!("{path} open for writing"))
}

/// Runs a program that would run as its owner.
fn elevate(path: &str) -> Attempt {
    let output = std::process::Command::new(path).args(["effective-id"]).output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if said.ends_with("id 0") {
        Ok(said)
    } else {
        Err(held(said))
    }
}

/// A program of the host's.
fn run_on_the_host(path: &str) -> Attempt {
    let program = on_the_host(path)?;
    let output = std::process::Command::new(&program).args(["effective-id"]).output()?;
    Ok(format!(
        "{program} to say: {}",
        String::from_utf8_lossy(&output.stdout).trim()
    ))
}

/// A program that runs as its owner.
fn set_id(path: &str) -> Attempt {
    fs::copy("/proc/self/exe", path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o4755))?;
    let mode = fs::metadata(path)?.permissions().mode();
    Ok(format!("mode {mode:o}"))
}
