//! The runtime-spec document that our own container is made from, for the runtimes that take one.

use super::StartError;
use super::contestant::Contestant;
use crate::stage::Stage;
use orv_runner::Container;
use serde_json::{Value, json};

/// What Debian's crun knows; nothing newer is in the document.
const OLDER_VERSION: &str = "1.0.2";

/// Writes the bundle of one runtime, and gives back the document that it is made from.
pub(super) fn write(stage: &Stage, runtime: Contestant, container: &Container) -> Result<Value, StartError> {
    let name = runtime.name();
    let bundle = stage.make(&format!("bundles/{name}"))?;
    // A writable layer of its own, which our runner makes anew for each run, stands ready.
    stage.make(&format!("bundles/{name}/upper"))?;
    stage.make(&format!("bundles/{name}/work"))?;
    let document = stage.runner().document(container, &bundle)?;
    let original: Value = serde_json::from_str(&document)?;
    let mut document = original.clone();
    if let Some(version) = document.pointer_mut("/ociVersion") {
        *version = json!(OLDER_VERSION);
    }
    let linux = document.pointer_mut("/linux").and_then(Value::as_object_mut);
    let linux = linux.ok_or(StartError::Unexpected("/linux"))?;
    linux.insert("cgroupsPath".to_owned(), json!(format!("/orv-bench-{name}")));
    linux.insert("resources".to_owned(), resources(container));
    let mounts = document.pointer_mut("/mounts").and_then(Value::as_array_mut);
    for mount in mounts.ok_or(StartError::Unexpected("/mounts"))? {
        if mount.get("destination").and_then(Value::as_str) == Some("/dev") {
            // They make their device nodes after mounting it.
            mount["options"] = json!(["nosuid", "noexec", "mode=755", "size=65536"]);
        }
    }
    if runtime == Contestant::Youki {
        swap_masked_arguments(&mut document);
    }
    stage.write(&format!("bundles/{name}/config.json"), document.to_string().as_bytes())?;
    Ok(original)
}

/// The limits that our runner sets itself, as the specification has them.
fn resources(container: &Container) -> Value {
    let limits = &container.limits;
    json!({
        "memory": { "limit": limits.memory_bytes },
        "pids": { "limit": limits.pids },
        "devices": [{ "allow": false, "access": "rwm" }],
    })
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
