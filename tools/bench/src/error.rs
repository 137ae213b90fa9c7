//! Why there are no figures.

use crate::{attestation, content, operator, runner, verdict};

/// A benchmark that could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The container's.
    #[error("runner: {0}")]
    Runner(#[from] runner::RunnerBenchError),
    /// The content's.
    #[error("content: {0}")]
    Content(#[from] content::ContentBenchError),
    /// The attestation's.
    #[error("attestation: {0}")]
    Attestation(#[from] attestation::AttestationBenchError),
    /// The verdict's.
    #[error("verdict: {0}")]
    Verdict(#[from] verdict::VerdictBenchError),
    /// The operator's.
    #[error("operator: {0}")]
    Operator(#[from] operator::OperatorBenchError),
}

impl BenchError {
    /// The stable code, listed in docs/errors.md.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Runner(_) => "ORV-B-001",
            Self::Content(_) => "ORV-B-002",
            Self::Verdict(_) => "ORV-B-003",
            Self::Attestation(_) => "ORV-B-004",
            Self::Operator(_) => "ORV-B-005",
        }
    }
}
