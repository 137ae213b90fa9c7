//! What a policy asks of an authentic report: each check passes and fails.

#![allow(clippy::expect_used)]

mod snp_support;

use orv_evidence::{Binding, Platform};
use orv_simulator::snp::{Evidence, Kind, Product, Report, Version, policy as bits};
use orv_verify::{
    Cache, CheckName, CheckResult, DebugMode, ExpectedBinding, PlatformTier, Policy, PolicyDocument, measurement_id,
    snp_measurement_id, verify_with,
};
use snp_support::simulated::{NOW, bent, bent_on, collateral, genuine, judge, judge_by, policy, roots};
use snp_support::{check, failed, result};

/// What `text` says of a Genoa report bent so: nothing failed, or this.
fn judged(text: &str, bend: impl FnOnce(&mut Report)) -> Vec<CheckName> {
    failed(&judge_by(&bent(bend), &policy(text)).expect("authentic"))
}

#[test]
fn debugging_has_no_switch() {
    let verified = judge(&bent(|report| report.policy |= bits::DEBUG)).expect("authentic");
    assert_eq!(verified.claims().debug, DebugMode::Debug);
    assert_eq!(failed(&verified), [CheckName::DebugMode]);
}

#[test]
fn a_migration_agent_counts_only_where_it_is_named() {
    let bend = |report: &mut Report| {
        report.policy |= bits::MIGRATE_MA;
        report.report_id_ma = [0x3a; 32];
    };
    let named = format!("[snp]\nmigration_agents = ['{}']", "3a".repeat(32));
    assert_eq!(judged(&named, bend), []);
    assert_eq!(judged("[snp]", bend), [CheckName::MigrationAgent]);
    let none_yet = |report: &mut Report| report.policy |= bits::MIGRATE_MA;
    assert_eq!(judged("[snp]", none_yet), [CheckName::MigrationAgent]);
    let unasked = |report: &mut Report| report.report_id_ma = [0x3a; 32];
    assert_eq!(judged("[snp]", unasked), [CheckName::MigrationAgent]);
}

#[test]
fn each_bit_of_the_guest_policy_can_be_required_and_forbidden() {
    for (name, bit) in [
        ("smt", bits::SMT),
        ("single_socket", bits::SINGLE_SOCKET),
        ("cxl", bits::CXL_ALLOW),
        ("memory_aes_256_xts", bits::MEMORY_AES_256_XTS),
        ("rapl_disabled", bits::RAPL_DISABLE),
        ("ciphertext_hiding", bits::CIPHERTEXT_HIDING),
        ("page_swap_disabled", bits::PAGE_SWAP_DISABLE),
    ] {
        let text = |demand: &str| format!("[snp.guest]\n{name} = '{demand}'");
        let set = |report: &mut Report| report.policy |= bit;
        let clear = |report: &mut Report| report.policy &= !bit;
        assert_eq!(judged(&text("required"), set), [], "{name}");
        assert_eq!(judged(&text("required"), clear), [CheckName::GuestPolicy], "{name}");
        assert_eq!(judged(&text("forbidden"), clear), [], "{name}");
        assert_eq!(judged(&text("forbidden"), set), [CheckName::GuestPolicy], "{name}");
        assert_eq!(judged(&text("either"), set), [], "{name}");
        assert_eq!(judged(&text("either"), clear), [], "{name}");
    }
}

#[test]
fn each_bit_of_the_platform_information_can_be_required_and_forbidden() {
    for (name, bit) in [
        ("smt", bits::PLATFORM_SMT),
        ("tsme", bits::PLATFORM_TSME),
        ("ecc", bits::PLATFORM_ECC),
        ("rapl_disabled", bits::PLATFORM_RAPL_DISABLED),
        ("ciphertext_hiding", bits::PLATFORM_CIPHERTEXT_HIDING),
        ("alias_check", bits::PLATFORM_ALIAS_CHECK_COMPLETE),
    ] {
        let text = |demand: &str| format!("[snp.platform]\n{name} = '{demand}'");
        let set = |report: &mut Report| report.platform_info |= bit;
        let clear = |report: &mut Report| report.platform_info &= !bit;
        assert_eq!(judged(&text("required"), set), [], "{name}");
        assert_eq!(
            judged(&text("required"), clear),
            [CheckName::PlatformInformation],
            "{name}"
        );
        assert_eq!(judged(&text("forbidden"), clear), [], "{name}");
        assert_eq!(
            judged(&text("forbidden"), set),
            [CheckName::PlatformInformation],
            "{name}"
        );
    }
    let newer = |report: &mut Report| report.platform_info |= 1 << 6 | 1 << 40;
    assert_eq!(judged("[snp]", newer), [], "newer firmware sets more bits");
}

