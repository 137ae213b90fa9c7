//! What a policy asks of an authentic Nitro document.

use orv_evidence::{UnixTime, subject_public_key_info};
use ring::digest::{Context, SHA384};

use super::authenticate::Authentic;
use crate::binding::public_key;
use crate::{
    Check, CheckName, CheckResult, Claims, DebugMode, ExpectedBinding, NitroRegisters, Policy, Reported, Verified,
};

impl Authentic {
    /// Judges authentic claims by policy and binding. Every check is made, so that a refusal names all its causes.
    pub(crate) fn judge(self, now: UnixTime, policy: &Policy, expected: &ExpectedBinding) -> Verified {
        let Self {
            claims,
            nitro,
            mut checks,
        } = self;
        checks.push(debug(&claims));
        checks.push(parent_instance(&nitro.module, &nitro.registers));
        checks.extend(policy.judge(&claims, now));
        checks.extend(bound(&nitro.reported, expected));
        let until = policy.until(&claims, now);
        Verified::new(claims, checks, until)
    }
}

fn debug(claims: &Claims) -> Check {
    match claims.debug {
        DebugMode::Production => Check::pass(CheckName::DebugMode, "PCR0, PCR1 and PCR2 are measured"),
        DebugMode::Debug => Check::fail(
            CheckName::DebugMode,
            "PCR0, PCR1 or PCR2 is zero: the host reads the console",
        ),
    }
}

/// `PCR4 == SHA384(0^48 || instance id)`, the id standing in the module's name before `-enc`.
fn parent_instance(module: &str, registers: &NitroRegisters) -> Check {
    const NAME: CheckName = CheckName::ParentInstance;
    let Some(register) = registers.others.get(&4).filter(|register| !register.is_zero()) else {
        return Check::skipped(NAME, "PCR4 claims no parent instance");
    };
    let Some((instance, _)) = module.split_once("-enc") else {
        return Check::fail(NAME, format!("module {module:?} names no instance, yet PCR4 is set"));
    };
    let mut hasher = Context::new(&SHA384);
    hasher.update(&[0; 48]);
    hasher.update(instance.as_bytes());
    if hasher.finish().as_ref() == register.0 {
        Check::pass(NAME, format!("PCR4 is instance {instance}"))
    } else {
        Check::fail(NAME, format!("PCR4 is not instance {instance}"))
    }
}

/// The three fields of DESIGN 5.4, each compared as a whole with what is recomputed; nothing is searched for.
fn bound(reported: &Reported, expected: &ExpectedBinding) -> [Check; 3] {
    let ExpectedBinding::To(expected) = expected else {
        let detail = "no key, challenge and context were given to compare with";
        return [CheckName::Challenge, CheckName::PublicKey, CheckName::BindingDigest]
            .map(|name| Check::skipped(name, detail));
    };
    let info = subject_public_key_info(&expected.public_key);
    let found = reported.public_key.as_deref();
    let key = match public_key(expected) {
        point if point.result == CheckResult::Fail => point,
        _ => equal(CheckName::PublicKey, "public_key", found, &info),
    };
    [
        equal(
            CheckName::Challenge,
            "nonce",
            reported.nonce.as_deref(),
            &expected.challenge,
        ),
        key,
        equal(
            CheckName::BindingDigest,
            "user_data",
            reported.user_data.as_deref(),
            &expected.digest(),
        ),
    ]
}

fn equal(name: CheckName, field: &str, found: Option<&[u8]>, expected: &[u8]) -> Check {
    match found {
        Some(found) if found == expected => Check::pass(name, format!("{field} is the expected {} bytes", found.len())),
        Some(found) => Check::fail(
            name,
            format!("{field} of {} bytes is not the expected one", found.len()),
        ),
        None => Check::fail(name, format!("{field} is absent")),
    }
}
