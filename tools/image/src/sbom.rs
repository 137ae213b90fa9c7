//! The bill of materials, as CycloneDX 1.5: what is inside the image, with versions, hashes and licences.

use crate::binary::TARGET;
use crate::error::ImageError;
use crate::kernel::Origin;
use crate::platform::Platform;
use crate::process::{output, plain};
use crate::record::Facts;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The document for an image. It has no time and no serial number: it is the same for the same image.
///
/// # Errors
/// [`ImageError::Step`] where cargo cannot list the crates, [`ImageError::Environment`] where the lock is unreadable.
pub fn of(repository: &Path, facts: &Facts<'_>) -> Result<String, ImageError> {
    let checksums = checksums(facts.cargo_lock)?;
    let listed = output(
        plain("cargo")
            .current_dir(repository)
            .args(["tree", "--locked", "--offline", "--package", "orv-enclave"])
            .args([
                "--features",
                facts.platform.name(),
                "--target",
                TARGET,
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--no-dedupe",
                "--format",
                "{p}\t{l}",
            ]),
    )?;
    let crates: BTreeMap<(String, String), Value> =
        listed.lines().filter_map(|line| component(line, &checksums)).collect();
    let mut components: Vec<Value> = system(facts);
    components.extend(crates.into_values());
    if facts.platform == Platform::Vm {
        components.push(json!({
            "type": "application", "name": "orv-stub", "version": env!("CARGO_PKG_VERSION"),
            "description": "in front of the one-file image", "licenses": [{ "expression": "MIT" }],
        }));
    }
    let files = facts.files.iter().map(|file| {
        json!({
            "type": "file", "name": file.name, "hashes": [{ "alg": "SHA-256", "content": file.sha256() }],
        })
    });
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "firmware",
            "name": format!("orv-{}", facts.platform.name()),
            "version": env!("CARGO_PKG_VERSION"),
            "licenses": [{ "expression": "MIT" }],
            "components": files.collect::<Vec<_>>(),
        }},
        "components": components,
    });
    Ok(format!(
        "{}\n",
        serde_json::to_string_pretty(&document).unwrap_or_default()
    ))
}

/// Kernel, C library and Rust's own libraries: in the image, and in no lock file.
fn system(facts: &Facts<'_>) -> Vec<Value> {
    let input = facts.input;
    let version = |name: &str| {
        let tool = facts.tools.iter().find(|tool| tool.name == name);
        tool.map(|tool| tool.version.clone()).unwrap_or_default()
    };
    let built = match facts.kernel.origin {
        Origin::Own { .. } => "our configuration, no modules",
        Origin::Debian => "the distribution's build",
        Origin::Given => "a file",
    };
    vec![
        json!({
            "type": "operating-system", "name": "linux", "version": facts.kernel.release, "description": built,
            "purl": format!("pkg:deb/debian/{}@{}", input.package, input.version),
            "licenses": [{ "expression": "GPL-2.0-only WITH Linux-syscall-note" }],
            "hashes": [{ "alg": "SHA-256", "content": input.sha256 }],
        }),
        json!({
            "type": "library", "name": "glibc", "version": version("libc6-dev"), "description": "linked statically",
            "purl": format!("pkg:deb/debian/libc6-dev@{}", version("libc6-dev")),
            "licenses": [{ "expression": "LGPL-2.1-or-later" }],
        }),
        json!({
            "type": "library", "name": "libgcc", "version": version("libgcc-12-dev"), "description": "linked statically",
            "purl": format!("pkg:deb/debian/libgcc-12-dev@{}", version("libgcc-12-dev")),
            "licenses": [{ "expression": "GPL-3.0-or-later WITH GCC-exception-3.1" }],
        }),
        json!({
            "type": "library", "name": "rust-std", "version": version("rustc"), "description": "linked statically",
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        }),
    ]
}

fn checksums(lock: &[u8]) -> Result<BTreeMap<(String, String), String>, ImageError> {
    let unreadable = |cause: String| ImageError::Environment(format!("Cargo.lock: {cause}"));
    let text = std::str::from_utf8(lock).map_err(|cause| unreadable(cause.to_string()))?;
    let lock: Lock = toml::from_str(text).map_err(|cause| unreadable(cause.to_string()))?;
    let packages = lock.package.into_iter();
    Ok(packages
        .filter_map(|one| Some(((one.name, one.version), one.checksum?)))
        .collect())
}

/// One line of `cargo tree`: `name vVERSION (place)`, a tab, the licence.
fn component(line: &str, checksums: &BTreeMap<(String, String), String>) -> Option<((String, String), Value)> {
    let (package, licence) = line.split_once('\t')?;
    let mut words = package.split_whitespace();
    let key = (
        words.next()?.to_owned(),
        words.next()?.trim_start_matches('v').to_owned(),
    );
    let (name, version) = &key;
    let mut component = json!({
        "type": "library", "name": name, "version": version,
        "licenses": [{ "expression": licence.trim_end_matches(" (*)").replace('/', " OR ") }],
    });
    if let (Some(checksum), Some(fields)) = (checksums.get(&key), component.as_object_mut()) {
        fields.insert("purl".to_owned(), json!(format!("pkg:cargo/{name}@{version}")));
        fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": checksum }]));
    }
    Some((key, component))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_the_registry_has_its_checksum_and_ours_has_none() {
        let checksums = BTreeMap::from([(("hex".to_owned(), "0.4.3".to_owned()), "ab".to_owned())]);
        let (_, hex) = component("hex v0.4.3\tMIT/Apache-2.0 (*)", &checksums).unwrap();
        assert_eq!(hex["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(hex["hashes"][0]["content"], "ab");
        let (_, own) = component("orv-wire v0.1.0 (/somewhere/enclave/wire)\tMIT", &checksums).unwrap();
        assert_eq!(own["name"], "orv-wire");
        assert!(own.get("purl").is_none() && !own.to_string().contains("somewhere"));
    }
}
