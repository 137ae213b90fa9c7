//! Two builds of one checkout under conditions that differ in everything that must not matter.

use crate::error::ImageError;
use crate::pin::{Cache, sha256};
use crate::platform::Platform;
use crate::process::output;
use crate::repository;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of a build that are compared: all of them.
type Files = BTreeMap<String, String>;

/// Whether the kernel is built twice as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelBuild {
    /// Both builds take the one that is in the cache.
    FromCache,
    /// Each builds its own: ten minutes and three gigabytes each.
    Twice,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Twice {
    /// The checkout.
    pub repository: PathBuf,
    /// What the image is for.
    pub platform: Platform,
    /// Whether the kernel is built too.
    pub kernel: KernelBuild,
    /// Where both are built; a temporary folder where none is given. One of an earlier run saves what did not change.
    pub work: Option<PathBuf>,
}

/// What was the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduced {
    /// Name -> SHA-256.
    pub files: BTreeMap<String, String>,
    user: User,
}

impl Reproduced {
    /// What the builds differed in, as the end of a sentence.
    pub fn differences(&self) -> &'static str {
        match self.user {
            User::Another => {
                ", in other folders, for another user, with another umask, time zone, language, order of files and \
                 variables of the environment"
            }
            User::Same => {
                ", in other folders, with another umask, time zone, language, order of files and variables of the \
                 environment (one user: this machine forbids namespaces)"
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Another,
    Same,
}

/// The conditions of one build.
struct Conditions {
    folder: &'static str,
    umask: &'static str,
    zone: &'static str,
    language: &'static str,
    user: User,
    order: Order,
    variables: &'static [(&'static str, &'static str)],
}

/// What compilers, `make` and the kernel's build obey, set to what spoils whatever would take it.
const HOSTILE: [(&str, &str); 16] = [
    ("CC", "false"),
    ("CFLAGS", "-O0 -g"),
    ("COMPILER_PATH", "/nowhere"),
    ("CPATH", "/nowhere"),
    ("GCC_EXEC_PREFIX", "/nowhere/"),
    ("GNUMAKEFLAGS", "--dry-run"),
    ("HOSTCFLAGS", "-DHOSTILE"),
    ("KBUILD_BUILD_USER", "hostile"),
    ("KCONFIG_ALLCONFIG", "/nowhere"),
    ("KCPPFLAGS", "-DHOSTILE"),
    ("LLVM", "1"),
    ("LOCALVERSION", "-hostile"),
    ("LZ4", "false"),
    ("MAKEFLAGS", "n"),
    ("RUSTC_WRAPPER", "false"),
    ("RUSTFLAGS", "-Copt-level=0"),
];

enum Order {
    Forwards,
    Backwards,
}

/// Builds twice and compares.
///
/// # Errors
/// [`ImageError::Differ`] with the names of the files, and those of a build.
pub fn compare(asked: &Twice, cache: &Cache, say: &dyn Fn(&str)) -> Result<Reproduced, ImageError> {
    let temporary = tempfile::tempdir().map_err(ImageError::file("a temporary folder"))?;
    let work = asked.work.clone().unwrap_or_else(|| temporary.path().to_owned());
    let work = std::path::absolute(&work).map_err(ImageError::file(&work))?;
    let user = other_users();
    let conditions = [
        Conditions {
            folder: "first",
            umask: "022",
            zone: "UTC",
            language: "C",
            user: User::Same,
            order: Order::Forwards,
            variables: &[],
        },
        Conditions {
            folder: "another, with a longer name",
            umask: "077",
            zone: "Asia/Kathmandu",
            language: "tr_TR.UTF-8",
            user,
            order: Order::Backwards,
            variables: &HOSTILE,
        },
    ];
    let mut built = Vec::new();
    for (number, condition) in (1..).zip(&conditions) {
        say(&format!("build {number} of 2"));
        built.push(build(asked, cache, &work, condition)?);
    }
    let [first, second] = built.as_slice() else {
        return Err(ImageError::Differ(Vec::new()));
    };
    let names = first.keys().chain(second.keys());
    let differ: Vec<String> = names
        .filter(|name| first.get(*name) != second.get(*name))
        .cloned()
        .collect();
    match differ.is_empty() && !first.is_empty() {
        true => Ok(Reproduced {
            files: first.clone(),
            user,
        }),
        false => {
            let _ = temporary.keep();
            Err(ImageError::Differ(
                differ
                    .into_iter()
                    .map(|name| format!("{name} (below {})", work.display()))
                    .collect(),
            ))
        }
    }
}

fn build(asked: &Twice, cache: &Cache, work: &Path, conditions: &Conditions) -> Result<Files, ImageError> {
    let folder = work.join(conditions.folder);
    let checkout = folder.join("checkout");
    copy_checkout(&asked.repository, &checkout, &conditions.order)?;
    // Cargo's home under another name, with the crates that are there.
    let home = folder.join("home");
    link(&repository::cargo_home()?.join("registry"), &home.join("registry"))?;
    let own_cache = folder.join("cache/orv");
    link(&cache.folder("inputs")?, &own_cache.join("inputs"))?;
    if asked.kernel == KernelBuild::FromCache {
        link(&cache.folder("kernels")?, &own_cache.join("kernels"))?;
    }
    let out = folder.join("out");
    let program = std::env::current_exe().map_err(ImageError::file("/proc/self/exe"))?;
    // A shell, because a process sets its umask for all of its threads or not at all.
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", conditions.umask]);
    shell.args(as_user(conditions.user)).arg(program);
    shell
        .args([
            "build",
            "--offline",
            "--platform",
            asked.platform.name(),
            "--repository",
        ])
        .arg(&checkout);
    shell
        .arg("--out")
        .arg(&out)
        .arg("--target-dir")
        .arg(folder.join("target"));
    shell
        .env("TZ", conditions.zone)
        .env("LC_ALL", conditions.language)
        .env("LANG", conditions.language);
    shell.envs(conditions.variables.iter().copied());
    shell.env("USER", conditions.folder).env("LOGNAME", conditions.folder);
    shell
        .env("CARGO_HOME", &home)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .current_dir(&folder);
    output(&mut shell)?;
    let entries = fs::read_dir(&out).map_err(ImageError::file(&out))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let hashed = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(ImageError::file(&path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, sha256(&bytes)))
    };
    paths.map(hashed).collect()
}

/// The words that start a program as another user: one of a namespace of its own, who owns there what this one owns
/// here. A real other user could not reach a toolchain in this one's home.
const ANOTHER_USER: [&str; 4] = ["unshare", "--user", "--map-user=1234", "--map-group=1234"];

/// Whether this machine lets its users do that.
fn other_users() -> User {
    let [program, arguments @ ..] = ANOTHER_USER;
    match output(Command::new(program).args(arguments).arg("true")) {
        Ok(_) => User::Another,
        Err(_) => User::Same,
    }
}

fn as_user(user: User) -> &'static [&'static str] {
    match user {
        User::Same => &[],
        User::Another => &ANOTHER_USER,
    }
}

