//! Collateral opened, and then believed: TCB information, the quoting enclave's identity, revocation lists.

use dcap_qvl::{QeIdentity, TcbInfo};
use orv_evidence::UnixTime;

use super::certificate::Certificate;
use super::chain::{Chain, Outside, both, moment};
use super::revocation::RevocationList;
use super::signature::signed_fixed;
use super::{TdxCollateral, TdxError, TdxPart};
use crate::{Validity, instant};

/// Longest signed JSON, in bytes. Intel's have below 16,000.
const MAXIMUM_JSON: usize = 1 << 20;

/// Collateral that parses. Nothing in it is believed yet.
pub(super) struct Opened<'a> {
    collateral: &'a TdxCollateral,
    pub(super) fmspc: [u8; 6],
    pub(super) issued: UnixTime,
    pub(super) platform_list: RevocationList,
    root_list: RevocationList,
    tcb_info: TcbInfo,
    identity: QeIdentity,
    tcb_signer: Chain,
    /// None where the same chain stands for both.
    identity_signer: Option<Chain>,
    /// Each part with the time in which it is valid.
    parts: Vec<(TdxPart, Validity)>,
}

/// Collateral that Intel published, while it is valid.
pub(super) struct Published {
    pub(super) tcb_info: TcbInfo,
    pub(super) identity: QeIdentity,
    pub(super) fmspc: [u8; 6],
    pub(super) pce_id: [u8; 2],
    pub(super) issued: UnixTime,
    /// Serial numbers of the certificates that signed it.
    pub(super) signers: Vec<Vec<u8>>,
    pub(super) root_list: RevocationList,
    /// Its signature is checked with the quote's own authority.
    pub(super) platform_list: RevocationList,
    pub(super) validity: Validity,
}

impl<'a> Opened<'a> {
    pub(super) fn open(collateral: &'a TdxCollateral, root: &Certificate) -> Result<Self, TdxError> {
        let tcb_info: TcbInfo = json(&collateral.tcb_info, TdxPart::TcbInfo)?;
        let identity: QeIdentity = json(&collateral.qe_identity, TdxPart::QuotingEnclaveIdentity)?;
        let root_list = RevocationList::parse(&collateral.root_ca_crl, TdxPart::RootList)?;
        let platform_list = RevocationList::parse(&collateral.pck_crl, TdxPart::PlatformList)?;
        let signer = |text: &str| {
            Chain::parse(text.as_bytes(), 0, root).map_err(|cause| TdxError::Chain {
                of: TdxPart::Signer,
                cause,
            })
        };
        let tcb_signer = signer(&collateral.tcb_info_issuer_chain)?;
        let identity_signer = if collateral.qe_identity_issuer_chain == collateral.tcb_info_issuer_chain {
            None
        } else {
            Some(signer(&collateral.qe_identity_issuer_chain)?)
        };
        let span = dates(&tcb_info.issue_date, &tcb_info.next_update, TdxPart::TcbInfo)?;
        let identity_span = dates(
            &identity.issue_date,
            &identity.next_update,
            TdxPart::QuotingEnclaveIdentity,
        )?;
        let mut parts = vec![
            (TdxPart::TcbInfo, span),
            (TdxPart::QuotingEnclaveIdentity, identity_span),
            (TdxPart::RootList, root_list.validity),
            (TdxPart::PlatformList, platform_list.validity),
            (TdxPart::Root, root.validity),
            (TdxPart::Signer, tcb_signer.leaf.validity),
        ];
        parts.extend(
            identity_signer
                .as_ref()
                .map(|chain| (TdxPart::Signer, chain.leaf.validity)),
        );
        Ok(Self {
            collateral,
            fmspc: decoded(&tcb_info.fmspc, TdxPart::TcbInfo)?,
            issued: span.not_before,
            platform_list,
            root_list,
            tcb_info,
            identity,
            tcb_signer,
            identity_signer,
            parts,
        })
    }

    /// Whether every part is valid at `now`, give or take the clock skew.
    pub(super) fn current(&self, now: UnixTime) -> Result<(), TdxError> {
        for (part, validity) in &self.parts {
            let (part, validity) = (*part, *validity);
            moment(validity, now).map_err(|outside| match outside {
                Outside::Expired => TdxError::Expired { part, validity, now },
                Outside::FromTheFuture => TdxError::FromTheFuture { part, validity, now },
            })?;
        }
        Ok(())
    }

