//! Why a decision is what it is: one table of codes, with a sentence for people beside each.

use std::fmt;

use super::trial::{Party, VoidCause};
use crate::document::NotJudgeable;
use crate::verdict::Verdict;

macro_rules! reasons {
    ($($variant:ident = $code:literal, $sentence:literal;)+) => {
        /// Why a decision is what it is. Two codes are reserved: an enclave that meets
        /// `wrong-bytes` or `cancelled` signs nothing. On chain a reason is its code in ASCII, padded with zeros to 32 bytes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(#[doc = $sentence] $variant,)+
        }

        impl Reason {
            /// The whole table.
            pub fn all() -> &'static [Reason] {
                &[$(Reason::$variant,)+]
            }

            /// The stable code: lower-case words joined by hyphens, at most 32 bytes.
            pub fn code(self) -> &'static str {
                match self {
                    $(Reason::$variant => $code,)+
                }
            }

            /// One sentence for people.
            pub fn explain(self) -> &'static str {
                match self {
                    $(Reason::$variant => $sentence,)+
                }
            }
        }
    };
}

reasons! {
    Improved = "improved", "The score reaches the incumbent's plus the margin.";
    NoImprovement = "no-improvement", "The score stays below the incumbent's plus the margin, whichever end of the measurement one takes.";

    IntervalStraddles = "interval-straddles", "The measurement is compatible with an improvement and with none.";
    ShortOfMargin = "short-of-margin", "The measurement stays below the margin and is no loss either: how large a gain looks can be bent from outside, whether there is one cannot.";
    SnapshotDisagrees = "snapshot-disagrees", "What the measurement says against the incumbent does not hold against the project's own snapshot.";
    ShadowDisagrees = "shadow-disagrees", "Two runs of the same code differ systematically, so the machine is not to be trusted with a comparison.";
    ZeroOrSign = "zero-or-sign", "A score is zero or changes its sign, so a relative change has no meaning.";
    JumpAboveBound = "jump-above-bound", "The improvement is larger than the project's published bound.";
    WeakCounter = "weak-counter", "The metric is timed and the platform's cycle counter is not trustworthy.";
    OrderTooLong = "order-too-long", "The order drawn from the secret needs more trials than the rule allows.";
    ScoreOutOfRange = "score-out-of-range", "A score that the rule needs does not fit its integer.";
    StolenTime = "stolen-time", "The machine was taken away during a trial for longer than the bound.";

    MinimisePositiveBaseline = "minimise-positive-baseline", "A project that minimises has a positive baseline on chain, so larger scores would be worse ones.";
    OddProjectState = "odd-project-state", "Baseline and incumbent on chain contradict each other.";
    NotEligible = "not-eligible", "The protocol does not call its project eligible.";
    NetworkDemanded = "network-demanded", "The protocol demands a network, and trials have none.";
    ExtractionUnsupported = "extraction-unsupported", "The protocol's way to extract the metric is its creator's own, which nobody else performs.";
    ProtocolMalformed = "protocol-malformed", "The project's protocol.json is refused.";
    ManifestMalformed = "manifest-malformed", "The project's openresearch.json is refused.";
    ProjectArchive = "project-archive", "The project's snapshot or benchmark archive is refused.";
    CandidateArchive = "candidate-archive", "The candidate's archive is refused.";
    CandidateTooLarge = "candidate-too-large", "The candidate is larger than the project or the enclave allows.";
    MissingBytes = "missing-bytes", "Bytes that a hash on chain names could not be had.";
    WrongBytes = "wrong-bytes", "The bytes delivered are not those that a hash on chain names.";
    ImageUnverifiable = "image-unverifiable", "The image is not pinned, not carried, or not what its digest says.";
    ReferenceSetup = "reference-setup", "The preparation of the project's own tree failed.";
    CandidateSetup = "candidate-setup", "The preparation of the candidate's tree failed.";
    JobLimit = "job-limit", "The job needs more time, trials or bytes than the measured image allows.";
    Cancelled = "cancelled", "The attempt was cancelled.";
    RunnerFault = "runner-fault", "The enclave's own runner failed.";

    CandidateExit = "candidate-exit", "The candidate's run ended with a non-zero exit code.";
    CandidateSignal = "candidate-signal", "The candidate's run was ended by a signal.";
    CandidateTimeout = "candidate-timeout", "The candidate's run reached its time limit.";
    CandidateCpu = "candidate-cpu", "The candidate's run reached its limit of processor time.";
    CandidateMemory = "candidate-memory", "The candidate's run reached its memory limit.";
    CandidateProcesses = "candidate-processes", "The candidate's run reached its limit of processes.";
    CandidateOutput = "candidate-output", "The candidate's run printed more than it may.";
    CandidateScratch = "candidate-scratch", "The candidate's run used up the room that it may write to.";
    MetricMissing = "metric-missing", "The candidate's run gave no metric.";
    MetricDoubled = "metric-doubled", "The candidate's run gave more than one metric.";
    MetricMalformed = "metric-malformed", "The candidate's metric is not a plain decimal.";
    MetricOutOfRange = "metric-out-of-range", "The candidate's metric is too large for a score.";
    EarlyAnswer = "early-answer", "The candidate answered before it was asked.";
    ExchangeBroken = "exchange-broken", "The candidate broke the exchange with the judge.";
    JudgeFailed = "judge-failed", "The judge failed while it judged the candidate.";

    ReferenceExit = "reference-exit", "The reference's run ended with a non-zero exit code.";
    ReferenceSignal = "reference-signal", "The reference's run was ended by a signal.";
    ReferenceTimeout = "reference-timeout", "The reference's run reached its time limit.";
    ReferenceCpu = "reference-cpu", "The reference's run reached its limit of processor time.";
    ReferenceMemory = "reference-memory", "The reference's run reached its memory limit.";
    ReferenceProcesses = "reference-processes", "The reference's run reached its limit of processes.";
    ReferenceOutput = "reference-output", "The reference's run printed more than it may.";
    ReferenceScratch = "reference-scratch", "The reference's run used up the room that it may write to.";
    ReferenceMetricMissing = "reference-metric-missing", "The reference's run gave no metric.";
    ReferenceMetricDoubled = "reference-metric-doubled", "The reference's run gave more than one metric.";
    ReferenceMetricMalformed = "reference-metric-malformed", "The reference's metric is not a plain decimal.";
    ReferenceMetricOutOfRange = "reference-metric-out-of-range", "The reference's metric is too large for a score.";
    ReferenceEarlyAnswer = "reference-early-answer", "The reference answered before it was asked.";
    ReferenceExchangeBroken = "reference-exchange-broken", "The reference broke the exchange with the judge.";
    ReferenceJudgeFailed = "reference-judge-failed", "The judge failed while it judged the reference.";
}

