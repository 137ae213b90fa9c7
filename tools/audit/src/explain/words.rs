//! What each platform and each check means, in words for somebody who never read a specification.

use orv_evidence::Platform;
use orv_verify::{Authority, CheckName};

/// What the bytes are.
pub(super) const fn form(platform: Platform) -> &'static str {
    match platform {
        Platform::Nitro | Platform::SimNitro => "an attestation document of an AWS Nitro enclave",
        Platform::Tdx | Platform::SimTdx => "a quote of an Intel TDX trust domain",
        Platform::Snp | Platform::SimSnp => "an attestation report of an AMD SEV-SNP guest",
    }
}

/// Whose word everything rests on.
pub(super) const fn vendor(platform: Platform) -> &'static str {
    match platform {
        Platform::Nitro => "Amazon, whose hypervisor and root certificate these are",
        Platform::Tdx => "Intel, whose processor, module and root certificate these are",
        Platform::Snp => "AMD, whose secure processor and root certificate these are",
        Platform::SimNitro | Platform::SimTdx | Platform::SimSnp => {
            "nobody: the simulator's private key is published, and anybody can make this"
        }
    }
}

/// Whose word a field is.
pub(super) const fn authority(authority: Authority) -> &'static str {
    match authority {
        Authority::Hardware => "hardware",
        Authority::Host => "host",
        Authority::Guest => "program",
        Authority::Endorsement => "endorsement",
        Authority::Nobody => "nobody",
    }
}

/// What trusting this platform takes that no evidence of it can show (attestation reference, g).
pub(super) const fn limits(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Nitro | Platform::SimNitro => &[
            "Amazon's own hypervisor, key service and staff are inside what is trusted; nothing here encrypts memory \
             against them",
        ],
        Platform::Tdx | Platform::SimTdx => &[
            "devices between processor and memory have extracted attestation keys of this platform (TEE.fail); no quote \
             can show that one is in place, so the place and its owner matter",
            "what the host hands in at run time (tables, devices, time) is as hostile as any network",
        ],
        Platform::Snp | Platform::SimSnp => &[
            "on Milan, software alone can extract the chip's root secret (BadFuse), whatever firmware is reported; Milan \
             is a weaker tier",
            "devices between processor and memory have read and rewritten guests (Battering RAM, WireTap); no report can \
             show that one is in place",
            "the host moves pages and sees ciphertext unless the platform hides it (Heracles)",
        ],
    }
}

/// What it says when this check passed.
pub(super) const fn meaning(name: CheckName) -> &'static str {
    match name {
        CheckName::Format => "the bytes are one well-formed piece of evidence",
        CheckName::CertificateChain => "its certificates lead to the vendor's root and were valid at that time",
        CheckName::DocumentTime => "its own time lies in its certificates' time",
        CheckName::DocumentSignature => "the certified key signed exactly this, and not a bit was changed since",
        CheckName::Revocation => "none of the certificates was revoked",
        CheckName::EndorsedFirmware => "the signing key stands for the firmware that is reported",
        CheckName::EndorsedChip => "the signing key belongs to the chip that is reported, or to a provider",
        CheckName::EndorsedProduct => "certificate and processor are of one product",
        CheckName::Collateral => "Intel's information on the platform is signed, current, and for this platform",
        CheckName::QuotingEnclave => "Intel's quoting enclave vouches for the key that signed",
        CheckName::TcbLevel => "the platform's firmware is at a level that Intel lists and did not revoke",
        CheckName::DebugMode => "the host cannot look inside through a debugger",
        CheckName::Attributes => "no switch without a known meaning is on",
        CheckName::SeptVeDisable => "the host cannot take memory away under the running program unseen",
        CheckName::Migratable | CheckName::MigrationAgent => "nobody may move the running program elsewhere unseen",
        CheckName::PerformanceCounters => "performance counters, which leak what runs, are as asked",
        CheckName::TcbStatus => "the platform's firmware is in a state that the policy takes",
        CheckName::EvaluationDataNumber => "Intel's information is not an old one kept in use",
        CheckName::ServiceDomain => "no other domain serves this one, unless it is listed",
        CheckName::Features => "the processor's features are those allowed",
        CheckName::MrConfigId | CheckName::MrOwner | CheckName::MrOwnerConfig | CheckName::HostData => {
            "what the host chose at launch is what the policy expects"
        }
        CheckName::PlatformInstance | CheckName::Chip => "this very machine is on the policy's list",
        CheckName::EventLog => "an event log explains the run-time registers",
        CheckName::ParentInstance => "the parent instance is the one that the name says",
        CheckName::GuestPolicy => "the guest was launched under the switches that the policy asks for",
        CheckName::AbiVersion => "the firmware has the interface that the guest asks for",
        CheckName::PlatformInformation => "the machine is set up as the policy asks",
        CheckName::TcbOrder => "the firmware cannot be rolled back below what is reported",
        CheckName::TcbFloor | CheckName::FirmwareVersion => "the firmware is not older than the policy allows",
        CheckName::Product => "the processor's product is on the policy's list",
        CheckName::PrivilegeLevel => "the report was asked from the expected level inside the guest",
        CheckName::GuestSvn => "the guest's security version is not older than the policy allows",
        CheckName::IdKey | CheckName::AuthorKey => "the launch was authorised by a listed key",
        CheckName::FamilyId | CheckName::ImageId => "the launch carries a listed name",
        CheckName::Provider => "the cloud provider is on the policy's list",
        CheckName::Measurement => "the measured program is one that the policy names",
        CheckName::Tier => "the platform is of a tier that the policy takes",
        CheckName::Age => "it is not older than the policy allows",
        CheckName::Freshness => "what this rests on stays valid for as long as asked",
        CheckName::Challenge => "it answers the challenge in its envelope",
        CheckName::PublicKey => "the key in its envelope is a key",
        CheckName::BindingDigest => "it was made for exactly the key, challenge and context in its envelope",
        _ => "a check that this program has no words for yet; its detail says what was seen",
    }
}
