//! What the collector of a Nitro Enclave asks, and what it makes of every answer. The module is a stand-in.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orv_evidence::nsm::{
    Description, DocumentField, DocumentFields, MAXIMUM_DOCUMENT, MAXIMUM_FIELD, MAXIMUM_MODULE_ID, NitroCollector,
    NsmError, Question, Refusal, RegisterDigest, SecurityModule,
};
use orv_evidence::{Binding, CollectError, Collector, Envelope, KeyOrigin, Platform, VERDICT_KEY};
use proptest::prelude::*;
use zeroize::Zeroizing;

/// Answers with what it was given, after `failures` internal errors.
#[derive(Debug, Default)]
struct StandIn {
    document: Vec<u8>,
    random: Vec<u8>,
    module_id: String,
    failures: Cell<u8>,
    refusal: Option<Refusal>,
    asked: Option<DocumentFields>,
}

impl StandIn {
    fn refuses(&self, question: Question) -> Result<(), NsmError> {
        if let Some(left) = self.failures.get().checked_sub(1) {
            self.failures.set(left);
            return Err(NsmError::Refused {
                question,
                refusal: Refusal::InternalError,
            });
        }
        self.refusal
            .map_or(Ok(()), |refusal| Err(NsmError::Refused { question, refusal }))
    }
}

impl SecurityModule for StandIn {
    fn attest(&mut self, fields: &DocumentFields) -> Result<Vec<u8>, NsmError> {
        self.refuses(Question::Attestation)?;
        self.asked = Some(fields.clone());
        // What the enclave asked for, one after the other, behind the canned document.
        Ok([&self.document, fields.nonce(), fields.public_key(), fields.user_data()].concat())
    }

    fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        self.refuses(Question::Random)?;
        Ok(self.random.clone().into())
    }

    fn describe(&mut self) -> Result<Description, NsmError> {
        self.refuses(Question::Description)?;
        Ok(Description {
            version: [1, 0, 0],
            module_id: self.module_id.clone(),
            registers: 32,
            locked: BTreeSet::from_iter(0..16),
            digest: RegisterDigest::Sha384,
        })
    }
}

fn binding(platform: Platform) -> Binding {
    Binding {
        platform,
        purpose: VERDICT_KEY.to_owned(),
        challenge: [0x11; 32],
        public_key: [4; 65],
        context: vec![0x22; 40],
    }
}

#[test]
fn the_document_carries_challenge_key_and_digest() {
    let binding = binding(Platform::Nitro);
    let collected = NitroCollector::new(StandIn::default())
        .collect(&binding)
        .expect("a document");
    let key = orv_evidence::subject_public_key_info(&binding.public_key);
    assert_eq!(
        collected.evidence,
        [&binding.challenge[..], &key, &binding.digest()].concat()
    );
    assert_eq!(collected.collateral, None, "the chain is inside the document");
    assert!(Envelope::seal(&binding, KeyOrigin::GeneratedInside, collected).is_ok());
}

#[test]
fn a_binding_of_another_platform_is_not_asked_for() {
    let collector = NitroCollector::new(StandIn::default());
    for platform in Platform::ALL
        .into_iter()
        .filter(|platform| *platform != Platform::Nitro)
    {
        assert!(matches!(
            collector.collect(&binding(platform)),
            Err(CollectError::WrongPlatform {
                own: Platform::Nitro,
                ..
            })
        ));
    }
}

#[test]
fn a_field_longer_than_the_real_module_takes_is_refused_here() {
    let longest = vec![0; MAXIMUM_FIELD];
    assert!(DocumentFields::new(longest.clone(), longest.clone(), longest).is_ok());
    let longer = vec![0; MAXIMUM_FIELD + 1];
    let refused = [
        DocumentFields::new(longer.clone(), vec![], vec![]),
        DocumentFields::new(vec![], longer.clone(), vec![]),
        DocumentFields::new(vec![], vec![], longer),
    ];
    let expected = [DocumentField::UserData, DocumentField::Nonce, DocumentField::PublicKey];
    for (refused, expected) in refused.into_iter().zip(expected) {
        assert!(matches!(
            refused,
            Err(NsmError::FieldTooLong { field, length: 1025 }) if field == expected
        ));
    }
}

