//! The platform whose key vouches for the quoting enclave.

use orv_evidence::UnixTime;
use x509_cert::name::Name;

use super::certificate::Certificate;
use super::chain::{Chain, Outside, both, moment};
use super::name::shown;
use super::platform::PlatformExtension;
use super::published::Published;
use super::{TdxError, TdxPart};
use crate::roots::fingerprint;
use crate::{ChainError, Validity};

/// A quote's chain as it was given.
pub(super) struct Claimed {
    chain: Chain,
    pub(super) platform: PlatformExtension,
}

/// A platform that the pinned root endorses and nobody revoked.
pub(super) struct Endorsed {
    pub(super) platform: PlatformExtension,
    /// The key that signs the quoting enclave's reports.
    pub(super) public_key: Vec<u8>,
    /// In which the platform's certificates are valid, and everything that was published about it.
    pub(super) validity: Validity,
    pub(super) certificate_validity: Validity,
    pub(super) serial: Vec<u8>,
    pub(super) issuer: String,
    /// Subjects, the platform's first.
    pub(super) subjects: Vec<String>,
    pub(super) root_sha256: String,
}

impl Claimed {
    pub(super) fn parse(text: &[u8], root: &Certificate) -> Result<Self, TdxError> {
        let chain = Chain::parse(text, 1, root).map_err(of_platform)?;
        let extension = chain
            .leaf
            .extension()
            .ok_or_else(|| TdxError::PlatformExtension("it has no platform extension".to_owned()))?;
        Ok(Self {
            platform: PlatformExtension::parse(extension)?,
            chain,
        })
    }

    /// The platform certificate's issuer.
    pub(super) const fn authority(&self) -> &Name {
        &self.chain.leaf.issuer
    }

    pub(super) const fn leaf(&self) -> &Certificate {
        &self.chain.leaf
    }

    /// The authority's own certificate.
    pub(super) fn authority_certificate(&self) -> Option<&Certificate> {
        self.chain.intermediates.first()
    }

    /// Follows the chain and looks both certificates up in the lists that cover them.
    pub(super) fn endorse(
        &self,
        published: &Published,
        root: &Certificate,
        now: UnixTime,
    ) -> Result<Endorsed, TdxError> {
        let chain = &self.chain;
        let span = chain.validity(root);
        let at = moment(span, now).map_err(|outside| {
            of_platform(match outside {
                Outside::Expired => ChainError::Expired {
                    not_after: span.not_after,
                    now,
                },
                Outside::FromTheFuture => ChainError::NotYetValid {
                    not_before: span.not_before,
                    now,
                },
            })
        })?;
        chain.follow(root, at).map_err(of_platform)?;
        let authority = self
            .authority_certificate()
            .ok_or_else(|| of_platform(ChainError::Order(0)))?;
        published.root_list.allows(authority, TdxPart::PlatformAuthority)?;
        published.platform_list.issued_by(authority)?;
        published
            .platform_list
            .allows(&chain.leaf, TdxPart::PlatformCertificate)?;
        Ok(Endorsed {
            platform: self.platform.clone(),
            validity: both(span, published.validity),
            certificate_validity: chain.leaf.validity,
            issuer: shown(&chain.leaf.issuer),
            subjects: [&chain.leaf, authority, root]
                .map(|certificate| shown(&certificate.subject))
                .to_vec(),
            root_sha256: fingerprint(&root.der),
            public_key: chain.leaf.public_key.clone(),
            serial: chain.leaf.serial.clone(),
        })
    }
}

fn of_platform(cause: ChainError) -> TdxError {
    TdxError::Chain {
        of: TdxPart::PlatformChain,
        cause,
    }
}