#[test]
fn the_firmware_has_the_abi_that_the_guest_asks_for() {
    let asks = |major: u8, minor: u8| {
        move |report: &mut Report| report.policy |= u64::from(u16::from_le_bytes([minor, major]))
    };
    assert_eq!(judged("[snp]", asks(1, 55)), []);
    assert_eq!(judged("[snp]", asks(1, 56)), [CheckName::AbiVersion]);
    assert_eq!(judged("[snp]", asks(2, 0)), [CheckName::AbiVersion]);
}

#[test]
fn every_state_of_the_firmware_meets_the_floor() {
    const FLOOR: &str = "[snp.minimum_tcb]\ngenoa = { bl = 10, tee = 0, snp = 25, ucode = 84 }";
    assert_eq!(judged(FLOOR, |_| ()), []);
    assert_eq!(
        judged(FLOOR, |report| report.current_tcb.microcode -= 1),
        [CheckName::TcbFloor]
    );
    assert_eq!(
        judged(FLOOR, |report| report.launch_tcb.boot_loader -= 1),
        [CheckName::TcbFloor]
    );
    assert_eq!(
        judged(FLOOR, |report| report.committed_tcb.snp -= 1),
        [CheckName::TcbOrder, CheckName::TcbFloor]
    );
    let higher = FLOOR.replace("snp = 25", "snp = 26");
    assert_eq!(judged(&higher, |_| ()), [CheckName::TcbFloor]);
    let verified = judge_by(&bent_on(Product::Turin, |_| ()), &policy(FLOOR)).expect("authentic");
    assert_eq!(failed(&verified), [CheckName::TcbFloor], "no floor for Turin");
    let fmc = policy("[snp.minimum_tcb]\nturin = { bl = 0, tee = 0, snp = 0, ucode = 0, fmc = 1 }");
    let verified = judge_by(&bent_on(Product::Turin, |_| ()), &fmc).expect("authentic");
    assert_eq!(failed(&verified), [CheckName::TcbFloor], "fmc 0");
}

#[test]
fn the_committed_firmware_counts_for_the_version_too() {
    assert_eq!(judged("[snp]\nminimum_firmware = '1.55.3'", |_| ()), []);
    assert_eq!(
        judged("[snp]\nminimum_firmware = '1.55.4'", |_| ()),
        [CheckName::FirmwareVersion]
    );
    assert_eq!(
        judged("[snp]\nminimum_firmware = '1.55.3'", |report| report
            .committed_version[0] =
            2),
        [CheckName::FirmwareVersion]
    );
    assert!(PolicyDocument::parse(b"[snp]\nminimum_firmware = '1.55'").is_err());
}

#[test]
fn the_privilege_level_is_exact() {
    assert_eq!(judged("[snp]\nvmpl = 0", |_| ()), []);
    assert_eq!(
        judged("[snp]\nvmpl = 0", |report| report.vmpl = 1),
        [CheckName::PrivilegeLevel]
    );
    assert_eq!(
        judged("[snp]\nvmpl = 2", |report| report.vmpl = 1),
        [CheckName::PrivilegeLevel]
    );
}

#[test]
fn the_guests_version_has_a_floor() {
    assert_eq!(
        judged("[snp]\nminimum_guest_svn = 3", |report| report.guest_svn = 3),
        []
    );
    assert_eq!(
        judged("[snp]\nminimum_guest_svn = 4", |report| report.guest_svn = 3),
        [CheckName::GuestSvn]
    );
}

type Bend = fn(&mut Report);

