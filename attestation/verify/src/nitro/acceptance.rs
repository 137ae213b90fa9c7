//! What a policy asks of an authentic Nitro document.

use k256::PublicKey;
use orv_evidence::{Binding, UnixTime, subject_public_key_info};
use ring::digest::{Context, SHA384};

use super::authenticate::Authentic;
use crate::{Check, CheckName, Claims, DebugMode, ExpectedBinding, NitroRegisters, Policy, Verified, measurement_id};

impl Authentic {
    /// Judges authentic claims by policy and binding. Every check is made, so that a refusal names all its causes.
    pub(crate) fn judge(self, now: UnixTime, policy: &Policy, expected: &ExpectedBinding) -> Verified {
        let Self {
            claims,
            registers,
            mut checks,
        } = self;
        checks.push(debug(&claims));
        checks.push(parent_instance(&claims.module, &registers));
        checks.push(measurement(&claims, policy));
        checks.push(tier(&claims, policy));
        checks.push(age(&claims, policy, now));
        checks.extend(bound(&claims, &expected.0));
        Verified::new(claims, checks)
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

fn measurement(claims: &Claims, policy: &Policy) -> Check {
    let id = measurement_id(claims);
    let shown = format!("0x{}", hex::encode(id));
    match &policy.measurements {
        None => Check::skipped(
            CheckName::Measurement,
            format!("{shown}; the policy lists no measurements"),
        ),
        Some(allowed) => match allowed.iter().find(|allowed| allowed.id == id) {
            Some(allowed) => Check::pass(CheckName::Measurement, format!("{shown} is {}", allowed.name)),
            None => Check::fail(CheckName::Measurement, format!("{shown} is not on the policy's list")),
        },
    }
}

fn tier(claims: &Claims, policy: &Policy) -> Check {
    let shown = format!("{:?}", claims.tier);
    match &policy.tiers {
        None => Check::skipped(CheckName::Tier, format!("{shown}; the policy lists no tiers")),
        Some(tiers) if tiers.contains(&claims.tier) => Check::pass(CheckName::Tier, shown),
        Some(_) => Check::fail(CheckName::Tier, format!("{shown} is not on the policy's list")),
    }
}

fn age(claims: &Claims, policy: &Policy, now: UnixTime) -> Check {
    let age = now.seconds().saturating_sub(claims.issued_at.seconds());
    match policy.maximum_age {
        None => Check::skipped(CheckName::Age, format!("{age} s; the policy has no maximum")),
        Some(maximum) if age <= maximum => Check::pass(CheckName::Age, format!("{age} s of at most {maximum} s")),
        Some(maximum) => Check::fail(CheckName::Age, format!("{age} s, at most {maximum} s are allowed")),
    }
}

/// The three fields of DESIGN 5.4, each compared as a whole with what is recomputed; nothing is searched for.
fn bound(claims: &Claims, expected: &Binding) -> [Check; 3] {
    let reported = &claims.reported;
    let info = subject_public_key_info(&expected.public_key);
    let key = if PublicKey::from_sec1_bytes(&expected.public_key).is_err() {
        Check::fail(CheckName::PublicKey, "the expected key is not a point on secp256k1")
    } else {
        equal(
            CheckName::PublicKey,
            "public_key",
            reported.public_key.as_deref(),
            &info,
        )
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
