//! What a policy asks of authentic quotes, rule by rule.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod tdx_support;

use orv_evidence::Platform;
use orv_simulator::tdx::{CollateralContents, Evidence, Layout, MachineContents, Quote, TcbStatus, Vendor, attributes};
use orv_verify::{
    CheckName, CheckResult, Collateral, Policy, PolicyDocument, Register, UnixTime, Verified, instant,
    tdx_measurement_id,
};
use tdx_support::{NOW, failed, given, judge_simulated, result, set, tdx};

fn policy(text: &str) -> Policy {
    PolicyDocument::parse(text.as_bytes()).expect("a policy").policy
}

/// Genuine evidence but for what the two closures bend, judged by a policy.
fn judged(
    policy: &Policy,
    now: UnixTime,
    bend: impl FnOnce(&mut Quote),
    publish: impl FnOnce(&mut CollateralContents),
) -> Verified {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let (mut quote, mut contents) = (Quote::genuine(Layout::Version5Td15), CollateralContents::genuine(NOW));
    bend(&mut quote);
    publish(&mut contents);
    let collateral = Collateral {
        tdx: vec![set(&vendor.collateral(&contents).expect("randomness"))],
        ..Collateral::none()
    };
    let quote = machine.sign(&quote).expect("randomness").encode();
    judge_simulated(&quote, &collateral, now, policy).expect("authentic")
}

fn refused_by(text: &str, bend: impl FnOnce(&mut Quote)) -> Vec<CheckName> {
    failed(&judged(&policy(text), NOW, bend, |_| {}))
}

const GENUINE: fn(&mut Quote) = |_| {};

fn levels(status: TcbStatus, advisory: &'static str) -> impl FnOnce(&mut CollateralContents) {
    move |contents| {
        for level in &mut contents.tcb_info.tcb_levels {
            level.tcb_status = status;
            level.advisory_ids = vec![advisory.to_owned()];
        }
    }
}

#[test]
fn grace_for_a_state_out_of_date_ends_on_its_day() {
    let grace = policy("[[tdx.accepted]]\nstatus = 'OutOfDate'\nuntil = '2026-10-01T00:00:00Z'\n");
    let end = instant("2026-10-01T00:00:00Z").expect("a time");
    let out_of_date = || levels(TcbStatus::OutOfDate, "INTEL-SA-00003");
    assert_eq!(failed(&judged(&grace, end, GENUINE, out_of_date())), []);
    let late = judged(&grace, end.plus_seconds(1), GENUINE, out_of_date());
    assert_eq!(failed(&late), [CheckName::TcbStatus]);
    let other = levels(TcbStatus::OutOfDateConfigurationNeeded, "INTEL-SA-00003");
    assert_eq!(failed(&judged(&grace, end, GENUINE, other)), [CheckName::TcbStatus]);
}

#[test]
fn hardening_is_taken_for_known_advisories_only() {
    let known = policy("[[tdx.accepted]]\nstatus = 'SWHardeningNeeded'\nadvisories = ['INTEL-SA-00615']\n");
    let hardening = |advisory| levels(TcbStatus::SWHardeningNeeded, advisory);
    assert_eq!(failed(&judged(&known, NOW, GENUINE, hardening("INTEL-SA-00615"))), []);
    let other = judged(&known, NOW, GENUINE, hardening("INTEL-SA-00001"));
    assert_eq!(failed(&other), [CheckName::TcbStatus]);
}

#[test]
fn configuration_and_relaunch_are_opted_into() {
    let opened = policy("[[tdx.accepted]]\nstatus = 'ConfigurationNeeded'\n");
    let needed = levels(TcbStatus::ConfigurationNeeded, "INTEL-SA-00003");
    assert_eq!(failed(&judged(&opened, NOW, GENUINE, needed)), []);
    let old_at_launch = |quote: &mut Quote| quote.report.tee_tcb_svn[0] = 2;
    let advised = judged(&Policy::built_in(), NOW, old_at_launch, |_| {});
    assert_eq!(tdx(&advised).tcb.status.as_str(), "TDRelaunchAdvised");
    assert_eq!(failed(&advised), [CheckName::TcbStatus]);
    let grace = "[[tdx.accepted]]\nstatus = 'TDRelaunchAdvised'\nuntil = '2030-01-01T00:00:00Z'\n";
    assert_eq!(refused_by(grace, old_at_launch), []);
}

