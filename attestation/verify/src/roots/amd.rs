//! AMD's published certificates, one set per product.

use crate::snp::{Product, common_name_of};

/// One product's certificates: the pinned root, and the two authorities that AMD publishes beside it. The authorities
/// are there so that an auditor needs nothing but the key's certificate; they are verified like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmdRoot<'a> {
    /// AMD root key (ARK).
    pub(crate) root: &'a [u8],
    /// AMD SEV key (ASK) and AMD SEV VLEK key (ASVK), where they are built in.
    pub(crate) authorities: Option<[&'a [u8]; 2]>,
}

/// ARK, ASK and ASVK.
type Published = [&'static [u8]; 3];

const MILAN: Published = [
    include_bytes!("amd_ark_milan.der"),
    include_bytes!("amd_ask_milan.der"),
    include_bytes!("amd_asvk_milan.der"),
];
const GENOA: Published = [
    include_bytes!("amd_ark_genoa.der"),
    include_bytes!("amd_ask_genoa.der"),
    include_bytes!("amd_asvk_genoa.der"),
];
const TURIN: Published = [
    include_bytes!("amd_ark_turin.der"),
    include_bytes!("amd_ask_turin.der"),
    include_bytes!("amd_asvk_turin.der"),
];

/// SHA-256 of AMD's certificates (DER) as its key distribution service gives them: ARK, ASK and ASVK of each product.
pub const AMD_CERTIFICATES_SHA256: [(Product, [&str; 3]); 3] = [
    (
        Product::Milan,
        [
            "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd",
            "67d303bd3905fd38db8b20e0793699870e7fa612eaad5dec358293fd8c0bac1b",
            "c5e081f59b7efab1fe2f8b505e159704e72f29cab7ef7cf628a05a42439082f5",
        ],
    ),
    (
        Product::Genoa,
        [
            "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1",
            "5464738c1546aed5f2cecf1dc98c5c960a92e8913238a61711bc90ec6e828521",
            "197e610743a917d6b9bb982a5a9226ccc0a15b611be0619e626aca9151457372",
        ],
    ),
    (
        Product::Turin,
        [
            "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a",
            "5b77ef5fe7a7a004fd9032668fba9d0fda22f88c4442069a479636a6ae3b3185",
            "104e10a8bd060a3c20a434261a57d0588fd65a88915b4f65b08bdecaf8df1a3c",
        ],
    ),
];

impl<'a> AmdRoot<'a> {
    /// A root whose authorities have to be given.
    pub(crate) const fn alone(root: &'a [u8]) -> Self {
        Self {
            root,
            authorities: None,
        }
    }
}

impl AmdRoot<'static> {
    /// AMD's own for this product.
    pub(crate) const fn published(product: Product) -> Self {
        let [root, ask, asvk] = published(product);
        Self {
            root,
            authorities: Some([ask, asvk]),
        }
    }

    /// Whether a certificate is called a root of this product.
    pub(crate) fn is_for(certificate: &[u8], product: Product) -> bool {
        common_name_of(certificate).is_some_and(|name| name == format!("ARK-{product}"))
    }

    /// All of AMD's certificates that are built in.
    pub(crate) fn all_published() -> impl Iterator<Item = &'static [u8]> {
        Product::ALL.into_iter().flat_map(published)
    }
}

const fn published(product: Product) -> Published {
    match product {
        Product::Milan => MILAN,
        Product::Genoa => GENOA,
        Product::Turin => TURIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roots::fingerprint;

    #[test]
    fn the_embedded_amd_certificates_have_the_published_fingerprints() {
        for (product, fingerprints) in AMD_CERTIFICATES_SHA256 {
            assert_eq!(published(product).map(fingerprint), fingerprints, "{product}");
        }
    }
}
