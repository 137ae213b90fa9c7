//! What evidence is judged by: the time, the roots, the collateral and the policy that the auditor names.

use crate::collateral;
use crate::command_line::{RuleOptions, TrustOptions};
use crate::output::{InputError, read};
use orv_verify::{Collateral, MAXIMUM_POLICY, Policy, PolicyDocument, Roots, UnixTime};
use std::path::Path;
use std::time::SystemTime;

/// What evidence is judged by.
pub(crate) struct Trust {
    /// The moment that was asked for.
    pub(crate) at: Option<UnixTime>,
    /// Files that were given.
    pub(crate) collateral: Collateral,
    /// The rules.
    pub(crate) policy: Policy,
    /// SHA-256 of the rules' file; none for the built-in rules.
    pub(crate) policy_hash: Option<[u8; 32]>,
    /// Pinned roots, and the simulator's where they were asked for.
    pub(crate) roots: Roots,
}

impl Trust {
    /// Reads what the options name.
    pub(crate) fn read(options: &TrustOptions) -> Result<Self, InputError> {
        Self::at(options.at, &options.rules)
    }

    /// The same, for a moment that is not the auditor's to choose.
    pub(crate) fn at(at: Option<UnixTime>, options: &RuleOptions) -> Result<Self, InputError> {
        let (policy, policy_hash) = match &options.policy {
            None => (Policy::built_in(), None),
            Some(path) => policy(path)?,
        };
        Ok(Self {
            at,
            collateral: collateral::read_all(&options.collateral)?,
            policy,
            policy_hash,
            // The simulator's own roots are tested to be roots; without them less is believed, never more.
            roots: match options.allow_simulated {
                true => orv_attester::Trust::Simulator
                    .roots()
                    .unwrap_or_else(|_| Roots::production()),
                false => Roots::production(),
            },
        })
    }

    /// The moment to judge at: the one asked for, or the computer's.
    pub(crate) fn moment(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = UnixTime::from_seconds(since.map_or(0, |since| since.as_secs()));
        self.at.unwrap_or(now)
    }
}

/// A policy by its file's hash, for people.
pub(crate) fn policy_text(hash: Option<&str>) -> String {
    match hash {
        Some(hash) => format!("the policy with SHA-256 {hash}"),
        None => "the built-in policy, which asks for no measurement and nobody's identity".to_owned(),
    }
}

fn policy(path: &Path) -> Result<(Policy, Option<[u8; 32]>), InputError> {
    let document = PolicyDocument::parse(&read(path, MAXIMUM_POLICY)?).map_err(|error| InputError::Content {
        path: path.to_owned(),
        what: "a policy",
        cause: error.to_string(),
    })?;
    Ok((document.policy, Some(document.sha256)))
}