/// The files that belong to the checkout, and nothing that was made in it.
fn copy_checkout(from: &Path, to: &Path, order: &Order) -> Result<(), ImageError> {
    let mut git = Command::new("git");
    git.current_dir(from)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = output(&mut git)?;
    let mut names: Vec<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    if to.is_dir() {
        let kept = names.iter().map(|name| to.join(name)).collect();
        remove_others(to, &kept)?;
    }
    if let Order::Backwards = order {
        names.reverse();
    }
    for name in names {
        let (source, copy) = (from.join(name), to.join(name));
        // A file that is deleted but not yet committed is listed.
        if !source.is_file() {
            continue;
        }
        let content = fs::read(&source).map_err(ImageError::file(&source))?;
        // In a folder of an earlier run, cargo builds only what has changed.
        if fs::read(&copy).is_ok_and(|there| there == content) {
            continue;
        }
        let folder = copy.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
        fs::write(&copy, content).map_err(ImageError::file(&copy))?;
    }
    Ok(())
}

/// What an earlier run copied and the checkout no longer has would be built, too.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), ImageError> {
    for entry in fs::read_dir(folder).map_err(ImageError::file(folder))? {
        let path = entry.map_err(ImageError::file(folder))?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).map_err(ImageError::file(&path))?;
        }
    }
    Ok(())
}

fn link(original: &Path, name: &Path) -> Result<(), ImageError> {
    let folder = name.parent().unwrap_or(name);
    fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
    let _ = fs::remove_file(name);
    symlink(original, name).map_err(ImageError::file(name))
}
