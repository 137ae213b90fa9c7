//! Who launched what, where: all of it skipped where a policy names nobody.

use std::fmt::Display;

use super::super::{EndorsementKind, Product, SnpClaims, SnpPolicy};
use crate::{Check, CheckName};

pub(super) fn checks(claims: &SnpClaims, policy: &SnpPolicy) -> [Check; 10] {
    let report = &claims.report;
    [
        product(claims, policy),
        vmpl(report.vmpl, policy),
        svn(report.guest_svn, policy),
        listed(CheckName::HostData, &report.host_data, policy.host_data.as_deref()),
        listed(
            CheckName::IdKey,
            &report.id_key_digest,
            policy.id_key_digests.as_deref(),
        ),
        listed(
            CheckName::AuthorKey,
            &report.author_key_digest,
            policy.author_key_digests.as_deref(),
        ),
        listed(CheckName::FamilyId, &report.family_id, policy.family_ids.as_deref()),
        listed(CheckName::ImageId, &report.image_id, policy.image_ids.as_deref()),
        provider(claims, policy),
        listed(CheckName::Chip, &report.chip_id, policy.chips.as_deref()),
    ]
}

/// A value that must be one of a list.
fn listed<T: Display + PartialEq>(name: CheckName, found: &T, allowed: Option<&[T]>) -> Check {
    match allowed {
        None => Check::skipped(name, format!("{found}; the policy names none")),
        Some(allowed) if allowed.contains(found) => Check::pass(name, found.to_string()),
        Some(_) => Check::fail(name, format!("{found} is not on the policy's list")),
    }
}

fn product(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    let product = claims.certificate.product;
    let mut check = listed(CheckName::Product, &product, policy.products.as_deref());
    if product == Product::Milan {
        check.detail.push_str(
            "; Milan is a weaker tier: software can read the root seed of its secure processor and forge reports of \
             any firmware for that chip (BadFuse)",
        );
    }
    check
}

/// Exact, never a bound: at another level other code asked.
fn vmpl(found: u32, policy: &SnpPolicy) -> Check {
    match policy.vmpl {
        None => Check::skipped(
            CheckName::PrivilegeLevel,
            format!("VMPL {found}; the policy names none"),
        ),
        Some(exact) if found == exact => Check::pass(CheckName::PrivilegeLevel, format!("VMPL {found}")),
        Some(exact) => Check::fail(CheckName::PrivilegeLevel, format!("VMPL {found}, not {exact}")),
    }
}

fn svn(found: u32, policy: &SnpPolicy) -> Check {
    match policy.minimum_guest_svn {
        None => Check::skipped(CheckName::GuestSvn, format!("{found}; the policy names no least one")),
        Some(least) if found >= least => Check::pass(CheckName::GuestSvn, format!("{found} of at least {least}")),
        Some(least) => Check::fail(CheckName::GuestSvn, format!("{found}, at least {least} is asked for")),
    }
}

/// Only a loaded key has a provider; a chip's own key is asked by its chip.
fn provider(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    match (&claims.certificate.provider, claims.certificate.kind) {
        (Some(provider), EndorsementKind::Vlek) => listed(CheckName::Provider, provider, policy.providers.as_deref()),
        _ => Check::skipped(CheckName::Provider, "the chip's own key signed, no provider's"),
    }
}
