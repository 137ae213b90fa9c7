//! How the collector of a TDX or SEV-SNP guest deals with the kernel, whatever the kernel and its neighbours do.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod kernel;

use std::time::Duration;

use kernel::{Asleep, EBUSY, EINVAL, EIO, ENXIO, ETIMEDOUT, EWOULDBLOCK, Kernel, Trouble, open};
use orv_evidence::tsm::{Attribute, MAXIMUM_OUTBLOB, Provider, TsmError};
use orv_evidence::{Binding, CollectError, Collector, Platform, VERDICT_KEY};
use proptest::prelude::*;

const SNP: &[u8] = b"sev_guest\n";
const TDX: &[u8] = b"tdx_guest\n";
const DATA: [u8; 64] = [0x11; 64];

fn binding(platform: Platform) -> Binding {
    Binding {
        platform,
        purpose: VERDICT_KEY.to_owned(),
        challenge: [0x11; 32],
        public_key: [4; 65],
        context: vec![0x22; 40],
    }
}

/// One report after `troubles`; the number of pauses; the number of directories left over.
fn one_report(kernel: Kernel, troubles: &[Trouble]) -> (Result<Vec<u8>, TsmError>, usize, usize) {
    let clock = Asleep::default();
    let kernel = kernel.with([&[Trouble::None], troubles].concat());
    let collector = open(&kernel, &clock).expect("a provider");
    let report = collector.report(&DATA).map(|report| report.outblob);
    let pauses = clock.pauses.borrow().len();
    (report, pauses, kernel.left_over())
}

#[test]
fn a_tdx_quote_is_asked_for_by_one_write() {
    let (report, pauses, left_over) = one_report(Kernel::of(TDX), &[]);
    assert_eq!(report.expect("a quote"), DATA);
    assert_eq!((pauses, left_over), (0, 0));
}

#[test]
fn an_snp_report_speaks_for_the_level_the_guest_runs_at() {
    let (report, _, left_over) = one_report(Kernel::of(SNP), &[]);
    assert_eq!(report.expect("a report"), [b"2", &DATA[..]].concat());
    assert_eq!(left_over, 0);
}

#[test]
fn the_evidence_is_over_the_bindings_digest() {
    for (provider, platform, prefix) in [(SNP, Platform::Snp, &b"2"[..]), (TDX, Platform::Tdx, b"")] {
        let (kernel, clock) = (Kernel::of(provider), Asleep::default());
        let collector = open(&kernel, &clock).expect("a provider");
        assert_eq!(collector.platform(), platform);
        let binding = binding(platform);
        let collected = collector.collect(&binding).expect("evidence");
        assert_eq!(collected.evidence, [prefix, &binding.digest()].concat());
        let elsewhere = self::binding(Platform::Nitro);
        assert!(matches!(
            collector.collect(&elsewhere),
            Err(CollectError::WrongPlatform { .. })
        ));
    }
}

#[test]
fn a_host_without_a_provider_is_told_from_a_kernel_without_the_folder() {
    let clock = Asleep::default();
    let kernel = Kernel::of(TDX).with([Trouble::Make(ENXIO)]);
    assert!(matches!(open(&kernel, &clock), Err(TsmError::NoProvider(_))));
    let kernel = Kernel::of(TDX).with([Trouble::Make(2)]);
    assert!(matches!(open(&kernel, &clock), Err(TsmError::NoFolder(_))));
    let kernel = Kernel::of(TDX).with([Trouble::Make(13)]);
    assert!(matches!(open(&kernel, &clock), Err(TsmError::Make { .. })));
    assert!(clock.pauses.borrow().is_empty(), "none of these passes");
}

#[test]
fn a_provider_is_known_by_its_whole_line() {
    for line in [
        &b"sev_guest"[..],
        b"sev-guest\n",
        b"sev_guest\n\n",
        b"arm_cca_guest\n",
        b"",
        b"\xff\n",
    ] {
        let kernel = Kernel::of(Box::leak(line.to_vec().into_boxed_slice()));
        assert!(matches!(
            open(&kernel, &Asleep::default()),
            Err(TsmError::UnknownProvider(_))
        ));
        assert_eq!(kernel.left_over(), 0);
    }
    let endless = Kernel::of(&[b's'; 65]);
    assert!(matches!(
        open(&endless, &Asleep::default()),
        Err(TsmError::TooLong {
            attribute: Attribute::Provider,
            maximum: 64
        })
    ));
}

