//! The OCI runtime-spec document that passes from the runner to its helper.
//!
//! The helper implements exactly the documents that [`Plan::to_document`] writes. It reads what varies into a [`Plan`],
//! writes the document of that plan, and refuses the one it was given when the two differ in anything: a hook, a device,
//! a capability, a namespace path, a mount option, a weaker filter, or a field it has never heard of (container.md 8).

mod allowed;
pub(crate) mod parts;
pub(crate) mod profile;
mod search;

use std::path::PathBuf;

use oci_spec::runtime::Spec;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::cgroup::GroupName;
use crate::container::{FIRST_HOST_ID, PAYLOAD_ID};
use crate::protection::Kept;

/// Version of the runtime specification the documents follow.
const OCI_VERSION: &str = "1.2.1";
/// Ids mapped into the container.
pub(crate) const MAPPED_IDS: u32 = 65_536;
/// Host name inside.
pub(crate) const HOST_NAME: &str = "orv";
/// The whole of what may be hidden in `/proc`; what the kernel does not have is passed over.
pub(crate) const MASKED_PATHS: [&str; 22] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/cmdline",
    "/proc/config.gz",
    "/proc/diskstats",
    "/proc/interrupts",
    "/proc/iomem",
    "/proc/ioports",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/modules",
    "/proc/pressure",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/slabinfo",
    "/proc/softirqs",
    "/proc/timer_list",
    "/proc/vmallocinfo",
];
/// What may be read in `/proc` but not written.
pub(crate) const READ_ONLY_PATHS: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// What varies between two containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub rootfs: PathBuf,
    pub argv: Vec<String>,
    pub env: Vec<String>,
    pub cwd: String,
    /// Read-only layers of `/work`, highest first.
    pub work_layers: Vec<PathBuf>,
    pub work_upper: Upper,
    pub read_only: Vec<(PathBuf, String)>,
    pub scratch_bytes: u64,
    pub resource_limits: Vec<ResourceLimit>,
    pub group: Option<GroupName>,
    /// What the container has of what the document says; all of it, but in a weakened build.
    pub kept: Kept,
}

/// Where writes to `/work` go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upper {
    /// To a tmpfs of this many bytes in the container's own mount namespace. Written as the overlay option `size=`, the
    /// one thing in our documents that no other runtime knows.
    Fresh(u64),
    /// To the directories `upper` and `work` in this one, which outlives the run.
    Kept(PathBuf),
}

/// One limit of the process, soft and hard alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceLimit {
    /// As the specification writes it: `RLIMIT_NOFILE`.
    pub name: String,
    pub value: u64,
}

/// Why a document is refused.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// Not JSON, or not the shape of the specification.
    #[error("the document is no runtime specification: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A field that every document of ours has is missing or has another form.
    #[error("the document lacks {0}")]
    Missing(&'static str),
    /// A field asks for something that is not implemented, or leaves out something that is always done.
    #[error("the document asks for something that is not implemented, at {0:?}")]
    NotImplemented(String),
}

impl Plan {
    /// The document of this plan.
    pub(crate) fn to_document(&self) -> Value {
        let map = json!([{ "containerID": 0, "hostID": FIRST_HOST_ID, "size": MAPPED_IDS }]);
        let namespaces: Vec<Value> = ["pid", "network", "ipc", "uts", "mount", "user", "cgroup"]
            .map(|kind| json!({ "type": kind }))
            .into();
        let limits: Vec<Value> = self
            .resource_limits
            .iter()
            .map(|limit| json!({ "type": limit.name, "soft": limit.value, "hard": limit.value }))
            .collect();
        let mut linux = json!({
            "uidMappings": map,
            "gidMappings": map,
            "namespaces": namespaces,
            "maskedPaths": MASKED_PATHS,
            "readonlyPaths": READ_ONLY_PATHS,
            "seccomp": profile::to_document(),
        });
        if let (Some(group), Some(linux)) = (&self.group, linux.as_object_mut()) {
            linux.insert("cgroupsPath".to_owned(), json!(group.path()));
        }
        let mut document = json!({
            "ociVersion": OCI_VERSION,
            "hostname": HOST_NAME,
            "root": { "path": self.rootfs, "readonly": true },
            "process": {
                "terminal": false,
                "user": { "uid": PAYLOAD_ID, "gid": PAYLOAD_ID, "umask": 0o022 },
                "args": self.argv,
                "env": self.env,
                "cwd": self.cwd,
                "capabilities": { "bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": [] },
                "rlimits": limits,
                "noNewPrivileges": true,
            },
            "mounts": parts::mounts(self),
            "linux": linux,
        });
        // The rest stays as it is: it says what a whole run has, and this what is not done of it.
        if let (Some(without), Some(document)) = (self.kept.without(), document.as_object_mut()) {
            document.insert("annotations".to_owned(), json!({ parts::WITHOUT: without.name() }));
        }
        document
    }

    /// The plan of a document.
    pub(crate) fn from_document(text: &[u8]) -> Result<Self, DocumentError> {
        let document: Value = serde_json::from_slice(text)?;
        let spec = Spec::deserialize(&document)?;
        let plan = parts::read(&spec)?;
        match first_difference(&document, &plan.to_document()) {
            None => Ok(plan),
            Some(path) => Err(DocumentError::NotImplemented(path)),
        }
    }
}

