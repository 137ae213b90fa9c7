//! Flashbots' list of measurements, as `cvm-reverse-proxy` and `attested-tls` read it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::measurement::RegisterValues;
use super::{AllowedMeasurement, Counter, MeasuredIdentity, Policy, PolicyError};

/// One entry. What is not known here is refused: an entry that asks for more than is checked would seem to be checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    measurement_id: String,
    attestation_type: String,
    measurements: BTreeMap<String, Expected>,
}

/// The older form names one value, sometimes a list; the newer one a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    expected: Option<RegisterValues>,
    expected_any: Option<RegisterValues>,
}

/// A policy that lists these measurements.
pub(super) fn measurements(entries: &[Value]) -> Result<Policy, PolicyError> {
    let allowed = entries
        .iter()
        .enumerate()
        .map(|(place, entry)| allowed(place, entry))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Policy {
        measurements: Some(allowed),
        ..Policy::built_in()
    })
}

fn allowed(place: usize, entry: &Value) -> Result<AllowedMeasurement, PolicyError> {
    let refuse = |entry: &str, cause: String| PolicyError::Foreign {
        entry: entry.to_owned(),
        cause,
    };
    let entry = Entry::deserialize(entry).map_err(|error| refuse(&place.to_string(), error.to_string()))?;
    let name = entry.measurement_id;
    if !matches!(entry.attestation_type.as_str(), "dcap-tdx" | "qemu-tdx" | "gcp-tdx") {
        let cause = format!(
            "attestation type {:?} is not one of TDX by DCAP",
            entry.attestation_type
        );
        return Err(refuse(&name, cause));
    }
    if entry.measurements.is_empty() {
        return Err(refuse(&name, "no register is named".to_owned()));
    }
    let mut registers = BTreeMap::new();
    for (register, expected) in entry.measurements {
        let known =
            register_name(&register).ok_or_else(|| refuse(&name, format!("{register:?} is not a register of TDX")))?;
        let values = match (expected.expected, expected.expected_any) {
            (Some(values), None) | (None, Some(values)) => values,
            _ => {
                return Err(refuse(
                    &name,
                    format!("{register:?} needs expected or expected_any, and not both"),
                ));
            }
        };
        if registers.insert(known.to_owned(), values).is_some() {
            return Err(refuse(&name, format!("{known} is named twice")));
        }
    }
    Ok(AllowedMeasurement {
        name,
        identity: MeasuredIdentity::Registers(registers),
        valid_from: None,
        valid_until: None,
        counter: Counter::Platform,
    })
}

/// The older form counts the registers, the newer one names them.
fn register_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "0" | "mrtd" => "mrtd",
        "1" | "rtmr0" => "rtmr0",
        "2" | "rtmr1" => "rtmr1",
        "3" | "rtmr2" => "rtmr2",
        "4" | "rtmr3" => "rtmr3",
        _ => return None,
    })
}
