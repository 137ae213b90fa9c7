//! The four small enumerations that a signed statement carries, with their numbers on chain.

/// What an attempt ended with (DESIGN 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// The score reaches the incumbent's plus the margin.
    Approve = 1,
    /// A clear failure to improve, and nothing else.
    Reject = 2,
    /// Everything that is neither; it settles nothing.
    Inconclusive = 3,
}

/// How the metric behaved, which is proved by running and never declared (DESIGN 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MetricKind {
    /// The reference reproduced its score on chain exactly and the candidate gave one value twice.
    Exact = 1,
    /// Anything else: judged by intervals of paired ratios.
    Timed = 2,
}

/// Who could have written the metric (DESIGN 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MetricChannel {
    /// A judge in a container of its own.
    Split = 1,
    /// The process that also runs the candidate's code: the weaker tier.
    Shared = 2,
}

/// What the platform's cycle counter is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PlatformTier {
    /// No hardware behind it: development only.
    Simulated = 0,
    /// The host cannot bend the counter: TDX, SEV-SNP with SecureTSC measured in, Nitro.
    TrustedCounter = 1,
    /// The host can bend the counter; timed metrics do not count here.
    WeakCounter = 2,
}

/// A number that names no value of the enumeration it was read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{number} is no {enumeration}")]
pub struct UnknownNumber {
    /// The enumeration that was asked.
    pub enumeration: &'static str,
    /// The number that it does not have.
    pub number: u8,
}

macro_rules! numbered {
    ($name:ident, $label:literal, $($variant:ident),+) => {
        impl From<$name> for u8 {
            fn from(value: $name) -> u8 {
                value as u8
            }
        }

        impl TryFrom<u8> for $name {
            type Error = UnknownNumber;

            fn try_from(number: u8) -> Result<Self, UnknownNumber> {
                $(if number == $name::$variant as u8 {
                    return Ok($name::$variant);
                })+
                Err(UnknownNumber { enumeration: $label, number })
            }
        }
    };
}

numbered!(Verdict, "verdict", Approve, Reject, Inconclusive);
numbered!(MetricKind, "metric kind", Exact, Timed);
numbered!(MetricChannel, "metric channel", Split, Shared);
numbered!(PlatformTier, "platform tier", Simulated, TrustedCounter, WeakCounter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_and_others_are_refused() {
        for verdict in [Verdict::Approve, Verdict::Reject, Verdict::Inconclusive] {
            assert_eq!(Verdict::try_from(u8::from(verdict)), Ok(verdict));
        }
        assert_eq!(
            Verdict::try_from(0),
            Err(UnknownNumber {
                enumeration: "verdict",
                number: 0
            })
        );
        assert_eq!(PlatformTier::try_from(0), Ok(PlatformTier::Simulated));
        assert!(PlatformTier::try_from(3).is_err());
    }
}
