//! What the host was allowed to do with the guest.

use super::super::{GuestPolicy, PlatformBit, PolicyBit, SnpClaims, SnpPolicy};
use super::{Bit, unless};
use crate::{Check, CheckName};

/// REPORT_ID_MA of a guest without a migration agent.
const NO_AGENT: [u8; 32] = [0xff; 32];

pub(super) fn checks(claims: &SnpClaims, policy: &SnpPolicy) -> [Check; 5] {
    [
        debug(claims.report.policy),
        migration(claims, policy),
        guest(claims.report.policy, policy),
        abi(claims),
        platform(claims, policy),
    ]
}

fn debug(guest: GuestPolicy) -> Check {
    if guest.has(PolicyBit::Debug) {
        return Check::fail(
            CheckName::DebugMode,
            "the guest policy allows debugging: the host reads and writes its memory",
        );
    }
    Check::pass(CheckName::DebugMode, "the guest policy allows no debugging")
}

/// A migration agent can make the guest run elsewhere, and knows its secrets then.
fn migration(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    const NAME: CheckName = CheckName::MigrationAgent;
    let agent = claims.report.report_id_ma;
    if agent.0 == NO_AGENT && !claims.report.policy.has(PolicyBit::MigrationAgent) {
        return Check::pass(NAME, "none, and none is allowed");
    }
    if policy.migration_agents.contains(&agent) {
        return Check::pass(NAME, format!("{agent} is on the policy's list"));
    }
    Check::fail(
        NAME,
        format!("{agent} may move the guest and is not on the policy's list"),
    )
}

fn guest(guest: GuestPolicy, policy: &SnpPolicy) -> Check {
    let demands = &policy.guest;
    let mut objections: Vec<String> = [
        (demands.smt, PolicyBit::Smt, "SMT"),
        (demands.single_socket, PolicyBit::SingleSocket, "SINGLE_SOCKET"),
        (demands.cxl, PolicyBit::Cxl, "CXL_ALLOW"),
        (
            demands.memory_aes_256_xts,
            PolicyBit::MemoryAes256Xts,
            "MEM_AES_256_XTS",
        ),
        (demands.rapl_disabled, PolicyBit::RaplDisabled, "RAPL_DIS"),
        (
            demands.ciphertext_hiding,
            PolicyBit::CiphertextHiding,
            "CIPHERTEXT_HIDING",
        ),
        (
            demands.page_swap_disabled,
            PolicyBit::PageSwapDisabled,
            "PAGE_SWAP_DISABLE",
        ),
    ]
    .into_iter()
    .filter_map(|(demand, bit, name)| demand.objection(name, Bit::from(guest.has(bit))))
    .collect();
    if !guest.has(PolicyBit::AlwaysOne) {
        objections.push("reserved bit 17 is not set".to_owned());
    }
    if guest.unknown() != 0 {
        objections.push(format!("bits {:#x} are not known", guest.unknown()));
    }
    unless(CheckName::GuestPolicy, &objections, format!("{:#x}", guest.0))
}

/// The firmware has at least the version of the ABI that the guest's owner asked for.
fn abi(claims: &SnpClaims) -> Check {
    let (major, minor) = claims.report.policy.abi();
    let firmware = claims.report.current_fw;
    let shown = format!("the guest asks for ABI {major}.{minor}, the firmware is {firmware}");
    if (major, minor) <= (firmware.major, firmware.minor) {
        return Check::pass(CheckName::AbiVersion, shown);
    }
    Check::fail(CheckName::AbiVersion, shown)
}

fn platform(claims: &SnpClaims, policy: &SnpPolicy) -> Check {
    let (found, demands) = (claims.report.platform_info, &policy.platform);
    let objections: Vec<String> = [
        (demands.smt, PlatformBit::Smt, "SMT_EN"),
        (demands.tsme, PlatformBit::Tsme, "TSME_EN"),
        (demands.ecc, PlatformBit::Ecc, "ECC_EN"),
        (demands.rapl_disabled, PlatformBit::RaplDisabled, "RAPL_DIS"),
        (
            demands.ciphertext_hiding,
            PlatformBit::CiphertextHiding,
            "CIPHERTEXT_HIDING_DRAM_EN",
        ),
        (demands.alias_check, PlatformBit::AliasCheck, "ALIAS_CHECK_COMPLETE"),
    ]
    .into_iter()
    .filter_map(|(demand, bit, name)| demand.objection(name, Bit::from(found.has(bit))))
    .collect();
    let aliases = if found.has(PlatformBit::AliasCheck) {
        "memory was checked for aliases"
    } else {
        "memory was not checked for aliases (BadRAM)"
    };
    unless(
        CheckName::PlatformInformation,
        &objections,
        format!("{:#x}, {aliases}", found.0),
    )
}