#[test]
fn what_the_launch_chose_counts_only_where_it_is_listed() {
    let lists: [(&str, usize, Bend, CheckName); 5] = [
        (
            "host_data",
            32,
            |report| report.host_data = [9; 32],
            CheckName::HostData,
        ),
        (
            "id_key_digests",
            48,
            |report| report.id_key_digest = [9; 48],
            CheckName::IdKey,
        ),
        (
            "author_key_digests",
            48,
            |report| report.author_key_digest = [9; 48],
            CheckName::AuthorKey,
        ),
        (
            "family_ids",
            16,
            |report| report.family_id = [9; 16],
            CheckName::FamilyId,
        ),
        ("image_ids", 16, |report| report.image_id = [9; 16], CheckName::ImageId),
    ];
    for (name, size, bend, failing) in lists {
        let listed = format!("[snp]\n{name} = ['{}', '{}']", "08".repeat(size), "09".repeat(size));
        assert_eq!(judged(&listed, bend), [], "{name}");
        assert_eq!(judged(&listed, |_| ()), [failing], "{name}");
        assert_eq!(
            judged(&format!("[snp]\n{name} = []"), bend),
            [failing],
            "{name}: an empty list"
        );
        let short = format!("[snp]\n{name} = ['09']");
        assert!(
            PolicyDocument::parse(short.as_bytes()).is_err(),
            "{name}: one byte is no value"
        );
    }
}

#[test]
fn chips_and_products_and_providers_count_only_where_they_are_listed() {
    let chip: String = (1..=64).map(|byte: u8| format!("{byte:02x}")).collect();
    assert_eq!(judged(&format!("[snp]\nchips = ['{chip}']"), |_| ()), []);
    let another = format!("[snp]\nchips = ['{}']", "00".repeat(64));
    assert_eq!(judged(&another, |_| ()), [CheckName::Chip]);
    assert_eq!(judged("[snp]\nproducts = ['genoa', 'turin']", |_| ()), []);
    assert_eq!(judged("[snp]\nproducts = ['turin']", |_| ()), [CheckName::Product]);
    let loaded = genuine(Product::Genoa, Version::Five, Kind::Vlek);
    let by = |text: &str| failed(&judge_by(&loaded, &policy(text)).expect("authentic"));
    assert_eq!(by("[snp]\nproviders = ['CN=simulated.provider.example']"), []);
    assert_eq!(by("[snp]\nproviders = ['CN=another.example']"), [CheckName::Provider]);
    assert_eq!(by("[snp]\nproviders = []"), [CheckName::Provider]);
}

#[test]
fn milan_is_named_weaker_and_can_be_left_out() {
    let evidence = bent_on(Product::Milan, |_| ());
    let verified = judge(&evidence).expect("authentic");
    assert_eq!(failed(&verified), []);
    assert!(check(&verified, CheckName::Product).detail.contains("BadFuse"));
    let verified = judge_by(&evidence, &policy("[snp]\nproducts = ['genoa', 'turin']")).expect("authentic");
    assert_eq!(failed(&verified), [CheckName::Product]);
}

#[test]
fn the_measurement_stands_on_chain_under_the_platforms_name() {
    let evidence = bent(|_| ());
    let verified = judge(&evidence).expect("authentic");
    let id = measurement_id(verified.claims());
    assert_eq!(id, snp_measurement_id(Platform::SimSnp, &[0x5a; 48]));
    assert_ne!(id, snp_measurement_id(Platform::Snp, &[0x5a; 48]));
    let listed = format!("[[measurements]]\nname = 'release'\nid = '0x{}'", hex::encode(id));
    assert_eq!(failed(&judge_by(&evidence, &policy(&listed)).expect("authentic")), []);
    let by_register = format!(
        "[[measurements]]\nname = 'release'\nregisters = {{ measurement = '{}', host_data = '{}' }}",
        "5a".repeat(48),
        "00".repeat(32)
    );
    assert_eq!(
        failed(&judge_by(&evidence, &policy(&by_register)).expect("authentic")),
        []
    );
    let another = by_register.replace("5a5a", "5a5b");
    let verified = judge_by(&evidence, &policy(&another)).expect("authentic");
    assert_eq!(failed(&verified), [CheckName::Measurement]);
}

