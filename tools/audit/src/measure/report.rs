//! The registers of an image, for people and for programs.

use crate::output::Report;
use crate::page::{Mark, Page, Section};
use orv_evidence::Platform;
use orv_measure::tdx::Event;
use orv_measure::{Input, InputValue, Register};
use orv_receipt::printable;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// What hardware will report of an image.
#[derive(Debug, Serialize)]
pub(super) struct Measurement {
    schema: &'static str,
    #[serde(serialize_with = "platform")]
    platform: Platform,
    /// By their vendor's name: `pcr0`, `measurement`, `mrtd`, `rtmr1`.
    #[serde(flatten)]
    registers: BTreeMap<&'static str, Register>,
    /// `0x` and 64 digits; absent where the registers it is made of are.
    #[serde(skip_serializing_if = "Option::is_none")]
    measurement_id: Option<String>,
    inputs: Vec<Input>,
    /// By register: what it was extended by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    events: BTreeMap<&'static str, Vec<Event>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_computed: Vec<NotComputed>,
}

/// A register that the inputs do not allow.
#[derive(Debug, Serialize)]
pub(super) struct NotComputed {
    register: &'static str,
    reason: &'static str,
}

impl Measurement {
    pub(super) fn new(platform: Platform, inputs: Vec<Input>) -> Self {
        Self {
            schema: Self::SCHEMA,
            platform,
            registers: BTreeMap::new(),
            measurement_id: None,
            inputs,
            events: BTreeMap::new(),
            not_computed: Vec::new(),
        }
    }

    pub(super) fn register(&mut self, name: &'static str, register: Register) {
        self.registers.insert(name, register);
    }

    pub(super) fn find(&self, name: &str) -> Option<Register> {
        self.registers.get(name).copied()
    }

    /// A register by its events, which are told too.
    pub(super) fn replayed(&mut self, name: &'static str, events: Vec<Event>) {
        self.registers.insert(name, orv_measure::tdx::replay(&events));
        if !events.is_empty() {
            self.events.insert(name, events);
        }
    }

    pub(super) fn identify(&mut self, id: [u8; 32]) {
        self.measurement_id = Some(format!("0x{}", hex::encode(id)));
    }

    pub(super) fn add_inputs(&mut self, inputs: impl IntoIterator<Item = Input>) {
        self.inputs.extend(inputs);
    }

    pub(super) fn not_computed(&mut self, register: &'static str, reason: &'static str) {
        self.not_computed.push(NotComputed { register, reason });
    }
}

impl Measurement {
    /// For a terminal; what others wrote is escaped.
    fn lines(&self) -> String {
        let mut text = format!("platform        {}\n", self.platform.as_str());
        for (name, register) in &self.registers {
            let _ = writeln!(text, "{name:<15} {register}");
        }
        if let Some(id) = &self.measurement_id {
            let _ = writeln!(text, "measurement id  {id}");
        }
        for (register, events) in &self.events {
            let _ = writeln!(text, "\n{register} is extended by");
            for event in events {
                let _ = writeln!(text, "  {} {}", event.digest, printable(&event.name));
            }
        }
        text.push_str("\nComputed from\n");
        for input in &self.inputs {
            let value = match &input.value {
                InputValue::Bytes { length, sha256 } => format!("{length} bytes, sha256 {sha256}"),
                InputValue::Setting { value } => value.clone(),
                InputValue::Assumed { value } => format!("assumed: {value}"),
            };
            let _ = writeln!(text, "  {:<24} {}", input.name, printable(&value));
        }
        for missing in &self.not_computed {
            let _ = writeln!(text, "\nNot computed: {}, {}.", missing.register, missing.reason);
        }
        text
    }
}

impl Report for Measurement {
    const SCHEMA: &'static str = "orv.audit.measure/1";

    fn page(&self) -> Page {
        Page {
            title: "What hardware will report of this image".to_owned(),
            verdict: (Mark::Good, "MEASURED".to_owned()),
            sections: vec![Section::Lines(self.lines())],
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

fn platform<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(platform.as_str())
}

/// Files that no machine would start.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    schema: &'static str,
    code: &'static str,
    error: String,
}

impl Failure {
    pub(super) fn of(image: &Path, cause: String) -> Self {
        Self {
            schema: Measurement::SCHEMA,
            code: "ORV-A-010",
            error: format!("{} cannot be measured: {cause}", image.display()),
        }
    }
}

impl Report for Failure {
    const SCHEMA: &'static str = Measurement::SCHEMA;

    fn page(&self) -> Page {
        Page {
            title: "What hardware will report of this image".to_owned(),
            verdict: (Mark::Bad, format!("{} {}", self.code, printable(&self.error))),
            sections: Vec::new(),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(3)
    }
}
