//! The quoting enclave: that it is Intel's, and that it vouches for the key that signed the quote.

use dcap_qvl::{QeIdentity, TcbStatusWithAdvisory};
use ring::digest::{Context, SHA256};

use super::quote::Quote;
use super::reader::Reader;
use super::tcb::allowed;
use super::{QuoteError, TdxError, TdxPart};

/// The fields of a quoting enclave's report (Intel SGX report body) that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnclaveReport {
    misc_select: [u8; 4],
    attributes: [u8; 16],
    pub(super) mr_signer: [u8; 32],
    pub(super) product: u16,
    pub(super) version: u16,
    report_data: [u8; 64],
}

impl EnclaveReport {
    pub(super) fn parse(bytes: &[u8; 384]) -> Result<Self, QuoteError> {
        let mut reader = Reader::new(bytes);
        reader.take(16, "quoting enclave CPUSVN")?;
        let misc_select = *reader.array("quoting enclave MISCSELECT")?;
        reader.take(28, "reserved")?;
        let attributes = *reader.array("quoting enclave ATTRIBUTES")?;
        reader.take(64, "quoting enclave MRENCLAVE")?;
        let mr_signer = *reader.array("quoting enclave MRSIGNER")?;
        reader.take(96, "reserved")?;
        let product = reader.u16("quoting enclave ISVPRODID")?;
        let version = reader.u16("quoting enclave ISVSVN")?;
        reader.take(60, "reserved")?;
        Ok(Self {
            misc_select,
            attributes,
            mr_signer,
            product,
            version,
            report_data: *reader.array("quoting enclave report data")?,
        })
    }

    /// Its report data is the hash of the attestation key and the authentication data, and zeros.
    pub(super) fn vouches_for(&self, quote: &Quote<'_>) -> Result<(), TdxError> {
        let mut context = Context::new(&SHA256);
        context.update(quote.attestation_key);
        context.update(quote.authentication);
        let (hash, rest) = self.report_data.split_at(32);
        if context.finish().as_ref() == hash && rest == [0; 32] {
            Ok(())
        } else {
            Err(TdxError::AttestationKey)
        }
    }

    /// Compares it with the published identity; gives the status of its version.
    pub(super) fn identify(&self, identity: &QeIdentity) -> Result<TcbStatusWithAdvisory, TdxError> {
        equal("MRSIGNER", &self.mr_signer, &identity.mrsigner)?;
        equal(
            "ISVPRODID",
            &self.product.to_be_bytes(),
            &identity.isvprodid.to_be_bytes(),
        )?;
        // The identity prints MISCSELECT as the number's digits in memory order, see Intel's own verifier.
        equal(
            "MISCSELECT",
            &masked(self.misc_select, identity.miscselect_mask),
            &masked(identity.miscselect, identity.miscselect_mask),
        )?;
        equal(
            "ATTRIBUTES",
            &masked(self.attributes, identity.attributes_mask),
            &masked(identity.attributes, identity.attributes_mask),
        )?;
        let level = identity
            .tcb_levels
            .iter()
            .find(|level| self.version >= level.tcb.isvsvn)
            .ok_or_else(|| TdxError::NoTcbLevel(format!("the quoting enclave's version {}", self.version)))?;
        allowed(level.tcb_status, TdxPart::QuotingEnclaveIdentity)?;
        Ok(TcbStatusWithAdvisory::new(level.tcb_status, level.advisory_ids.clone()))
    }
}

fn masked<const N: usize>(bytes: [u8; N], mask: [u8; N]) -> [u8; N] {
    let mut masked = bytes;
    for (byte, mask) in masked.iter_mut().zip(mask) {
        *byte &= mask;
    }
    masked
}

fn equal(field: &'static str, found: &[u8], expected: &[u8]) -> Result<(), TdxError> {
    if found == expected {
        return Ok(());
    }
    Err(TdxError::QuotingEnclave {
        field,
        found: hex::encode(found),
        expected: hex::encode(expected),
    })
}