#[test]
fn a_state_that_needs_a_condition_is_no_rule_without_it() {
    for text in [
        "[[tdx.accepted]]\nstatus = 'OutOfDate'\n",
        "[[tdx.accepted]]\nstatus = 'OutOfDateConfigurationNeeded'\n",
        "[[tdx.accepted]]\nstatus = 'TDRelaunchAdvised'\n",
        "[[tdx.accepted]]\nstatus = 'SWHardeningNeeded'\n",
        "[[tdx.accepted]]\nstatus = 'ConfigurationAndSWHardeningNeeded'\nuntil = '2030-01-01T00:00:00Z'\n",
        "[[tdx.accepted]]\nstatus = 'Revoked'\nuntil = '2030-01-01T00:00:00Z'\n",
        "[[tdx.accepted]]\nstatus = 'Whatever'\n",
        "[tdx]\nperfmon = true\n",
        "[tdx]\nmr_owner = '00'\n",
    ] {
        assert!(PolicyDocument::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn collateral_older_than_the_floor_is_refused() {
    let floor = policy("[tdx]\nminimum_evaluation_data_number = 17\n");
    assert_eq!(failed(&judged(&floor, NOW, GENUINE, |_| {})), []);
    for old in [
        |contents: &mut CollateralContents| contents.tcb_info.tcb_evaluation_data_number = 16,
        |contents: &mut CollateralContents| contents.qe_identity.tcb_evaluation_data_number = 16,
    ] {
        let judged = judged(&floor, NOW, GENUINE, old);
        assert_eq!(failed(&judged), [CheckName::EvaluationDataNumber]);
        assert_eq!(tdx(&judged).tcb.evaluation_data_number, 16);
    }
}

#[test]
fn performance_counters_and_features_are_as_the_policy_asks() {
    let counted = |quote: &mut Quote| quote.report.td_attributes |= attributes::PERFMON;
    assert_eq!(refused_by("[tdx]\nperformance_counters = 'accepted'\n", counted), []);
    assert_eq!(
        refused_by("[tdx]\nperformance_counters = 'refused'\n", counted),
        [CheckName::PerformanceCounters]
    );
    let unknown = |quote: &mut Quote| quote.report.xfam |= 1 << 40;
    assert_eq!(
        failed(&judged(&Policy::built_in(), NOW, unknown, |_| {})),
        [CheckName::Features]
    );
    assert_eq!(
        refused_by("[tdx]\nfeatures = '0300000000000000'\n", GENUINE),
        [CheckName::Features]
    );
}

#[test]
fn only_listed_service_domains_may_be_bound() {
    let bound = |quote: &mut Quote| quote.report.mr_service_td = [0x38; 48];
    let list = |digit: &str| format!("[tdx]\nservice_domains = ['{}']\n", digit.repeat(96));
    assert_eq!(refused_by(&list("1"), bound), [CheckName::ServiceDomain]);
    assert_eq!(
        refused_by(&list("38").replace(&"38".repeat(96), &"38".repeat(48)), bound),
        []
    );
    // None bound at launch and one bound since.
    let later = |quote: &mut Quote| {
        quote.layout = Layout::Version5Td15Extended;
        quote.report.current_service_td_hash = [0x39; 48];
    };
    assert_eq!(
        failed(&judged(&Policy::built_in(), NOW, later, |_| {})),
        [CheckName::ServiceDomain]
    );
    let open = |quote: &mut Quote| quote.report.td_attributes |= attributes::SERVICE_TD_EXTENSION;
    assert_eq!(
        failed(&judged(&Policy::built_in(), NOW, open, |_| {})),
        [CheckName::ServiceDomain]
    );
}

#[test]
fn what_the_host_chose_is_told_and_judged_only_when_asked() {
    let chosen = |quote: &mut Quote| {
        quote.report.mr_config_id = [1; 48];
        quote.report.mr_owner = [2; 48];
        quote.report.mr_owner_config = [3; 48];
    };
    let open = judged(&Policy::built_in(), NOW, chosen, |_| {});
    for name in [CheckName::MrConfigId, CheckName::MrOwner, CheckName::MrOwnerConfig] {
        assert_eq!(result(open.checks(), name), CheckResult::Skipped);
    }
    let asked = |config: &str, owner: &str, owner_config: &str| {
        format!(
            "[tdx]\nmr_config_id = '{}'\nmr_owner = '{}'\nmr_owner_config = '{}'\n",
            config.repeat(48),
            owner.repeat(48),
            owner_config.repeat(48)
        )
    };
    assert_eq!(refused_by(&asked("01", "02", "03"), chosen), []);
    assert_eq!(refused_by(&asked("00", "02", "03"), chosen), [CheckName::MrConfigId]);
    assert_eq!(refused_by(&asked("01", "00", "03"), chosen), [CheckName::MrOwner]);
    assert_eq!(refused_by(&asked("01", "02", "00"), chosen), [CheckName::MrOwnerConfig]);
}

#[test]
fn only_listed_platforms_count() {
    let ppid = hex::encode(tdx(&judged(&Policy::built_in(), NOW, GENUINE, |_| {})).platform.ppid);
    assert_eq!(refused_by(&format!("[tdx]\nplatforms = ['{ppid}']\n"), GENUINE), []);
    let other = format!("[tdx]\nplatforms = ['{}']\n", "5a".repeat(16));
    assert_eq!(refused_by(&other, GENUINE), [CheckName::PlatformInstance]);
}

#[test]
fn a_measurement_is_named_by_registers_or_by_its_id() {
    let verified = judged(&Policy::built_in(), NOW, GENUINE, |_| {});
    let report = &tdx(&verified).report;
    let listed = |register: Register| {
        policy(&format!(
            "[[measurements]]\nname = 'it'\nregisters = {{ mrtd = '{register}' }}\n"
        ))
    };
    assert_eq!(failed(&judged(&listed(report.mrtd), NOW, GENUINE, |_| {})), []);
    let other = judged(&listed(Register([9; 48])), NOW, GENUINE, |_| {});
    assert_eq!(failed(&other), [CheckName::Measurement]);
    let registers = [report.mrtd, report.rtmr0, report.rtmr1, report.rtmr2];
    let id = tdx_measurement_id(Platform::SimTdx, registers);
    let by_id = policy(&format!(
        "[[measurements]]\nname = 'it'\nid = '0x{}'\n",
        hex::encode(id)
    ));
    assert_eq!(failed(&judged(&by_id, NOW, GENUINE, |_| {})), []);
    let runtime = |quote: &mut Quote| quote.report.rt_mr[3] = [7; 48];
    assert_eq!(
        failed(&judged(&by_id, NOW, runtime, |_| {})),
        [],
        "RTMR3 identifies nothing"
    );
    let kernel = |quote: &mut Quote| quote.report.rt_mr[1] = [7; 48];
    assert_eq!(failed(&judged(&by_id, NOW, kernel, |_| {})), [CheckName::Measurement]);
}

#[test]
fn an_event_log_explains_the_registers_that_its_replay_gives() {
    let (quote, mut collateral) = given(&Evidence::genuine(Layout::Version4, NOW).expect("randomness"));
    let judge =
        |collateral: &Collateral| judge_simulated(&quote, collateral, NOW, &Policy::built_in()).expect("authentic");
    let without = judge(&collateral);
    assert_eq!(result(without.checks(), CheckName::EventLog), CheckResult::Skipped);
    let report = &tdx(&without).report;
    let right = [report.rtmr0, report.rtmr1, report.rtmr2, report.rtmr3];
    collateral.replayed = Some(right);
    assert_eq!(
        result(judge(&collateral).checks(), CheckName::EventLog),
        CheckResult::Pass
    );
    for index in 0..4 {
        let mut wrong = right;
        wrong[index] = Register([0xee; 48]);
        collateral.replayed = Some(wrong);
        let judged = judge(&collateral);
        assert_eq!(failed(&judged), [CheckName::EventLog]);
        let check = judged.checks().iter().find(|check| check.name == CheckName::EventLog);
        assert!(check.expect("the check").detail.ends_with(&format!("RTMR{index}")));
    }
}

#[test]
fn the_clock_skew_is_tolerated_and_told() {
    let judge = |now| {
        let vendor = Vendor::published().expect("keys");
        let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
        let contents = CollateralContents::genuine(NOW);
        let collateral = Collateral {
            tdx: vec![set(&vendor.collateral(&contents).expect("randomness"))],
            ..Collateral::none()
        };
        let quote = machine
            .sign(&Quote::genuine(Layout::Version4))
            .expect("randomness")
            .encode();
        judge_simulated(&quote, &collateral, now, &Policy::built_in())
    };
    let told = |verified: &Verified| {
        verified
            .checks()
            .iter()
            .any(|check| check.detail.contains("clock skew"))
    };
    assert!(!told(&judge(NOW).expect("authentic")));
    let early = judge(NOW.minus_seconds(300)).expect("within the clock skew");
    assert!(told(&early));
    assert!(judge(NOW.minus_seconds(301)).is_err());
}

#[test]
fn the_commented_policy_is_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policies/tdx.toml");
    let text = std::fs::read(file).expect("the commented policy");
    let policy = PolicyDocument::parse(&text).expect("a policy").policy;
    let written = serde_json::to_string(&policy).expect("JSON");
    let again = PolicyDocument::parse(written.as_bytes()).expect("a policy").policy;
    assert_eq!(again, policy);
    assert_ne!(policy.tdx, Policy::built_in().tdx);
}

#[test]
fn the_order_of_levels_in_the_text_changes_nothing() {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let quote = machine.sign(&Quote::genuine(Layout::Version5Td15)).expect("randomness");
    let mut contents = CollateralContents::genuine(NOW);
    contents.qe_identity.tcb_levels.reverse();
    contents.tcb_info.tcb_levels.reverse();
    let collateral = Collateral {
        tdx: vec![set(&vendor.collateral(&contents).expect("randomness"))],
        ..Collateral::none()
    };
    let judged = judge_simulated(&quote.encode(), &collateral, NOW, &Policy::built_in()).expect("authentic");
    assert_eq!(failed(&judged), []);
}

/// Until when genuine evidence of an outdated platform is to be built on.
fn until(text: &str) -> UnixTime {
    let bend = |contents: &mut CollateralContents| contents.tcb_info.tcb_levels[0].tcb_status = TcbStatus::OutOfDate;
    let judged = judged(&policy(text), NOW, |_| (), bend);
    judged.acceptable().expect("in its grace").until()
}

#[test]
fn nothing_is_built_on_a_grace_beyond_its_end() {
    let soon = NOW.plus_seconds(60);
    let short = format!("[[tdx.accepted]]\nstatus = 'OutOfDate'\nuntil = '{soon}'\n");
    assert_eq!(until(&short), soon);
    let later = NOW.plus_seconds(120);
    let both = format!("{short}[[tdx.accepted]]\nstatus = 'OutOfDate'\nuntil = '{later}'\n");
    assert_eq!(until(&both), later);
    let long = "[[tdx.accepted]]\nstatus = 'OutOfDate'\nuntil = '2099-01-01T00:00:00Z'\n";
    let collateral = judged(&policy(long), NOW, |_| (), |_| ()).claims().validity.not_after;
    assert_eq!(until(long), collateral);
}
