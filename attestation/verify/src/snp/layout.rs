//! A report laid open, for `explain`.

use super::guest_policy::{PLATFORM_BITS, POLICY_BITS};
use super::{Octets, Product, Report, SnpError, Tcb};
use crate::{Authority, Field};

/// One field: name, length, and whose word it is. Each begins where the one before it ends.
struct Place(&'static str, usize, Authority);

const LAYOUT: [Place; 35] = [
    Place("version", 4, Authority::Hardware),
    Place("guest_svn", 4, Authority::Host),
    Place("policy", 8, Authority::Host),
    Place("family_id", 16, Authority::Host),
    Place("image_id", 16, Authority::Host),
    Place("vmpl", 4, Authority::Hardware),
    Place("sig_algo", 4, Authority::Hardware),
    Place("current_tcb", 8, Authority::Hardware),
    Place("platform_info", 8, Authority::Hardware),
    Place("signer_info", 4, Authority::Hardware),
    Place("reserved", 4, Authority::Hardware),
    Place("report_data", 64, Authority::Guest),
    Place("measurement", 48, Authority::Hardware),
    Place("host_data", 32, Authority::Host),
    Place("id_key_digest", 48, Authority::Host),
    Place("author_key_digest", 48, Authority::Host),
    Place("report_id", 32, Authority::Hardware),
    Place("report_id_ma", 32, Authority::Hardware),
    Place("reported_tcb", 8, Authority::Hardware),
    Place("cpuid_fms", 3, Authority::Hardware),
    Place("reserved", 21, Authority::Hardware),
    Place("chip_id", 64, Authority::Hardware),
    Place("committed_tcb", 8, Authority::Hardware),
    Place("current_fw", 3, Authority::Hardware),
    Place("reserved", 1, Authority::Hardware),
    Place("committed_fw", 3, Authority::Hardware),
    Place("reserved", 1, Authority::Hardware),
    Place("launch_tcb", 8, Authority::Hardware),
    Place("mit", 16, Authority::Hardware),
    Place("reserved", 152, Authority::Hardware),
    Place("signature_r", 48, Authority::Endorsement),
    Place("signature_padding", 24, Authority::Nobody),
    Place("signature_s", 48, Authority::Endorsement),
    Place("signature_padding", 24, Authority::Nobody),
    Place("signature_padding", 368, Authority::Nobody),
];

/// Every field of a report with its bytes' place. Reading proves nothing.
pub(crate) fn fields(evidence: &[u8]) -> Result<Vec<Field>, SnpError> {
    let (report, _) = Report::parse(evidence)?;
    let mut begin: usize = 0;
    Ok(LAYOUT
        .iter()
        .map(|Place(name, length, authority)| {
            let bytes = begin..begin.saturating_add(*length);
            begin = bytes.end;
            let found = evidence.get(bytes.clone()).unwrap_or_default();
            Field {
                name,
                bytes,
                value: value(&report, name, found),
                authority: *authority,
            }
        })
        .collect())
}

/// What a field says, in words where its bytes alone say little.
fn value(report: &Report, name: &str, bytes: &[u8]) -> String {
    match name {
        "version" => report.version.to_string(),
        "guest_svn" => report.guest_svn.to_string(),
        "policy" => {
            let (major, minor) = report.policy.abi();
            let set = POLICY_BITS.into_iter().filter(|(_, bit)| report.policy.has(*bit));
            let bits = named(set.map(|(name, _)| name));
            format!("{:#x}, at least ABI {major}.{minor}{bits}", report.policy.0)
        }
        "vmpl" => report.vmpl.to_string(),
        "sig_algo" => "1, ECDSA P-384 with SHA-384".to_owned(),
        "platform_info" => {
            let set = PLATFORM_BITS
                .into_iter()
                .filter(|(_, bit)| report.platform_info.has(*bit));
            format!("{:#x}{}", report.platform_info.0, named(set.map(|(name, _)| name)))
        }
        "signer_info" => format!("{:#x}, {}", report.signer.info, report.signer.key),
        "current_tcb" => tcb(report, report.current_tcb),
        "reported_tcb" => tcb(report, report.reported_tcb),
        "committed_tcb" => tcb(report, report.committed_tcb),
        "launch_tcb" => tcb(report, report.launch_tcb),
        "current_fw" => report.current_fw.to_string(),
        "committed_fw" => report.committed_fw.to_string(),
        "cpuid_fms" => match Product::of_processor(report.cpuid_fms.0) {
            Ok(product) if report.version > 2 => format!("{}, {product}", report.cpuid_fms),
            _ => report.cpuid_fms.to_string(),
        },
        "reserved" | "signature_padding" => "zero".to_owned(),
        _ => hex::encode(bytes),
    }
}

fn named(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" ({})", names.join(", "))
}

/// The versions by name where the report names the processor: which byte is which depends on the product.
fn tcb(report: &Report, bytes: Octets<8>) -> String {
    match Product::of_processor(report.cpuid_fms.0) {
        Ok(product) if report.version > 2 => format!("{bytes}, {}", Tcb::decode(bytes, product)),
        _ => bytes.to_string(),
    }
}
