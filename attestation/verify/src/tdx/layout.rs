//! A quote laid open, for `explain`.

use super::attributes::TdAttributes;
use super::body::FIELDS;
use super::quote::Quote;
use super::{TdxError, pem};
use crate::{Authority, Field};

/// Every field of a quote with its bytes' place. Reading proves nothing.
pub(crate) fn fields(evidence: &[u8]) -> Result<Vec<Field>, TdxError> {
    let quote = Quote::parse(evidence)?;
    let mut fields = header(&quote);
    let size = quote.body_type.size();
    let body = quote.signed.len().saturating_sub(size);
    for field in FIELDS.iter().take_while(|field| field.at < size) {
        let begin = body.saturating_add(field.at);
        let bytes = begin..begin.saturating_add(field.length);
        let mut value = hex::encode(evidence.get(bytes.clone()).unwrap_or_default());
        if field.name == "td_attributes" {
            value.push_str(&attributes(quote.report.td_attributes));
        }
        fields.push(Field {
            name: field.name,
            bytes,
            value,
            authority: field.authority,
        });
    }
    fields.extend(endorsements(&quote));
    if quote.trailing > 0 {
        fields.push(Field {
            name: "trailing",
            bytes: quote.canonical.len()..evidence.len(),
            value: format!("{} bytes that are no part of the quote", quote.trailing),
            authority: Authority::Nobody,
        });
    }
    Ok(fields)
}

fn header(quote: &Quote<'_>) -> Vec<Field> {
    let field = |name, bytes, value: String| Field {
        name,
        bytes,
        value,
        authority: Authority::Hardware,
    };
    let mut fields = vec![
        field("version", 0..2, quote.version.to_string()),
        field("ak_type", 2..4, "2, ECDSA on P-256".to_owned()),
        field("tee_type", 4..8, "0x81, a trust domain".to_owned()),
        field("reserved", 8..12, "once the versions of two enclaves".to_owned()),
        field("qe_vendor", 12..28, "Intel".to_owned()),
        field("user_data", 28..48, hex::encode(quote.user_data)),
    ];
    if quote.version == 5 {
        fields.push(field("body_type", 48..50, quote.body_type.number().to_string()));
        fields.push(field("body_size", 50..54, quote.body_type.size().to_string()));
    }
    fields
}

/// Signatures and what vouches for them, with the sizes between them.
fn endorsements(quote: &Quote<'_>) -> Vec<Field> {
    let chain = match pem::certificates(quote.chain) {
        Ok(certificates) => format!("{} certificates, the platform's first", certificates.len()),
        Err(error) => format!("unreadable: {error}"),
    };
    let text = str::to_owned;
    let parts = [
        ("signature_size", 4, text("what follows, in bytes")),
        ("signature", 64, text("over header and body, by the attestation key")),
        ("attestation_key", 64, hex::encode(quote.attestation_key)),
        (
            "certification",
            6,
            text("type 6: a report of the quoting enclave; its size"),
        ),
        (
            "qe_report",
            384,
            text("of the quoting enclave, which vouches for the attestation key"),
        ),
        (
            "qe_report_signature",
            64,
            text("over that report, by the platform's key"),
        ),
        ("qe_authentication_size", 2, quote.authentication.len().to_string()),
        (
            "qe_authentication",
            quote.authentication.len(),
            hex::encode(quote.authentication),
        ),
        (
            "chain_certification",
            6,
            text("type 5: a chain of certificates; its size"),
        ),
        ("certificate_chain", quote.chain.len(), chain),
    ];
    let mut begin = quote.signed.len();
    let mut fields = Vec::with_capacity(parts.len());
    for (name, length, value) in parts {
        let end = begin.saturating_add(length);
        fields.push(Field {
            name,
            bytes: begin..end,
            value,
            authority: Authority::Endorsement,
        });
        begin = end;
    }
    fields
}

fn attributes(bytes: [u8; 8]) -> String {
    let attributes = TdAttributes::from_bytes(bytes);
    let mut names: Vec<&str> = [
        (TdAttributes::UNDER_DEBUG, "UNDER DEBUG"),
        (TdAttributes::SEPT_VE_DISABLE, "SEPT_VE_DISABLE"),
        (TdAttributes::MIGRATABLE, "MIGRATABLE"),
        (TdAttributes::SERVICE_TD_EXTENSION, "SERVTD_EXT"),
        (TdAttributes::PERFMON, "PERFMON"),
    ]
    .into_iter()
    .filter(|(bit, _)| attributes.has(*bit))
    .map(|(_, name)| name)
    .collect();
    names.extend(attributes.informational());
    if names.is_empty() {
        String::new()
    } else {
        format!(" ({})", names.join(", "))
    }
}