#[test]
fn an_answer_of_no_possible_size_is_none() {
    let longer = StandIn {
        document: vec![0; MAXIMUM_DOCUMENT],
        random: vec![1; 31],
        module_id: "m".repeat(MAXIMUM_MODULE_ID + 1),
        ..StandIn::default()
    };
    let collector = NitroCollector::new(longer);
    assert!(matches!(
        collector.document(&binding(Platform::Nitro)),
        Err(NsmError::DocumentSize(_))
    ));
    assert!(matches!(collector.random(), Err(NsmError::RandomSize(31))));
    assert!(matches!(collector.describe(), Err(NsmError::DescriptionSize(257))));
    let empty = NitroCollector::new(StandIn::default());
    assert!(matches!(empty.random(), Err(NsmError::RandomSize(0))));
    assert!(matches!(empty.describe(), Err(NsmError::DescriptionSize(0))));
}

#[test]
fn an_internal_error_is_asked_again_and_three_are_an_error() {
    let module = |failures| {
        NitroCollector::new(StandIn {
            random: vec![7; 256],
            failures: Cell::new(failures),
            ..StandIn::default()
        })
    };
    assert_eq!(module(2).random().expect("the third answer").len(), 256);
    let refused = module(3).random().expect_err("three failures");
    assert_eq!(
        refused.to_string(),
        "the Nitro Security Module answered GetRandom with InternalError"
    );
}

#[test]
fn another_refusal_is_final() {
    let collector = NitroCollector::new(StandIn {
        refusal: Some(Refusal::InvalidOperation),
        ..StandIn::default()
    });
    let refused = collector.collect(&binding(Platform::Nitro)).expect_err("a refusal");
    assert!(matches!(
        refused,
        CollectError::Device {
            platform: Platform::Nitro,
            ..
        }
    ));
    assert!(
        refused
            .to_string()
            .ends_with("answered Attestation with InvalidOperation")
    );
}

/// Fails its test when two questions are in it at once.
struct Exclusive(Arc<AtomicBool>);

impl SecurityModule for Exclusive {
    fn attest(&mut self, _: &DocumentFields) -> Result<Vec<u8>, NsmError> {
        assert!(!self.0.swap(true, Ordering::SeqCst), "two questions at once");
        std::thread::yield_now();
        self.0.store(false, Ordering::SeqCst);
        Ok(vec![0x84])
    }

    fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        Err(NsmError::RandomSize(0))
    }

    fn describe(&mut self) -> Result<Description, NsmError> {
        Err(NsmError::DescriptionSize(0))
    }
}

#[test]
fn questions_of_many_threads_are_asked_one_after_the_other() {
    let collector = NitroCollector::new(Exclusive(Arc::default()));
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..50 {
                        collector.collect(&binding(Platform::Nitro)).expect("a document");
                    }
                })
            })
            .collect();
        assert!(askers.into_iter().all(|asker| asker.join().is_ok()));
    });
}

proptest! {
    #[test]
    fn no_answer_panics_and_every_accepted_one_is_in_bounds(
        document in prop::collection::vec(any::<u8>(), 0..20_000),
        random in prop::collection::vec(any::<u8>(), 0..600),
        module_id in ".{0,300}",
    ) {
        let collector = NitroCollector::new(StandIn { document, random, module_id, ..StandIn::default() });
        if let Ok(document) = collector.document(&binding(Platform::Nitro)) {
            prop_assert!(document.len() <= MAXIMUM_DOCUMENT);
        }
        if let Ok(random) = collector.random() {
            prop_assert!(random.len() >= 32);
        }
        if let Ok(description) = collector.describe() {
            prop_assert!(description.module_id.len() <= MAXIMUM_MODULE_ID);
        }
    }
}
