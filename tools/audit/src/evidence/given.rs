//! What an auditor hands in, read and not yet believed.

use crate::command_line::TrustOptions;
use crate::output::{InputError, read};
use crate::trust::Trust;
use orv_evidence::{Envelope, Platform};
use orv_receipt::{DatedCollateral, MAX_RECEIPT, Receipt};
use orv_verify::{Collateral, ExpectedBinding, UnixTime, Verified, VerifyError, claimed_time, recognise, verify};
use std::path::Path;

/// What is judged, and by what.
pub(crate) struct Given {
    /// What the file is.
    pub(crate) form: Form,
    /// The vendor's bytes.
    pub(crate) evidence: Vec<u8>,
    /// The envelope they came in.
    pub(crate) envelope: Option<Envelope>,
    /// Whose they look like; none when like nobody's.
    pub(crate) platform: Option<Platform>,
    /// Files that were given, and what the envelope carries.
    pub(crate) collateral: Collateral,
    /// Collateral of the envelope, or beside it in a receipt, that could not be read.
    pub(crate) unreadable_hint: Option<String>,
    /// The moment to judge at.
    pub(crate) at: UnixTime,
    /// The rest of what it is judged by.
    pub(crate) trust: Trust,
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The vendor's bytes alone.
    Raw,
    /// Our envelope around them.
    Envelope,
    /// A receipt, whose envelope is looked at.
    Receipt,
}

impl Given {
    /// Reads all files; tells raw bytes, an envelope and a receipt by content.
    pub(crate) fn read(file: &Path, options: &TrustOptions) -> Result<Self, InputError> {
        let bytes = read(file, MAX_RECEIPT)?;
        let trust = Trust::read(options)?;
        let (form, envelope, beside) = open(&bytes);
        let mut collateral = trust.collateral.clone();
        let hint = envelope.as_ref().and_then(|envelope| envelope.collateral.as_deref());
        // Anybody may have put it there, so it may be nonsense without making the evidence wrong.
        let hints = hint.into_iter().chain(beside.iter().flat_map(DatedCollateral::pieces));
        let unreadable_hint = hints.filter_map(|hint| collateral.add(hint).err()).last();
        let unreadable_hint = unreadable_hint.map(|error| error.to_string());
        // A receipt is judged at the time that its evidence names, as `receipt` does.
        let named = envelope.as_ref().filter(|_| form == Form::Receipt);
        let named = named.and_then(|envelope| claimed_time(&envelope.evidence, envelope.platform).ok());
        let at = trust.at.or(named).unwrap_or_else(|| trust.moment());
        Ok(Self {
            form,
            platform: match &envelope {
                Some(envelope) => Some(envelope.platform),
                None => recognise(&bytes).map(|platform| as_asked(platform, options)),
            },
            evidence: envelope.as_ref().map_or(bytes, |envelope| envelope.evidence.clone()),
            envelope,
            collateral,
            unreadable_hint,
            at,
            trust,
        })
    }

    /// The verification; none when the bytes are nobody's evidence.
    pub(crate) fn verify(&self) -> Option<Result<Verified, VerifyError>> {
        // The envelope's parts are held against each other. Whether they are the right ones is not known here.
        let expected = match &self.envelope {
            Some(envelope) => ExpectedBinding::To(envelope.binding()),
            None => ExpectedBinding::Unknown(self.platform?),
        };
        let Trust { roots, policy, .. } = &self.trust;
        Some(verify(
            &self.evidence,
            &self.collateral,
            self.at,
            roots,
            policy,
            &expected,
        ))
    }
}

/// What the file is, the envelope in it, and what a receipt carries beside that.
fn open(bytes: &[u8]) -> (Form, Option<Envelope>, Option<DatedCollateral>) {
    if let Ok(envelope) = Envelope::decode(bytes) {
        return (Form::Envelope, Some(envelope), None);
    }
    let opened = Receipt::decode(bytes).ok().and_then(|receipt| {
        let envelope = Envelope::decode(&receipt.envelope).ok()?;
        Some((envelope, receipt.collateral))
    });
    match opened {
        Some((envelope, collateral)) => (Form::Receipt, Some(envelope), collateral),
        None => (Form::Raw, None, None),
    }
}

/// Raw bytes do not say that they are simulated; whoever asks for it says so.
const fn as_asked(platform: Platform, options: &TrustOptions) -> Platform {
    match (options.rules.allow_simulated, platform) {
        (true, Platform::Nitro) => Platform::SimNitro,
        (true, Platform::Tdx) => Platform::SimTdx,
        (true, Platform::Snp) => Platform::SimSnp,
        (_, platform) => platform,
    }
}
