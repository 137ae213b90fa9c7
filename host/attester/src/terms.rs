//! What attesters must agree on: every signature is over the very same end and number of verdicts.

use orv_evidence::UnixTime;
use serde::{Deserialize, Serialize};

use crate::AdmissionDecision;

/// What an operator asks to be granted. Attesters judge at different moments and by different rules, so each alone would
/// grant another end; the least that all grant is asked of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdmissionTerms {
    /// End of the admission, in Unix seconds.
    pub expires_at: u64,
    /// Verdicts the key may sign.
    pub verdicts: u32,
}

/// More is asked than is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A later end than the evidence, its collateral and the policy allow.
    #[error("an end at {asked} is asked, at most {granted} is granted")]
    Life {
        /// Asked, in Unix seconds.
        asked: u64,
        /// Granted, in Unix seconds.
        granted: u64,
    },
    /// More verdicts than the policy allows, or none.
    #[error("{asked} verdicts are asked, 1 to {granted} are granted")]
    Verdicts {
        /// Asked.
        asked: u32,
        /// Granted.
        granted: u32,
    },
}

impl AdmissionDecision {
    /// What this decision grants.
    pub const fn terms(&self) -> AdmissionTerms {
        AdmissionTerms {
            expires_at: self.expires_at.seconds(),
            verdicts: self.verdicts,
        }
    }

    /// The same decision with no more than `terms`.
    ///
    /// # Errors
    /// [`TermsError`]: an admission never outlives its evidence, its collateral or the policy's life (DESIGN 5.4).
    pub fn under(mut self, terms: AdmissionTerms) -> Result<Self, TermsError> {
        let granted = self.terms();
        if terms.expires_at > granted.expires_at {
            return Err(TermsError::Life {
                asked: terms.expires_at,
                granted: granted.expires_at,
            });
        }
        if terms.verdicts == 0 || terms.verdicts > granted.verdicts {
            return Err(TermsError::Verdicts {
                asked: terms.verdicts,
                granted: granted.verdicts,
            });
        }
        self.expires_at = UnixTime::from_seconds(terms.expires_at);
        self.verdicts = terms.verdicts;
        Ok(self)
    }
}
