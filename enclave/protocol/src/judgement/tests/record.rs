//! A judgement follows from its record.

use super::*;

#[test]
fn nothing_is_recorded_after_the_decision() {
    let mut judgement = Judgement::begin(Case {
        incumbent: Score::from(1),
        ..case()
    });
    let refused = judgement.record(TrialOutcome::Void(VoidCause::Timeout));
    assert_eq!(refused, Err(AlreadyDecided { trials: 0 }));
}

#[test]
fn a_record_of_other_trials_is_not_replayed() {
    let (_, records) = run(case(), |arm, _| if arm == Arm::Candidate { 1010 } else { 1000 });
    assert!(Judgement::replay(case(), &records).is_ok());
    let mut extended = records.clone();
    extended.push(records[0]);
    assert_eq!(
        Judgement::replay(case(), &extended),
        Err(ReplayError::AfterDecision { index: 3 })
    );
    let mut other = records.clone();
    other[1].arm = Arm::Shadow;
    assert!(matches!(
        Judgement::replay(case(), &other),
        Err(ReplayError::OtherArm {
            index: 1,
            recorded: Arm::Shadow,
            ..
        })
    ));
}