    /// Believes it, when everything in it is signed under `root` and valid at `now`.
    pub(super) fn believe(self, root: &Certificate, now: UnixTime) -> Result<Published, TdxError> {
        self.current(now)?;
        let validity = self
            .parts
            .iter()
            .fold(root.validity, |span, (_, part)| both(span, *part));
        let at = moment(validity, now).unwrap_or(now);
        self.root_list.issued_by(root)?;
        self.root_list.allows(root, TdxPart::Root)?;
        let signer = self.identity_signer.as_ref().unwrap_or(&self.tcb_signer);
        for chain in [&self.tcb_signer].into_iter().chain(self.identity_signer.as_ref()) {
            chain.follow(root, at).map_err(|cause| TdxError::Chain {
                of: TdxPart::Signer,
                cause,
            })?;
            self.root_list.allows(&chain.leaf, TdxPart::Signer)?;
        }
        let collateral = self.collateral;
        signed(
            &self.tcb_signer.leaf,
            &collateral.tcb_info,
            &collateral.tcb_info_signature,
            TdxPart::TcbInfo,
        )?;
        signed(
            &signer.leaf,
            &collateral.qe_identity,
            &collateral.qe_identity_signature,
            TdxPart::QuotingEnclaveIdentity,
        )?;
        let signers = [Some(&self.tcb_signer), self.identity_signer.as_ref()];
        let signers = signers
            .into_iter()
            .flatten()
            .map(|chain| chain.leaf.serial.clone())
            .collect();
        let mut tcb_info = self.tcb_info;
        kinds(&tcb_info, &self.identity)?;
        let mut identity = self.identity;
        super::tcb::sort(&mut tcb_info, &mut identity);
        Ok(Published {
            fmspc: self.fmspc,
            pce_id: decoded(&tcb_info.pce_id, TdxPart::TcbInfo)?,
            tcb_info,
            identity,
            issued: self.issued,
            signers,
            root_list: self.root_list,
            platform_list: self.platform_list,
            validity,
        })
    }
}

/// TCB information and identity must be for TDX: an SGX platform's are signed by the same hand.
fn kinds(tcb_info: &TcbInfo, identity: &QeIdentity) -> Result<(), TdxError> {
    if tcb_info.id != "TDX" || tcb_info.version != 3 || tcb_info.tcb_type != 0 {
        return Err(TdxError::Kind {
            part: TdxPart::TcbInfo,
            found: format!(
                "{:?} version {} type {}",
                tcb_info.id, tcb_info.version, tcb_info.tcb_type
            ),
        });
    }
    if identity.id != "TD_QE" || !matches!(identity.version, 2 | 3) {
        return Err(TdxError::Kind {
            part: TdxPart::QuotingEnclaveIdentity,
            found: format!("{:?} version {}", identity.id, identity.version),
        });
    }
    Ok(())
}

/// The signature is over the very text: it is never written anew.
fn signed(signer: &Certificate, text: &str, signature: &str, part: TdxPart) -> Result<(), TdxError> {
    let signature: [u8; 64] = decoded(signature, part)?;
    if signed_fixed(&signer.public_key, text.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(TdxError::CollateralSignature(part))
    }
}

fn json<T: serde::de::DeserializeOwned>(text: &str, part: TdxPart) -> Result<T, TdxError> {
    if text.len() > MAXIMUM_JSON {
        return Err(TdxError::Malformed {
            part,
            cause: format!("{} bytes are too long", text.len()),
        });
    }
    serde_json::from_str(text).map_err(|error| TdxError::Malformed {
        part,
        cause: error.to_string(),
    })
}

fn dates(from: &str, until: &str, part: TdxPart) -> Result<Validity, TdxError> {
    let read = |text: &str| {
        instant(text).map_err(|error| TdxError::Malformed {
            part,
            cause: error.to_string(),
        })
    };
    Ok(Validity {
        not_before: read(from)?,
        not_after: read(until)?,
    })
}

/// Hexadecimal digits in whatever case: bytes are compared, never digits.
pub(super) fn decoded<const N: usize>(digits: &str, part: TdxPart) -> Result<[u8; N], TdxError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|error| TdxError::Malformed {
        part,
        cause: format!("{digits:?}: {error}"),
    })?;
    Ok(bytes)
}
