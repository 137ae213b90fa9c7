//! The distribution's archive, where this machine's own configuration says that it is.
//!
//! A pinned package may be of another suite than the machine. So a private configuration is made beside the machine's,
//! with the same address and the suite that the pin names; signatures are checked against the distribution's keys.

use crate::error::ImageError;
use crate::process::{output, plain};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Keys of the distribution, as its own package installs them.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A suite of the archive.
#[derive(Debug)]
pub struct Archive {
    suite: String,
    configuration: TempDir,
}

/// A file fresh from the archive. It is gone when this is dropped.
#[derive(Debug)]
pub struct Fetched {
    /// Where it lies.
    pub path: PathBuf,
    _folder: TempDir,
}

/// What the archive says of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Version of it.
    pub version: String,
    /// Packages that it depends on, without their versions.
    pub depends: Vec<String>,
}

impl Archive {
    /// The archive of a suite, with its lists fetched.
    ///
    /// # Errors
    /// [`ImageError::Archive`] where the machine knows no archive that could have it.
    pub fn of_machine(suite: &str) -> Result<Self, ImageError> {
        let unusable = |cause: String| ImageError::Archive {
            suite: suite.to_owned(),
            cause,
        };
        let known = output(plain("apt-get").args(["indextargets", "--format", "$(REPO_URI) $(RELEASE)"]))?;
        let address = address(&known, suite).ok_or_else(|| unusable("no address of it is configured".to_owned()))?;
        let configuration = tempfile::tempdir().map_err(|cause| unusable(cause.to_string()))?;
        let archive = Self {
            suite: suite.to_owned(),
            configuration,
        };
        archive.configure(&address)?;
        output(archive.client("apt-get").args(["-qq", "update"])).map_err(|error| unusable(error.to_string()))?;
        Ok(archive)
    }

    fn configure(&self, address: &str) -> Result<(), ImageError> {
        let root = self.configuration.path();
        for folder in ["etc", "state/lists/partial", "cache/archives/partial"] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
        }
        let keys = if Path::new(KEYS).exists() {
            format!("[signed-by={KEYS}] ")
        } else {
            String::new()
        };
        let sources = root.join("etc/sources.list");
        fs::write(&sources, format!("deb {keys}{address} {} main\n", self.suite))
            .map_err(ImageError::file(&sources))?;
        let (file, root) = (root.join("apt.conf"), root.display());
        let settings = format!(
            "Dir::Etc \"{root}/etc\"; Dir::Etc::sourcelist \"sources.list\"; Dir::Etc::sourceparts \"/dev/null\";\n\
             Dir::State \"{root}/state\"; Dir::State::status \"/dev/null\"; Dir::Cache \"{root}/cache\";\n\
             APT::Architecture \"amd64\"; APT::Architectures {{ \"amd64\"; }}; APT::Sandbox::User \"root\";\n"
        );
        fs::write(&file, settings).map_err(ImageError::file(&file))
    }

    fn client(&self, program: &str) -> Command {
        let mut command = plain(program);
        command.env("APT_CONFIG", self.configuration.path().join("apt.conf"));
        command
    }

    /// The newest version of a package.
    ///
    /// # Errors
    /// [`ImageError::Archive`] where the suite has none.
    pub fn newest(&self, package: &str) -> Result<Description, ImageError> {
        let shown = output(self.client("apt-cache").args(["show", "--no-all-versions", package])).map_err(|error| {
            ImageError::Archive {
                suite: self.suite.clone(),
                cause: error.to_string(),
            }
        })?;
        describe(&shown).ok_or_else(|| ImageError::Archive {
            suite: self.suite.clone(),
            cause: format!("it says nothing of {package}"),
        })
    }

    /// The file of a package.
    ///
    /// # Errors
    /// [`ImageError::Gone`] where the archive does not serve this version.
    pub fn download(&self, package: &str, version: &str) -> Result<Fetched, ImageError> {
        let folder = tempfile::tempdir().map_err(ImageError::file("a temporary folder"))?;
        let wanted = format!("{package}={version}");
        let mut client = self.client("apt-get");
        output(client.args(["-qq", "download", &wanted]).current_dir(folder.path())).map_err(|error| {
            ImageError::Gone {
                package: package.to_owned(),
                version: version.to_owned(),
                suite: self.suite.clone(),
                answer: error.to_string(),
            }
        })?;
        let mut entries = fs::read_dir(folder.path()).map_err(ImageError::file(folder.path()))?;
        match entries.next() {
            Some(Ok(entry)) => Ok(Fetched {
                path: entry.path(),
                _folder: folder,
            }),
            _ => Err(ImageError::Archive {
                suite: self.suite.clone(),
                cause: format!("nothing came for {wanted}"),
            }),
        }
    }
}

/// The address that has a suite: one that has it now, else one that has its kind (security updates or not) for another
/// release. `known` is a line "address suite" for every index.
fn address(known: &str, suite: &str) -> Option<String> {
    let lines = || known.lines().filter_map(|line| line.rsplit_once(' '));
    let security = |suite: &str| suite.ends_with("-security");
    let exact = lines().find(|(_, release)| *release == suite);
    let debian = |address: &str| address.contains("debian");
    let kind = || lines().find(|(address, release)| debian(address) && security(release) == security(suite));
    exact.or_else(kind).map(|(address, _)| address.trim().to_owned())
}

fn describe(shown: &str) -> Option<Description> {
    let field = |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let depends = field("Depends:").unwrap_or_default().split(',');
    Some(Description {
        version: field("Version:")?.to_owned(),
        depends: depends
            .filter_map(|one| one.split_whitespace().next())
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "http://example.org/debian/ bookworm\nhttp://example.org/debian-security/ bookworm-security\n";

    #[test]
    fn the_address_of_a_suite_is_the_machines_own() {
        assert_eq!(
            address(KNOWN, "bookworm-security").unwrap(),
            "http://example.org/debian-security/"
        );
        assert_eq!(address(KNOWN, "bookworm").unwrap(), "http://example.org/debian/");
    }

    #[test]
    fn a_suite_of_another_release_is_looked_for_beside_the_machines() {
        assert_eq!(address(KNOWN, "trixie").unwrap(), "http://example.org/debian/");
        assert_eq!(
            address(KNOWN, "trixie-security").unwrap(),
            "http://example.org/debian-security/"
        );
        assert_eq!(address("http://example.org/other/ noble\n", "trixie"), None);
    }

    #[test]
    fn a_description_has_version_and_dependencies() {
        let shown = "Package: meta\nVersion: 1.2-3\nDepends: linux-image-1 (= 1.2-3), other\nDescription: x\n";
        let expected = Description {
            version: "1.2-3".into(),
            depends: vec!["linux-image-1".into(), "other".into()],
        };
        assert_eq!(describe(shown), Some(expected));
        assert_eq!(describe(""), None);
    }
}
