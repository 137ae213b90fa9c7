//! How the tree is prepared, and inside what.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use super::fields::{PinnedImage, PositiveInteger};
use super::texts::{CpuCount, Host, MemorySize};

/// How the tree is prepared, and inside what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// Hints like `linux-x86_64`.
    pub os_hints: Option<Vec<String>>,
    /// Hints like `uv`.
    pub package_managers: Option<Vec<String>>,
    /// Run in this order before the measured command, untimed.
    pub setup_commands: Vec<SetupCommand>,
    /// Prose about data.
    pub asset_prep: Option<Vec<String>>,
    /// Image and caps.
    pub sandbox: Option<Sandbox>,
    /// What a candidate may not need.
    pub constraints: Constraints,
}

/// One step of the preparation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupCommand {
    /// One line for `bash -c`.
    Shell(String),
    /// A tool of the closed set with its arguments.
    Tool {
        /// Which tool.
        kind: SetupTool,
        /// What follows its name.
        args: Vec<String>,
    },
}

impl SetupCommand {
    /// The argument vector that upstream's harness runs (openresearch.md 4.1, step 5).
    pub fn argv(&self) -> Vec<String> {
        let (head, tail): (&[&str], &[String]) = match self {
            SetupCommand::Shell(line) => (&["bash", "-c"], std::slice::from_ref(line)),
            SetupCommand::Tool { kind, args } => (kind.head(), args),
        };
        head.iter()
            .map(|word| (*word).to_owned())
            .chain(tail.iter().cloned())
            .collect()
    }
}

/// Tools that prepare a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of tools")]
pub enum SetupTool {
    Pip,
    Uv,
    Npm,
    Pnpm,
    Yarn,
    Cargo,
    Make,
    Bash,
    Sh,
}

impl SetupTool {
    fn head(self) -> &'static [&'static str] {
        match self {
            SetupTool::Pip => &["python3", "-m", "pip"],
            SetupTool::Uv => &["uv"],
            SetupTool::Npm => &["npm"],
            SetupTool::Pnpm => &["pnpm"],
            SetupTool::Yarn => &["yarn"],
            SetupTool::Cargo => &["cargo"],
            SetupTool::Make => &["make"],
            SetupTool::Bash => &["bash", "-c"],
            SetupTool::Sh => &["sh", "-c"],
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StructuredSetup {
    kind: SetupTool,
    args: Vec<String>,
}

/// By hand, because an untagged enumeration would lose the path and the reason of a refusal.
impl<'de> Deserialize<'de> for SetupCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = SetupCommand;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a shell line or an object of kind and args")
            }

            fn visit_str<E: Error>(self, line: &str) -> Result<SetupCommand, E> {
                Ok(SetupCommand::Shell(line.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SetupCommand, A::Error> {
                let StructuredSetup { kind, args } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SetupCommand::Tool { kind, args })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Image and caps; the measured image of the enclave caps them further and never widens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sandbox {
    /// Pinned by digest; may be left out where `openresearch.json` names the manifest.
    pub image: Option<PinnedImage>,
    /// Processors, as written; `2` where left out.
    pub cpus: Option<CpuCount>,
    /// Memory, as written; `4g` where left out.
    pub memory: Option<MemorySize>,
    /// Processes; 256 where left out.
    pub pids: Option<PositiveInteger>,
}

/// What a candidate may not need.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constraints {
    /// Informs miners: nothing can be added without a network anyway.
    pub no_new_dependencies: Option<bool>,
    /// Treated as `sandbox` where left out.
    pub network_policy: Option<NetworkPolicy>,
    /// Hosts; trials reach none of them.
    pub network_allowlist: Option<Vec<Host>>,
}

/// What network a project asks for. All but `full` mean none (openresearch.md 4.1, step 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkPolicy {
    /// None.
    Sandbox,
    /// All of it: no verdict.
    Full,
    /// None.
    Offline,
    /// None.
    Unknown,
}