/// The tier of real hardware cannot be had of a simulator: there is only one that it may say.
#[test]
fn no_policy_makes_a_simulated_counter_trustworthy() {
    let text = format!(
        "[[measurements]]\nname = 'release'\ncounter = 'secure-tsc'\nregisters = {{ measurement = '{}' }}",
        "5a".repeat(48)
    );
    let verified = judge_by(&bent(|_| ()), &policy(&text)).expect("authentic");
    assert_eq!(verified.claims().tier, PlatformTier::Simulated);
}

#[test]
fn secure_tsc_is_believed_of_the_policy_and_never_on_milan() {
    for (part, tier) in [
        ("genoa_v5", PlatformTier::TrustedCounter),
        ("turin_v5", PlatformTier::TrustedCounter),
        ("milan_v5", PlatformTier::WeakCounter),
    ] {
        let Some(vector) = snp_support::one(part) else { return };
        let measurement = vector.expected["measurement"].as_str().expect("a measurement");
        let judge = |counter: &str| {
            let text = format!(
                "tiers = ['trusted-counter']\n[[measurements]]\nname = 'release'\ncounter = '{counter}'\n\
                 registers = {{ measurement = '{measurement}' }}"
            );
            let now = vector.a_valid_second();
            snp_support::judge_by(&vector.report, &vector.collateral(), now, &policy(&text)).expect("authentic")
        };
        assert_eq!(judge("secure-tsc").claims().tier, tier, "{part}");
        assert_eq!(judge("platform").claims().tier, PlatformTier::WeakCounter, "{part}");
        assert_eq!(result(&judge("platform"), CheckName::Tier), CheckResult::Fail, "{part}");
    }
}

fn binding() -> Binding {
    let generator = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                     483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    Binding {
        platform: Platform::SimSnp,
        purpose: "verdict-key".to_owned(),
        challenge: [7; 32],
        public_key: hex::decode(generator).expect("hex").try_into().expect("65 bytes"),
        context: b"context".to_vec(),
    }
}

#[test]
fn report_data_is_the_whole_recomputed_digest_and_nothing_else() {
    let bound = |evidence: &Evidence, binding: Binding| {
        let verified = verify_with(
            &mut Cache::new(),
            &evidence.report,
            &collateral(evidence),
            NOW,
            &roots(),
            &Policy::built_in(),
            &ExpectedBinding::To(binding),
        );
        failed(&verified.expect("authentic"))
    };
    let evidence = bent(|report| report.report_data = binding().digest());
    assert_eq!(bound(&evidence, binding()), []);
    let mut other = binding();
    other.challenge = [8; 32];
    assert_eq!(bound(&evidence, other), [CheckName::BindingDigest]);
    let mut other = binding();
    other.public_key = [4; 65];
    assert_eq!(
        bound(&evidence, other),
        [CheckName::PublicKey, CheckName::BindingDigest]
    );
}

/// The commented policy in the documentation: every rule that there is, met by the report that it was written for.
#[test]
fn the_documented_policy_says_every_rule_and_can_be_met() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policies/snp.toml");
    let text = std::fs::read_to_string(path).expect("the documented policy");
    let documented = PolicyDocument::parse(text.as_bytes()).expect("a policy").policy;
    let written = serde_json::to_value(&documented.snp).expect("JSON");
    let left_out: Vec<_> = written
        .as_object()
        .expect("rules")
        .iter()
        .filter(|(rule, _)| !text.contains(rule.as_str()))
        .collect();
    assert!(left_out.is_empty(), "{left_out:?}");
    assert_eq!(
        written.as_object().expect("rules").len(),
        14,
        "all but the empty list of agents"
    );

    let Some(vector) = snp_support::one("genoa_v5") else {
        return;
    };
    let judged = |policy: &Policy| {
        let now = vector.a_valid_second();
        failed(&snp_support::judge_by(&vector.report, &vector.collateral(), now, policy).expect("authentic"))
    };
    assert_eq!(judged(&documented), [CheckName::Measurement, CheckName::Tier]);
    let measurement = vector.expected["measurement"].as_str().expect("a measurement");
    let placeholder =
        "c57729010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
    let text = text
        .replace(placeholder, measurement)
        .replace("2026-01-01T", "2025-01-01T");
    assert_eq!(judged(&policy(&text)), []);
}
