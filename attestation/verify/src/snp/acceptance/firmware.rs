//! What firmware the platform runs, ran and can go back to.

use super::super::{SnpClaims, SnpPolicy};
use super::unless;
use crate::{Check, CheckName};

pub(super) fn checks(claims: &SnpClaims, policy: &SnpPolicy) -> [Check; 3] {
    [order(claims), floor(claims, policy), version(claims, policy)]
}

/// The firmware that is reported was committed: a platform can never report what it could not have gone back to.
fn order(claims: &SnpClaims) -> Check {
    let report = &claims.report;
    let (committed, reported) = (claims.tcb(report.committed_tcb), claims.tcb(report.reported_tcb));
    let shown = format!("committed {committed}, reported {reported}");
    if committed.is_at_least(&reported) {
        return Check::pass(CheckName::TcbOrder, shown);
    }
    Check::fail(
        CheckName::TcbOrder,
        format!("{shown}: no platform reports more than it committed"),
    )
}

/// Reported and committed, because a host can go back that far; current, because that is what runs; launch, because
/// that measured the guest.
fn floor(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    const NAME: CheckName = CheckName::TcbFloor;
    let report = &claims.report;
    let product = claims.certificate.product;
    let Some(floors) = &policy.minimum_tcb else {
        let reported = claims.tcb(report.reported_tcb);
        return Check::skipped(NAME, format!("{reported}; the policy has no floors"));
    };
    let Some(floor) = floors.get(&product) else {
        return Check::fail(NAME, format!("the policy has floors, and none for {product}"));
    };
    let below: Vec<String> = [
        ("reported", report.reported_tcb),
        ("current", report.current_tcb),
        ("committed", report.committed_tcb),
        ("launch", report.launch_tcb),
    ]
    .into_iter()
    .map(|(state, bytes)| (state, claims.tcb(bytes)))
    .filter(|(_, tcb)| !tcb.is_at_least(floor))
    .map(|(state, tcb)| format!("{state} {tcb} is below {floor}"))
    .collect();
    unless(NAME, &below, format!("at least {floor} for {product}"))
}

fn version(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    const NAME: CheckName = CheckName::FirmwareVersion;
    let (current, committed) = (claims.report.current_fw, claims.report.committed_fw);
    let shown = format!("current {current}, committed {committed}");
    match policy.minimum_firmware {
        None => Check::skipped(NAME, format!("{shown}; the policy names no least version")),
        Some(least) if committed >= least && current >= least => Check::pass(NAME, shown),
        Some(least) => Check::fail(NAME, format!("{shown}, at least {least} is asked for")),
    }
}
