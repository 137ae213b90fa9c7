//! The checks by name, and how each ended.

use std::fmt;

use serde::Serialize;

/// One step of a verification, by name. Those up to [`CheckName::TcbLevel`] decide authenticity, the others
/// acceptability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckName {
    /// The bytes are one well-formed piece of evidence, and nothing else.
    Format,
    /// The certificates lead to the pinned root, each allowed to do what it does, all valid at the time asked.
    CertificateChain,
    /// The document's own time lies in its certificates' time and not in the future.
    DocumentTime,
    /// The leaf key signed the document.
    DocumentSignature,
    /// No certificate was revoked.
    Revocation,
    /// SNP: the signing key stands for the firmware that the report names.
    EndorsedFirmware,
    /// SNP: the signing key is of the chip that the report names, or of a provider.
    EndorsedChip,
    /// SNP: certificate and processor are of one product.
    EndorsedProduct,
    /// TDX: Intel's collateral is signed, current, and for the quote's platform.
    Collateral,
    /// TDX: the quoting enclave is Intel's, and vouches for the key that signed the quote.
    QuotingEnclave,
    /// TDX: the platform is at a level that Intel lists and did not revoke.
    TcbLevel,
    /// The environment was not debuggable by its host.
    DebugMode,
    /// TDX: no attribute without a known meaning is set.
    Attributes,
    /// TDX: the host cannot take pages away under the running domain.
    SeptVeDisable,
    /// TDX: no other domain may take this one's state elsewhere.
    Migratable,
    /// TDX: performance counters are used as the policy asks.
    PerformanceCounters,
    /// TDX: the policy takes the state that Intel calls the platform's TCB.
    TcbStatus,
    /// TDX: the collateral is not older than the policy's evaluation data number.
    EvaluationDataNumber,
    /// TDX: no service domain is bound but those on the policy's list.
    ServiceDomain,
    /// TDX: the processor's extended features are within the policy's.
    Features,
    /// TDX: the host's configuration value is the policy's.
    MrConfigId,
    /// TDX: the host's owner value is the policy's.
    MrOwner,
    /// TDX: the host's value for the owner's configuration is the policy's.
    MrOwnerConfig,
    /// TDX: the platform is on the policy's list.
    PlatformInstance,
    /// TDX: an event log explains the runtime registers.
    EventLog,
    /// The parent instance's register agrees with the module's name.
    ParentInstance,
    /// SNP: nobody but a migration agent that the policy names may move the guest.
    MigrationAgent,
    /// SNP: the guest policy's bits are as the policy asks.
    GuestPolicy,
    /// SNP: the firmware has the version of the ABI that the guest asks for.
    AbiVersion,
    /// SNP: the platform information's bits are as the policy asks.
    PlatformInformation,
    /// SNP: the firmware that is reported was committed.
    TcbOrder,
    /// SNP: no state of the firmware is below the policy's floor.
    TcbFloor,
    /// SNP: the firmware's version is not below the policy's.
    FirmwareVersion,
    /// SNP: the product is on the policy's list.
    Product,
    /// SNP: the report was asked from the policy's privilege level.
    PrivilegeLevel,
    /// SNP: the guest's security version is not below the policy's.
    GuestSvn,
    /// SNP: the host's data is on the policy's list.
    HostData,
    /// SNP: the identity block's key is on the policy's list.
    IdKey,
    /// SNP: the author's key is on the policy's list.
    AuthorKey,
    /// SNP: the family is on the policy's list.
    FamilyId,
    /// SNP: the image is on the policy's list.
    ImageId,
    /// SNP: the cloud provider whose key signed is on the policy's list.
    Provider,
    /// SNP: the chip is on the policy's list.
    Chip,
    /// The measurement is on the policy's list.
    Measurement,
    /// The platform's tier is on the policy's list.
    Tier,
    /// The document is not older than the policy allows.
    Age,
    /// What the verification stands on is valid for as long as the policy asks.
    Freshness,
    /// The evidence answers the verifier's challenge.
    Challenge,
    /// The evidence carries the expected public key, which is a point on its curve.
    PublicKey,
    /// The evidence carries the recomputed binding digest.
    BindingDigest,
}

impl CheckName {
    /// The name as it is printed and serialised.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::CertificateChain => "certificate-chain",
            Self::DocumentTime => "document-time",
            Self::DocumentSignature => "document-signature",
            Self::Revocation => "revocation",
            Self::EndorsedFirmware => "endorsed-firmware",
            Self::EndorsedChip => "endorsed-chip",
            Self::EndorsedProduct => "endorsed-product",
            Self::MigrationAgent => "migration-agent",
            Self::GuestPolicy => "guest-policy",
            Self::AbiVersion => "abi-version",
            Self::PlatformInformation => "platform-information",
            Self::TcbOrder => "tcb-order",
            Self::TcbFloor => "tcb-floor",
            Self::FirmwareVersion => "firmware-version",
            Self::Product => "product",
            Self::PrivilegeLevel => "privilege-level",
            Self::GuestSvn => "guest-svn",
            Self::HostData => "host-data",
            Self::IdKey => "id-key",
            Self::AuthorKey => "author-key",
            Self::FamilyId => "family-id",
            Self::ImageId => "image-id",
            Self::Provider => "provider",
            Self::Chip => "chip",
            Self::Collateral => "collateral",
            Self::QuotingEnclave => "quoting-enclave",
            Self::TcbLevel => "tcb-level",
            Self::DebugMode => "debug-mode",
            Self::Attributes => "attributes",
            Self::SeptVeDisable => "sept-ve-disable",
            Self::Migratable => "migratable",
            Self::PerformanceCounters => "performance-counters",
            Self::TcbStatus => "tcb-status",
            Self::EvaluationDataNumber => "evaluation-data-number",
            Self::ServiceDomain => "service-domain",
            Self::Features => "features",
            Self::MrConfigId => "mr-config-id",
            Self::MrOwner => "mr-owner",
            Self::MrOwnerConfig => "mr-owner-config",
            Self::PlatformInstance => "platform-instance",
            Self::EventLog => "event-log",
            Self::ParentInstance => "parent-instance",
            Self::Measurement => "measurement",
            Self::Tier => "tier",
            Self::Age => "age",
            Self::Freshness => "freshness",
            Self::Challenge => "challenge",
            Self::PublicKey => "public-key",
            Self::BindingDigest => "binding-digest",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// Looked at, and as it must be.
    Pass,
    /// Looked at, and not as it must be.
    Fail,
    /// Not looked at; the detail says why.
    Skipped,
}

/// One step of a verification and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which step.
    pub name: CheckName,
    /// How it ended.
    pub result: CheckResult,
    /// What was seen, for a person.
    pub detail: String,
}

impl Check {
    pub(crate) fn pass(name: CheckName, detail: impl Into<String>) -> Self {
        Self {
            name,
            result: CheckResult::Pass,
            detail: detail.into(),
        }
    }

    pub(crate) fn fail(name: CheckName, detail: impl Into<String>) -> Self {
        Self {
            name,
            result: CheckResult::Fail,
            detail: detail.into(),
        }
    }

    pub(crate) fn skipped(name: CheckName, detail: impl Into<String>) -> Self {
        Self {
            name,
            result: CheckResult::Skipped,
            detail: detail.into(),
        }
    }
}
