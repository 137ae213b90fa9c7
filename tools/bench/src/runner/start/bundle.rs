//! The runtime-spec document that our own container is made from, for the runtimes that take one.

use super::StartError;
use super::contestant::Contestant;
use crate::stage::Stage;
use orv_runner::Container;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;

/// The name under which this program, as the runner's helper, keeps the document instead of running it.
pub(crate) const RECORDER: &str = "record-document";

/// What Debian's crun knows; nothing newer is in the document.
const OLDER_VERSION: &str = "1.0.2";

/// What a runtime would be given for `container`: the document that the runner hands to its helper.
pub(super) fn recorded(stage: &Stage, container: &Container) -> Result<Value, StartError> {
    let recorder = stage.path(RECORDER);
    symlink("/proc/self/exe", &recorder).map_err(StartError::Document)?;
    let this = fs::read_link("/proc/self/exe").map_err(StartError::Document)?;
    fs::remove_file(&recorder).map_err(StartError::Document)?;
    symlink(this, &recorder).map_err(StartError::Document)?;
    let mut runner = stage.runner();
    runner.helper = recorder.clone();
    // It fails by design: nobody runs the container.
    let _ = runner.run(container);
    let text = fs::read(recorder.with_extension("json")).map_err(StartError::Document)?;
    serde_json::from_slice(&text).map_err(|error| StartError::Document(error.into()))
}

/// The recorder's whole life.
pub(crate) fn record(own_path: &Path) -> io::Result<()> {
    let mut line = Vec::new();
    BufReader::new(io::stdin().lock()).read_until(b'\n', &mut line)?;
    fs::write(own_path.with_extension("json"), line)
}

/// Writes the bundle of one runtime.
pub(super) fn write(
    stage: &Stage,
    runtime: Contestant,
    document: &Value,
    container: &Container,
) -> Result<(), StartError> {
    let name = runtime.name();
    stage.make(&format!("bundles/{name}"))?;
    let upper = stage.make(&format!("bundles/{name}/upper"))?;
    let work = stage.make(&format!("bundles/{name}/work"))?;
    let mut document = document.clone();
    if let Some(version) = document.pointer_mut("/ociVersion") {
        *version = json!(OLDER_VERSION);
    }
    let limits = &container.limits;
    let map = document.pointer_mut("/linux").and_then(Value::as_object_mut);
    let linux = map.ok_or(StartError::Unexpected("/linux"))?;
    linux.insert("cgroupsPath".to_owned(), json!(format!("/orv-bench-{name}")));
    let mut resources = json!({
        "memory": { "limit": limits.memory_bytes },
        "pids": { "limit": limits.pids },
        "devices": [{ "allow": false, "access": "rwm" }],
    });
    if let (Some(cpus), Some(resources)) = (&limits.cpus, resources.as_object_mut()) {
        let list: Vec<String> = cpus.iter().map(u32::to_string).collect();
        resources.insert("cpu".to_owned(), json!({ "cpus": list.join(","), "mems": "0" }));
    }
    linux.insert("resources".to_owned(), resources);
    let mounts = document.pointer_mut("/mounts").and_then(Value::as_array_mut);
    for mount in mounts.ok_or(StartError::Unexpected("/mounts"))? {
        translate_mount(mount, container, &upper, &work);
    }
    if runtime == Contestant::Youki {
        swap_masked_arguments(&mut document);
    }
    stage.write(&format!("bundles/{name}/config.json"), document.to_string().as_bytes())?;
    Ok(())
}

/// A fresh upper layer of limited size is our own invention: the others get one that stands ready.
fn translate_mount(mount: &mut Value, container: &Container, upper: &Path, work: &Path) {
    let destination = mount.get("destination").and_then(Value::as_str).unwrap_or_default();
    let options = match destination {
        "/work" => json!([
            "nosuid",
            "nodev",
            format!("lowerdir={}", container.work.lower.display()),
            format!("upperdir={}", upper.display()),
            format!("workdir={}", work.display())
        ]),
        // They make their device nodes after mounting it.
        "/dev" => json!(["nosuid", "noexec", "mode=755", "size=65536"]),
        _ => return,
    };
    if let Some(mount) = mount.as_object_mut() {
        mount.insert("options".to_owned(), options);
    }
}

/// `libcontainer` takes mask and value of `SCMP_CMP_MASKED_EQ` the wrong way round (container reference 0.2).
fn swap_masked_arguments(document: &mut Value) {
    let rules = document
        .pointer_mut("/linux/seccomp/syscalls")
        .and_then(Value::as_array_mut);
    let arguments = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.get_mut("args")?.as_array_mut());
    for argument in arguments.flatten().filter_map(Value::as_object_mut) {
        let (mask, value) = (argument.get("value").cloned(), argument.get("valueTwo").cloned());
        if let (Some(mask), Some(value)) = (mask, value) {
            argument.insert("value".to_owned(), value);
            argument.insert("valueTwo".to_owned(), mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_and_value_change_places() {
        let mut document = json!({"linux": {"seccomp": {"syscalls": [
            {"names": ["read"]},
            {"names": ["clone"], "args": [{"index": 0, "value": 5, "valueTwo": 0}]}
        ]}}});
        swap_masked_arguments(&mut document);
        let argument = document.pointer("/linux/seccomp/syscalls/1/args/0").unwrap();
        assert_eq!(argument, &json!({"index": 0, "value": 0, "valueTwo": 5}));
    }
}
