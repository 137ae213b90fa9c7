//! The certificate of the key that signs reports: VCEK or VLEK.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::BasicConstraints;

use super::super::{EndorsementKind, Link, Octets, Product, SnpError, Tcb};
use super::X509;
use super::extension::{
    BOOT_LOADER, Extensions, FMC, MICROCODE, PRODUCT_NAME, PROVIDER, RESERVED_4, RESERVED_5, RESERVED_6, RESERVED_7,
    SNP, TEE,
};
use crate::Validity;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What AMD certifies about the key that signs reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCertificate {
    /// A chip's or a provider's.
    pub kind: EndorsementKind,
    /// The line of products, by the issuer's name.
    pub product: Product,
    /// The product as the certificate spells it, such as `Milan-B0`.
    pub product_name: String,
    /// Common name of the subject.
    pub subject: String,
    /// Common name of the issuer.
    pub issuer: String,
    /// The serial number, hexadecimal. AMD gives every key the same: 0.
    pub serial_number: String,
    /// When the certificate is valid.
    pub validity: Validity,
    /// SHA-256 of the certificate.
    pub fingerprint: Octets<32>,
    /// The firmware that the key stands for, in the product's order of bytes.
    pub tcb_bytes: Octets<8>,
    /// The chip that the key is derived on; a VLEK has none.
    pub hardware_id: Option<Vec<u8>>,
    /// The cloud provider (CSP) that AMD gave the key to; a VCEK has none.
    pub provider: Option<String>,
    /// P-384, uncompressed SEC1.
    pub public_key: Vec<u8>,
}

impl KeyCertificate {
    /// Reads what AMD says, before anybody knows that AMD says it.
    pub(in super::super) fn read(certificate: &X509<'_>, kind: EndorsementKind) -> Result<Self, SnpError> {
        let link = Link::Key(kind);
        let contents = &certificate.contents;
        let issuer = certificate.issuer().unwrap_or_default();
        let product = kind.product_of(&issuer).ok_or_else(|| SnpError::Issuer {
            certificate: link,
            found: issuer.clone(),
            expected: format!("{} and a known product", kind.authority_prefix()),
        })?;
        let extensions = Extensions::new(contents.extensions.as_ref(), link)?;
        let malformed = |error: x509_cert::der::Error| SnpError::Malformed {
            certificate: link,
            cause: error.to_string(),
        };
        let constraints = contents.get::<BasicConstraints>().map_err(malformed)?;
        if constraints.is_some_and(|(_, constraints)| constraints.ca) {
            return Err(SnpError::Usage(link));
        }
        Ok(Self {
            kind,
            product,
            product_name: extensions
                .text(PRODUCT_NAME, "productName")?
                .ok_or(SnpError::MissingExtension("productName"))?,
            subject: kind.common_name().to_owned(),
            issuer,
            serial_number: hex::encode(contents.serial_number.as_bytes()),
            validity: certificate.validity(),
            fingerprint: Octets::sha256(certificate.der),
            tcb_bytes: tcb(&extensions, product)?,
            hardware_id: extensions.hardware_id(product.chip_id_size())?,
            provider: extensions.text(PROVIDER, "cspID")?,
            public_key: public_key(certificate, link)?,
        })
    }

    /// The firmware that the key stands for.
    pub const fn tcb(&self) -> Tcb {
        Tcb::decode(self.tcb_bytes, self.product)
    }
}

/// The version numbers in the order of the eight bytes of a TCB version, so that they compare as a whole.
fn tcb(extensions: &Extensions<'_>, product: Product) -> Result<Octets<8>, SnpError> {
    let boot_loader = extensions.number(BOOT_LOADER, "blSPL")?;
    let tee = extensions.number(TEE, "teeSPL")?;
    let snp = extensions.number(SNP, "snpSPL")?;
    let microcode = extensions.number(MICROCODE, "ucodeSPL")?;
    let five = extensions.reserved(RESERVED_5, "spl_5")?;
    let six = extensions.reserved(RESERVED_6, "spl_6")?;
    let seven = extensions.reserved(RESERVED_7, "spl_7")?;
    Ok(Octets(match product {
        Product::Milan | Product::Genoa => {
            let four = extensions.reserved(RESERVED_4, "spl_4")?;
            [boot_loader, tee, four, five, six, seven, snp, microcode]
        }
        Product::Turin => {
            let fmc = extensions.number(FMC, "fmcSPL")?;
            [fmc, boot_loader, tee, snp, five, six, seven, microcode]
        }
    }))
}

fn public_key(certificate: &X509<'_>, link: Link) -> Result<Vec<u8>, SnpError> {
    let key = &certificate.contents.subject_public_key_info;
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as().ok());
    let bytes = key.subject_public_key.as_bytes();
    match bytes {
        Some(bytes) if key.algorithm.oid == EC_PUBLIC_KEY && curve == Some(SECP384R1) => Ok(bytes.to_vec()),
        _ => Err(SnpError::Malformed {
            certificate: link,
            cause: "not a P-384 key".to_owned(),
        }),
    }
}
