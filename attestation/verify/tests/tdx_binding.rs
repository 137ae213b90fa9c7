//! A simulated platform from its image to acceptance: whom the evidence is bound to, and what it is judged with.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;
mod tdx_support;

use orv_evidence::{Binding, Collector, Platform};
use orv_simulator::Measured;
use orv_simulator::tdx::{CollateralContents, Evidence, Layout, MachineContents, Quote, SimulatedTdx, Vendor};
use orv_verify::{
    CheckName, Collateral, ExpectedBinding, Policy, Roots, TdxError, VerifyError, claimed_time, recognise, verify,
};
use tdx_support::{NOW, failed, given, judge_simulated, roots, set, tdx};

fn binding() -> Binding {
    Binding {
        platform: Platform::SimTdx,
        ..support::binding()
    }
}

#[test]
fn collected_evidence_is_acceptable_for_its_key_and_for_no_other() {
    let measured = Measured {
        executable: b"the program",
        configuration: b"its settings",
        ramdisk: b"",
    };
    let platform = SimulatedTdx::measure(&measured, NOW.minus_seconds(86_400), || NOW).expect("randomness");
    let collected = platform.collect(&binding()).expect("evidence");
    let mut collateral = Collateral::none();
    collateral
        .add(&collected.collateral.expect("collateral"))
        .expect("known");
    let judge = |expected: Binding| {
        let expected = ExpectedBinding::To(expected);
        verify(
            &collected.evidence,
            &collateral,
            NOW,
            &roots(),
            &Policy::built_in(),
            &expected,
        )
        .expect("authentic")
    };
    let right = judge(binding());
    assert_eq!(failed(&right), []);
    assert_eq!(tdx(&right).report.mrtd.0, platform.registers()[0]);
    let others = [
        Binding {
            challenge: [8; 32],
            ..binding()
        },
        Binding {
            context: b"another".to_vec(),
            ..binding()
        },
        Binding {
            purpose: "another".to_owned(),
            ..binding()
        },
    ];
    for other in others {
        assert_eq!(failed(&judge(other)), [CheckName::BindingDigest]);
    }
    let no_point = Binding {
        public_key: [4; 65],
        ..binding()
    };
    assert_eq!(
        failed(&judge(no_point)),
        [CheckName::PublicKey, CheckName::BindingDigest]
    );
}

#[test]
fn a_simulated_quote_is_no_real_one_and_names_no_time() {
    let (quote, collateral) = given(&Evidence::genuine(Layout::Version4, NOW).expect("randomness"));
    assert_eq!(recognise(&quote), Some(Platform::Tdx));
    assert_eq!(
        claimed_time(&quote, Platform::SimTdx),
        Err(VerifyError::NoTime(Platform::SimTdx))
    );
    for (platform, roots) in [(Platform::Tdx, roots()), (Platform::SimTdx, Roots::production())] {
        let expected = ExpectedBinding::Unknown(platform);
        assert!(verify(&quote, &collateral, NOW, &roots, &Policy::built_in(), &expected).is_err());
    }
}

#[test]
fn missing_collateral_is_named() {
    let (quote, _) = given(&Evidence::genuine(Layout::Version4, NOW).expect("randomness"));
    let error = judge_simulated(&quote, &Collateral::none(), NOW, &Policy::built_in()).expect_err("no collateral");
    let VerifyError::Tdx(TdxError::NoCollateral { fmspc, authority }) = error else {
        panic!("{error}")
    };
    assert_eq!(fmspc, "005d1a7e0000");
    assert!(authority.ends_with("CN=Intel SGX PCK Platform CA"));
}

#[test]
fn the_latest_set_that_holds_is_taken_whatever_lies_beside_it() {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let quote = machine
        .sign(&Quote::genuine(Layout::Version5Td15))
        .expect("randomness")
        .encode();
    let published = |days_ago: u64, number: u32| {
        let mut contents = CollateralContents::genuine(NOW.minus_seconds(days_ago * 86_400));
        contents.tcb_info.tcb_evaluation_data_number = number;
        contents.qe_identity.tcb_evaluation_data_number = number;
        set(&vendor.collateral(&contents).expect("randomness"))
    };
    let (expired, older, later) = (published(40, 18), published(20, 19), published(2, 20));
    let mut forged = published(1, 21);
    forged.tcb_info = forged.tcb_info.replace("UpToDate", "OutOfDate");
    let taken = |sets: Vec<orv_verify::TdxCollateral>| {
        let collateral = Collateral {
            tdx: sets,
            ..Collateral::none()
        };
        let at = NOW.plus_seconds(60);
        judge_simulated(&quote, &collateral, at, &Policy::built_in())
            .map(|verified| tdx(&verified).tcb.evaluation_data_number)
    };
    assert_eq!(taken(vec![older.clone(), later.clone(), expired.clone()]), Ok(20));
    assert_eq!(taken(vec![forged.clone(), older.clone(), later]), Ok(20));
    assert_eq!(taken(vec![expired.clone(), older]), Ok(19));
    assert!(matches!(
        taken(vec![expired]),
        Err(VerifyError::Tdx(TdxError::Expired { .. }))
    ));
    assert!(matches!(
        taken(vec![forged]),
        Err(VerifyError::Tdx(TdxError::CollateralSignature(_)))
    ));
}