#[test]
fn a_report_that_somebody_else_wrote_into_is_thrown_away() {
    for race in [Trouble::RacedBefore, Trouble::RacedAfter, Trouble::LostWrite] {
        for kernel in [Kernel::of(SNP), Kernel::of(TDX)] {
            let (report, pauses, left_over) = one_report(kernel, &[race]);
            // A lost write leaves a TDX report without a question, which the kernel refuses at once.
            match report {
                Ok(report) => assert!(report.ends_with(&DATA) && pauses == 1, "{race:?} gave {report:?}"),
                Err(error) => assert!(matches!(
                    (race, error),
                    (
                        Trouble::LostWrite,
                        TsmError::Read {
                            attribute: Attribute::OutBlob,
                            ..
                        }
                    )
                )),
            }
            assert_eq!(left_over, 0);
        }
    }
}

#[test]
fn every_attempt_has_a_directory_of_its_own() {
    let clock = Asleep::default();
    let kernel = Kernel::of(TDX).with([Trouble::None, Trouble::RacedAfter, Trouble::RacedBefore]);
    let collector = open(&kernel, &clock).expect("a provider");
    assert!(collector.report(&DATA).is_ok());
    let names = kernel.made.borrow().clone();
    assert_eq!(
        names,
        ["0", "1", "2", "3"].map(|number| format!("orv-abababababababab-{number}"))
    );
}

#[test]
fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
    let out = |error| Trouble::Read(Attribute::OutBlob, error);
    for passing in [
        out(EWOULDBLOCK),
        out(EBUSY),
        out(ETIMEDOUT),
        out(EIO),
        Trouble::Write(Attribute::InBlob, EBUSY),
        Trouble::Make(17),
    ] {
        let (report, pauses, left_over) = one_report(Kernel::of(SNP), &[passing, passing]);
        assert!(report.is_ok(), "{passing:?}: {report:?}");
        assert_eq!((pauses, left_over), (2, 0));
    }
    for lasting in [
        out(EINVAL),
        Trouble::Write(Attribute::InBlob, EINVAL),
        Trouble::Write(Attribute::PrivilegeLevel, EINVAL),
        Trouble::Read(Attribute::PrivilegeFloor, 2),
        Trouble::Read(Attribute::Generation, EIO),
    ] {
        let (report, pauses, left_over) = one_report(Kernel::of(SNP), &[lasting]);
        assert!(report.is_err(), "{lasting:?}");
        assert_eq!((pauses, left_over), (0, 0));
    }
}

#[test]
fn pauses_double_to_their_longest_until_patience_ends() {
    let clock = Asleep::default();
    let stalled = [Trouble::Read(Attribute::OutBlob, EWOULDBLOCK); 1000];
    let kernel = Kernel::of(TDX).with([Trouble::None]).with(stalled);
    let collector = open(&kernel, &clock).expect("a provider");
    match collector.report(&DATA) {
        Err(TsmError::TimedOut { attempts, waited, last }) => {
            assert!(waited > Duration::from_secs(117) && waited <= Duration::from_secs(120));
            assert_eq!(clock.pauses.borrow().len() + 1, usize::try_from(attempts).expect("few"));
            assert!(matches!(
                *last,
                TsmError::Read {
                    attribute: Attribute::OutBlob,
                    ..
                }
            ));
        }
        other => panic!("a stalled host gave {other:?}"),
    }
    let pauses = clock.pauses.borrow();
    assert_eq!(pauses[..4], [50, 100, 200, 400].map(Duration::from_millis));
    assert_eq!(pauses.last(), Some(&Duration::from_secs(2)));
    assert_eq!(kernel.left_over(), 0);
}

#[test]
fn an_empty_or_endless_answer_is_none() {
    let answering = |length| Kernel {
        outblob: Some(vec![7; length]),
        ..Kernel::of(TDX)
    };
    assert!(one_report(answering(MAXIMUM_OUTBLOB), &[]).0.is_ok());
    assert!(matches!(
        one_report(answering(MAXIMUM_OUTBLOB + 1), &[]).0,
        Err(TsmError::TooLong {
            attribute: Attribute::OutBlob,
            ..
        })
    ));
    assert!(matches!(one_report(answering(0), &[]).0, Err(TsmError::Empty)));
}

