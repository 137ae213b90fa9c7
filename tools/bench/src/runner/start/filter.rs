//! The document's system-call filter as the program that bubblewrap wants.

use super::StartError;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;
use syscalls::Sysno;

/// The allow-list as one program, in the bytes of `struct sock_filter` (`linux/filter.h`).
pub(super) fn program(document: &Value) -> Result<Vec<u8>, StartError> {
    let rules = document.pointer("/linux/seccomp/syscalls").and_then(Value::as_array);
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules.ok_or(StartError::Unexpected("/linux/seccomp/syscalls"))? {
        if rule.get("action").and_then(Value::as_str) != Some("SCMP_ACT_ALLOW") {
            continue;
        }
        let conditions = rule.get("args").and_then(Value::as_array).into_iter().flatten();
        let conditions = conditions.map(condition).collect::<Result<Vec<_>, _>>()?;
        for name in rule.get("names").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            let number = Sysno::from_str(name).map_err(|()| StartError::SystemCall(name.to_owned()))?;
            let alternatives = allowed.entry(i64::from(number.id())).or_default();
            if !conditions.is_empty() {
                alternatives.push(SeccompRule::new(conditions.clone())?);
            }
        }
    }
    let refuse = SeccompAction::Errno(nix::errno::Errno::EPERM as u32);
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let program: BpfProgram = SeccompFilter::new(allowed, refuse, SeccompAction::Allow, architecture)?.try_into()?;
    Ok(bytes(&program))
}

fn condition(argument: &Value) -> Result<SeccompCondition, StartError> {
    let number = |name: &str| argument.get(name).and_then(Value::as_u64);
    let (Some(index), Some(mask), Some(value)) = (number("index"), number("value"), number("valueTwo")) else {
        return Err(StartError::Unexpected("/linux/seccomp/syscalls/…/args"));
    };
    let index = u8::try_from(index).map_err(|_| StartError::Unexpected("index"))?;
    let operator = SeccompCmpOp::MaskedEq(mask);
    Ok(SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value)?)
}

fn bytes(program: &BpfProgram) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(program.len() * 8);
    for instruction in program {
        bytes.extend(instruction.code.to_ne_bytes());
        bytes.extend([instruction.jt, instruction.jf]);
        bytes.extend(instruction.k.to_ne_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_calls_becomes_whole_instructions() {
        let document = json!({"linux": {"seccomp": {"syscalls": [
            {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 0xffff_ffff_u32, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]},
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO"}
        ]}}});
        let program = program(&document).unwrap();
        assert!(program.len() > 8 * 8 && program.len().is_multiple_of(8));
    }

    #[test]
    fn a_call_that_nobody_knows_is_an_error() {
        let document = json!({"linux": {"seccomp": {"syscalls": [
            {"names": ["no_such_call"], "action": "SCMP_ACT_ALLOW"}
        ]}}});
        assert!(matches!(program(&document), Err(StartError::SystemCall(name)) if name == "no_such_call"));
    }
}