impl Reason {
    /// The only verdict that this reason is given for.
    pub fn verdict(self) -> Verdict {
        match self {
            Reason::Improved => Verdict::Approve,
            Reason::NoImprovement => Verdict::Reject,
            _ => Verdict::Inconclusive,
        }
    }

    /// The code as the statement carries it.
    pub fn bytes32(self) -> [u8; 32] {
        let mut word = [0; 32];
        for (byte, letter) in word.iter_mut().zip(self.code().bytes()) {
            *byte = letter;
        }
        word
    }

    /// The reason that a statement carries, `None` where this version of the rule has no such code.
    pub fn from_bytes32(word: &[u8; 32]) -> Option<Reason> {
        Reason::all().iter().copied().find(|reason| reason.bytes32() == *word)
    }

    /// Why a trial that does not count ends the attempt.
    pub(crate) fn of_void(party: Party, cause: VoidCause) -> Reason {
        use Party::{Candidate, Reference};
        match (cause, party) {
            (VoidCause::ExitCode(_), Candidate) => Reason::CandidateExit,
            (VoidCause::ExitCode(_), Reference) => Reason::ReferenceExit,
            (VoidCause::Signal(_), Candidate) => Reason::CandidateSignal,
            (VoidCause::Signal(_), Reference) => Reason::ReferenceSignal,
            (VoidCause::Timeout, Candidate) => Reason::CandidateTimeout,
            (VoidCause::Timeout, Reference) => Reason::ReferenceTimeout,
            (VoidCause::CpuLimit, Candidate) => Reason::CandidateCpu,
            (VoidCause::CpuLimit, Reference) => Reason::ReferenceCpu,
            (VoidCause::MemoryLimit, Candidate) => Reason::CandidateMemory,
            (VoidCause::MemoryLimit, Reference) => Reason::ReferenceMemory,
            (VoidCause::ProcessLimit, Candidate) => Reason::CandidateProcesses,
            (VoidCause::ProcessLimit, Reference) => Reason::ReferenceProcesses,
            (VoidCause::OutputLimit, Candidate) => Reason::CandidateOutput,
            (VoidCause::OutputLimit, Reference) => Reason::ReferenceOutput,
            (VoidCause::ScratchLimit, Candidate) => Reason::CandidateScratch,
            (VoidCause::ScratchLimit, Reference) => Reason::ReferenceScratch,
            (VoidCause::MetricMissing, Candidate) => Reason::MetricMissing,
            (VoidCause::MetricMissing, Reference) => Reason::ReferenceMetricMissing,
            (VoidCause::MetricDoubled, Candidate) => Reason::MetricDoubled,
            (VoidCause::MetricDoubled, Reference) => Reason::ReferenceMetricDoubled,
            (VoidCause::MetricMalformed, Candidate) => Reason::MetricMalformed,
            (VoidCause::MetricMalformed, Reference) => Reason::ReferenceMetricMalformed,
            (VoidCause::MetricOutOfRange, Candidate) => Reason::MetricOutOfRange,
            (VoidCause::MetricOutOfRange, Reference) => Reason::ReferenceMetricOutOfRange,
            (VoidCause::EarlyAnswer, Candidate) => Reason::EarlyAnswer,
            (VoidCause::EarlyAnswer, Reference) => Reason::ReferenceEarlyAnswer,
            (VoidCause::ProtocolViolation, Candidate) => Reason::ExchangeBroken,
            (VoidCause::ProtocolViolation, Reference) => Reason::ReferenceExchangeBroken,
            (VoidCause::JudgeFailed, Candidate) => Reason::JudgeFailed,
            (VoidCause::JudgeFailed, Reference) => Reason::ReferenceJudgeFailed,
            (VoidCause::MetricUnsupported, _) => Reason::ExtractionUnsupported,
        }
    }
}

impl From<NotJudgeable> for Reason {
    fn from(cause: NotJudgeable) -> Reason {
        match cause {
            NotJudgeable::NotEligible(_) => Reason::NotEligible,
            NotJudgeable::NetworkDemanded => Reason::NetworkDemanded,
            NotJudgeable::ExtractionUnsupported(_) => Reason::ExtractionUnsupported,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