#[test]
fn a_level_that_snp_does_not_have_is_refused() {
    for (floor, expected) in [(&b"4\n"[..], true), (b"-1\n", false), (b"\n", false), (b"+1\n", false)] {
        let kernel = Kernel {
            floor: Box::leak(floor.to_vec().into_boxed_slice()),
            ..Kernel::of(SNP)
        };
        match one_report(kernel, &[]).0 {
            Err(TsmError::Privilege(4)) => assert!(expected),
            Err(TsmError::Number {
                attribute: Attribute::PrivilegeFloor,
                ..
            }) => assert!(!expected),
            other => panic!("{floor:?} gave {other:?}"),
        }
    }
}

/// One certificate of `length` bytes behind a table.
fn table(length: usize) -> Vec<u8> {
    let mut table = 0x63da758d_e664_4564_adc5_f4b93be8accd_u128.to_be_bytes().to_vec();
    table.extend(48_u32.to_le_bytes());
    table.extend(u32::try_from(length).expect("short").to_le_bytes());
    table.extend([0; 24]);
    table.extend(vec![0x30; length]);
    table
}

fn collateral(kernel: Kernel, troubles: &[Trouble]) -> Option<Vec<u8>> {
    let clock = Asleep::default();
    let kernel = kernel.with([&[Trouble::None], troubles].concat());
    let collector = open(&kernel, &clock).expect("a provider");
    let platform = collector.platform();
    let collected = collector.collect(&binding(platform)).expect("evidence");
    assert!(collected.evidence.ends_with(&binding(platform).digest()));
    collected.collateral
}

#[test]
fn the_hosts_certificates_become_collateral_without_their_padding() {
    let padded = Kernel {
        auxblob: [table(100), vec![0; 900]].concat(),
        ..Kernel::of(SNP)
    };
    assert_eq!(collateral(padded, &[]), Some(table(100)));
}

#[test]
fn no_hosts_certificates_can_stop_the_evidence() {
    for auxblob in [
        vec![],
        vec![0; 4096],
        vec![1; 4096],
        vec![0; 16 * 1024 + 1],
        table(100)[..147].to_vec(),
    ] {
        let kernel = Kernel {
            auxblob,
            ..Kernel::of(SNP)
        };
        assert_eq!(collateral(kernel, &[]), None);
    }
    let absent = Trouble::Read(Attribute::AuxBlob, 2);
    assert_eq!(collateral(Kernel::of(SNP), &[absent]), None);
    // TDX has none, and is not asked for any.
    let tdx = Kernel {
        auxblob: table(100),
        ..Kernel::of(TDX)
    };
    assert_eq!(collateral(tdx, &[]), None);
}

proptest! {
    #[test]
    fn whatever_troubles_come_a_report_is_over_our_data_and_nothing_is_left_over(
        troubles in prop::collection::vec(
            prop_oneof![
                Just(Trouble::None),
                Just(Trouble::RacedBefore),
                Just(Trouble::RacedAfter),
                Just(Trouble::LostWrite),
                (0..40_i32).prop_map(Trouble::Make),
                (0..40_i32).prop_map(|error| Trouble::Write(Attribute::InBlob, error)),
                (0..40_i32).prop_map(|error| Trouble::Read(Attribute::OutBlob, error)),
                (0..40_i32).prop_map(|error| Trouble::Read(Attribute::AuxBlob, error)),
            ],
            0..8,
        ),
        snp in any::<bool>(),
    ) {
        let (report, _, left_over) = one_report(Kernel::of(if snp { SNP } else { TDX }), &troubles);
        prop_assert_eq!(left_over, 0);
        if let Ok(report) = report {
            prop_assert!(report.ends_with(&DATA));
        }
    }

    #[test]
    fn no_answer_of_the_kernel_panics(
        provider in prop::collection::vec(any::<u8>(), 0..80),
        floor in "[0-9+-]{0,22}\n?",
        auxblob in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let provider: &'static [u8] = match provider.len() % 3 {
            0 => SNP,
            1 => TDX,
            _ => Box::leak(provider.into_boxed_slice()),
        };
        let kernel = Kernel { floor: Box::leak(floor.into_bytes().into_boxed_slice()), auxblob, ..Kernel::of(provider) };
        let clock = Asleep::default();
        if let Ok(collector) = open(&kernel, &clock) {
            prop_assert!(matches!(collector.provider(), Provider::SevGuest | Provider::TdxGuest));
            let _ = collector.report(&DATA);
        }
        prop_assert_eq!(kernel.left_over(), 0);
    }
}