/// JSON pointer of the first place where two documents differ.
fn first_difference(given: &Value, implemented: &Value) -> Option<String> {
    match (given, implemented) {
        (Value::Object(left), Value::Object(right)) => {
            left.keys()
                .chain(right.keys())
                .find_map(|key| match (left.get(key), right.get(key)) {
                    (Some(left), Some(right)) => first_difference(left, right).map(|rest| format!("/{key}{rest}")),
                    _ => Some(format!("/{key}")),
                })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(index, (left, right))| first_difference(left, right).map(|rest| format!("/{index}{rest}"))),
        _ if given == implemented => None,
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn plan() -> Plan {
        Plan {
            rootfs: "/srv/rootfs".into(),
            argv: vec!["/bin/true".into()],
            env: vec!["PATH=/bin".into()],
            cwd: "/work/sub".into(),
            work_layers: vec!["/srv/set-up/upper".into(), "/srv/tree".into()],
            work_upper: Upper::Fresh(1 << 20),
            read_only: vec![("/srv/judge".into(), "/judge".into())],
            scratch_bytes: 1 << 20,
            resource_limits: vec![ResourceLimit {
                name: "RLIMIT_NOFILE".into(),
                value: 64,
            }],
            group: Some(GroupName::new(7, 1, 2)),
            kept: Kept::default(),
        }
    }

    fn refused_at(edit: impl FnOnce(&mut Value)) -> String {
        let mut document = plan().to_document();
        edit(&mut document);
        match Plan::from_document(document.to_string().as_bytes()) {
            Err(DocumentError::NotImplemented(path)) => path,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn a_document_is_read_back_as_its_plan() {
        let kept = Plan {
            work_upper: Upper::Kept("/srv/layer".into()),
            group: None,
            ..plan()
        };
        for plan in [plan(), kept] {
            let text = plan.to_document().to_string();
            assert_eq!(Plan::from_document(text.as_bytes()).expect("own document"), plan);
        }
    }

    #[test]
    fn a_hook_is_refused() {
        assert_eq!(
            refused_at(|d| d["hooks"] = json!({ "poststop": [{ "path": "/bin/sh" }] })),
            "/hooks"
        );
    }

    #[test]
    fn a_field_unknown_to_the_specification_is_refused() {
        assert_eq!(refused_at(|d| d["linux"]["newThing"] = json!(1)), "/linux/newThing");
    }

    #[test]
    fn a_namespace_to_join_is_refused() {
        let path = refused_at(|d| d["linux"]["namespaces"][1]["path"] = json!("/proc/1/ns/net"));
        assert_eq!(path, "/linux/namespaces/1/path");
    }

    #[test]
    fn a_missing_filter_is_refused() {
        let path = refused_at(|d| drop(d["linux"].as_object_mut().map(|linux| linux.remove("seccomp"))));
        assert_eq!(path, "/linux/seccomp");
    }

    #[test]
    fn a_capability_a_writable_root_and_another_user_are_refused() {
        let capability = refused_at(|d| d["process"]["capabilities"]["bounding"] = json!(["CAP_SYS_ADMIN"]));
        assert_eq!(capability, "/process/capabilities/bounding");
        assert_eq!(refused_at(|d| d["root"]["readonly"] = json!(false)), "/root/readonly");
        assert_eq!(
            refused_at(|d| d["process"]["user"]["uid"] = json!(0)),
            "/process/user/uid"
        );
    }

    #[test]
    fn a_device_and_resources_are_refused() {
        let device = json!([{ "path": "/dev/kvm", "type": "c", "major": 10, "minor": 232 }]);
        assert_eq!(refused_at(|d| d["linux"]["devices"] = device), "/linux/devices");
        assert_eq!(refused_at(|d| d["linux"]["resources"] = json!({})), "/linux/resources");
    }

    #[test]
    fn a_protection_left_out_is_refused_unless_the_build_is_a_weakened_one() {
        let mut document = plan().to_document();
        document["annotations"] = json!({ parts::WITHOUT: "call-list" });
        let read = Plan::from_document(document.to_string().as_bytes());
        if cfg!(feature = "weakened") {
            assert!(!read.expect("a plan").kept.has(crate::Protection::CallList));
            document["annotations"] = json!({ parts::WITHOUT: "nothing-known" });
            assert!(Plan::from_document(document.to_string().as_bytes()).is_err());
        } else {
            assert!(matches!(read, Err(DocumentError::NotImplemented(path)) if path == "/annotations"));
        }
    }

    #[test]
    fn the_document_is_one_that_the_specification_s_types_accept_and_give_back() {
        let document = plan().to_document();
        let spec: Spec = serde_json::from_value(document.clone()).expect("a specification");
        assert_eq!(
            first_difference(&serde_json::to_value(spec).expect("JSON"), &document),
            None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Plan::from_document(&bytes);
        }

        #[test]
        fn no_edit_of_one_byte_changes_a_plan_unnoticed(at in 0usize..4096, with in any::<u8>()) {
            let mut text = plan().to_document().to_string().into_bytes();
            let at = at % text.len();
            text[at] = with;
            if let Ok(read) = Plan::from_document(&text) {
                let given: Value = serde_json::from_slice(&text).expect("it was read");
                prop_assert_eq!(read.to_document(), given);
            }
        }
    }
}
