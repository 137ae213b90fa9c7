//! What an auditor hands in, read and not yet believed.

use crate::collateral;
use crate::command_line::TrustOptions;
use crate::output::{InputError, read};
use orv_evidence::{Envelope, MAXIMUM_ENVELOPE, Platform};
use orv_simulator::root_der;
use orv_verify::{Collateral, ExpectedBinding, MAXIMUM_POLICY, Policy, PolicyDocument, Roots, UnixTime, recognise};
use std::path::Path;
use std::time::SystemTime;

/// What is judged, and by what.
pub(crate) struct Given {
    /// The vendor's bytes.
    pub(crate) evidence: Vec<u8>,
    /// The envelope they came in.
    pub(crate) envelope: Option<Envelope>,
    /// Whose they look like; none when like nobody's.
    pub(crate) platform: Option<Platform>,
    /// What they must be bound to: the envelope's own words, for its parts to be held against each other.
    pub(crate) expected: Option<ExpectedBinding>,
    /// Files that were given, and what the envelope carries.
    pub(crate) collateral: Collateral,
    /// The envelope's collateral could not be read.
    pub(crate) unreadable_hint: Option<String>,
    /// The rules.
    pub(crate) policy: Policy,
    /// SHA-256 of the rules' file.
    pub(crate) policy_hash: Option<[u8; 32]>,
    /// The moment to judge at.
    pub(crate) at: UnixTime,
    /// Pinned roots, and the simulator's where they were asked for.
    pub(crate) roots: Roots,
}

impl Given {
    /// Reads all files; tells an envelope from raw bytes by content.
    pub(crate) fn read(file: &Path, trust: &TrustOptions) -> Result<Self, InputError> {
        let bytes = read(file, MAXIMUM_ENVELOPE)?;
        let mut collateral = collateral::read_all(&trust.collateral)?;
        let (policy, policy_hash) = policy(trust)?;
        let envelope = Envelope::decode(&bytes).ok();
        let hint = envelope.as_ref().and_then(|envelope| envelope.collateral.as_deref());
        // Anybody may have put it there, so it may be nonsense without making the evidence wrong.
        let unreadable_hint = hint.and_then(|hint| collateral.add(hint).err().map(|error| error.to_string()));
        let (platform, expected) = match &envelope {
            Some(envelope) => (Some(envelope.platform), Some(ExpectedBinding::To(envelope.binding()))),
            None => {
                let platform = recognise(&bytes).map(|platform| as_asked(platform, trust));
                (platform, platform.map(ExpectedBinding::Unknown))
            }
        };
        Ok(Self {
            evidence: envelope.as_ref().map_or(bytes, |envelope| envelope.evidence.clone()),
            envelope,
            platform,
            expected,
            collateral,
            unreadable_hint,
            policy,
            policy_hash,
            at: trust.at.unwrap_or_else(now),
            roots: roots(trust),
        })
    }
}

/// Raw bytes do not say that they are simulated; whoever asks for it says so.
const fn as_asked(platform: Platform, trust: &TrustOptions) -> Platform {
    match (trust.allow_simulated, platform) {
        (true, Platform::Nitro) => Platform::SimNitro,
        (true, Platform::Tdx) => Platform::SimTdx,
        (true, Platform::Snp) => Platform::SimSnp,
        (_, platform) => platform,
    }
}

fn policy(trust: &TrustOptions) -> Result<(Policy, Option<[u8; 32]>), InputError> {
    let Some(path) = &trust.policy else {
        return Ok((Policy::built_in(), None));
    };
    let document = PolicyDocument::parse(&read(path, MAXIMUM_POLICY)?).map_err(|error| InputError::Content {
        path: path.clone(),
        what: "a policy",
        cause: error.to_string(),
    })?;
    Ok((document.policy, Some(document.sha256)))
}

fn roots(trust: &TrustOptions) -> Roots {
    if !trust.allow_simulated {
        return Roots::production();
    }
    Roots::with_simulator(root_der()).unwrap_or_else(|_| Roots::production())
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime::from_seconds(since.map_or(0, |since| since.as_secs()))
}
