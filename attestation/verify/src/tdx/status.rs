//! How Intel calls the state of a platform's TCB.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How Intel calls the state of a platform's TCB, the quoting enclave's or both together. `Revoked` is none of these:
/// what a revoked platform signs is not authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TcbStatus {
    /// Nothing newer is published.
    UpToDate,
    /// Up to date, while software inside has to defend itself against what the advisories name.
    #[serde(rename = "SWHardeningNeeded")]
    SoftwareHardeningNeeded,
    /// Up to date, while the platform's configuration may weaken it.
    ConfigurationNeeded,
    /// Both.
    #[serde(rename = "ConfigurationAndSWHardeningNeeded")]
    ConfigurationAndSoftwareHardeningNeeded,
    /// Something newer is published, for the advisories named.
    OutOfDate,
    /// Out of date, and configuration needed.
    OutOfDateConfigurationNeeded,
    /// Launched out of date on a platform that has been updated since.
    #[serde(rename = "TDRelaunchAdvised")]
    RelaunchAdvised,
    /// The same, and configuration needed.
    #[serde(rename = "TDRelaunchAdvisedConfigurationNeeded")]
    RelaunchAdvisedConfigurationNeeded,
}

impl TcbStatus {
    /// Intel's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "UpToDate",
            Self::SoftwareHardeningNeeded => "SWHardeningNeeded",
            Self::ConfigurationNeeded => "ConfigurationNeeded",
            Self::ConfigurationAndSoftwareHardeningNeeded => "ConfigurationAndSWHardeningNeeded",
            Self::OutOfDate => "OutOfDate",
            Self::OutOfDateConfigurationNeeded => "OutOfDateConfigurationNeeded",
            Self::RelaunchAdvised => "TDRelaunchAdvised",
            Self::RelaunchAdvisedConfigurationNeeded => "TDRelaunchAdvisedConfigurationNeeded",
        }
    }

    /// Intel's status as claims may have it; none for `Revoked`.
    pub(super) const fn of(status: dcap_qvl::TcbStatus) -> Option<Self> {
        use dcap_qvl::TcbStatus as S;
        Some(match status {
            S::UpToDate => Self::UpToDate,
            S::SWHardeningNeeded => Self::SoftwareHardeningNeeded,
            S::ConfigurationNeeded => Self::ConfigurationNeeded,
            S::ConfigurationAndSWHardeningNeeded => Self::ConfigurationAndSoftwareHardeningNeeded,
            S::OutOfDate => Self::OutOfDate,
            S::OutOfDateConfigurationNeeded => Self::OutOfDateConfigurationNeeded,
            S::TDRelaunchAdvised => Self::RelaunchAdvised,
            S::TDRelaunchAdvisedConfigurationNeeded => Self::RelaunchAdvisedConfigurationNeeded,
            S::Revoked => return None,
        })
    }

    /// The status of a domain that was launched in this one, on a platform that is in `current` now. Intel's verifier
    /// overlooks a platform that fell behind its launch; here the worse of the two stands.
    pub(super) fn relaunched(self, current: Self) -> Self {
        let out_of_date = |status| matches!(status, Self::OutOfDate | Self::OutOfDateConfigurationNeeded);
        let configuration = |status| {
            matches!(
                status,
                Self::ConfigurationNeeded
                    | Self::ConfigurationAndSoftwareHardeningNeeded
                    | Self::OutOfDateConfigurationNeeded
            )
        };
        if out_of_date(current) && !out_of_date(self) {
            current
        } else if !out_of_date(self) || out_of_date(current) {
            self
        } else if configuration(self) || configuration(current) {
            Self::RelaunchAdvisedConfigurationNeeded
        } else {
            Self::RelaunchAdvised
        }
    }

    /// Whether the domain began on something that was out of date: worth a dated grace at most.
    pub(super) const fn is_outdated(self) -> bool {
        matches!(
            self,
            Self::OutOfDate
                | Self::OutOfDateConfigurationNeeded
                | Self::RelaunchAdvised
                | Self::RelaunchAdvisedConfigurationNeeded
        )
    }

    /// Whether what the advisories name is left to the software inside.
    pub(super) const fn needs_hardening(self) -> bool {
        matches!(
            self,
            Self::SoftwareHardeningNeeded | Self::ConfigurationAndSoftwareHardeningNeeded
        )
    }
}

impl fmt::Display for TcbStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::TcbStatus as S;

    #[test]
    fn a_relaunch_is_advised_when_only_the_launch_was_out_of_date() {
        assert_eq!(S::OutOfDate.relaunched(S::UpToDate), S::RelaunchAdvised);
        assert_eq!(S::OutOfDate.relaunched(S::SoftwareHardeningNeeded), S::RelaunchAdvised);
        assert_eq!(
            S::OutOfDate.relaunched(S::ConfigurationNeeded),
            S::RelaunchAdvisedConfigurationNeeded
        );
        assert_eq!(
            S::OutOfDateConfigurationNeeded.relaunched(S::UpToDate),
            S::RelaunchAdvisedConfigurationNeeded
        );
        assert_eq!(S::OutOfDate.relaunched(S::OutOfDate), S::OutOfDate);
        assert_eq!(S::UpToDate.relaunched(S::UpToDate), S::UpToDate);
        assert_eq!(S::UpToDate.relaunched(S::OutOfDate), S::OutOfDate);
    }
}
