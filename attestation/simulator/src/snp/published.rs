//! The simulated roots and authorities, with their published private keys. Made once by `examples/mint_amd.rs`.

use orv_evidence::UnixTime;

use super::certificate::{self, Kind};
use super::{Product, Vendor};
use crate::x509::{Authority, KeyKind, KeyPair, SimulatorError, ToBeSigned};

/// 2020-01-01 and 2049-12-31T23:59:59.
const VALIDITY: (UnixTime, UnixTime) = (
    UnixTime::from_seconds(1_577_836_800),
    UnixTime::from_seconds(2_524_607_999),
);

/// Certificate and **PRIVATE KEY, PUBLISHED ON PURPOSE**: anyone may sign anything with it, and that is the point.
struct Published {
    certificate: &'static [u8],
    key: &'static [u8],
}

macro_rules! published {
    ($product:literal, $authority:literal) => {
        Published {
            certificate: include_bytes!(concat!("published/", $product, "/", $authority, ".der")),
            key: include_bytes!(concat!(
                "published/",
                $product,
                "/",
                $authority,
                "_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8"
            )),
        }
    };
}

/// ARK, ASK, ASVK.
const MILAN: [Published; 3] = [
    published!("milan", "ark"),
    published!("milan", "ask"),
    published!("milan", "asvk"),
];
const GENOA: [Published; 3] = [
    published!("genoa", "ark"),
    published!("genoa", "ask"),
    published!("genoa", "asvk"),
];
const TURIN: [Published; 3] = [
    published!("turin", "ark"),
    published!("turin", "ask"),
    published!("turin", "asvk"),
];

const fn of(product: Product) -> &'static [Published; 3] {
    match product {
        Product::Milan => &MILAN,
        Product::Genoa => &GENOA,
        Product::Turin => &TURIN,
    }
}

/// The simulated root of a product, DER: what a verifier must be given explicitly to accept SIMULATED reports.
pub const fn root_der(product: Product) -> &'static [u8] {
    let [ark, _, _] = of(product);
    ark.certificate
}

pub(super) fn vendor(product: Product) -> Result<Vendor, SimulatorError> {
    let [ark, ask, asvk] = of(product);
    let open = |published: &Published| KeyPair::open(KeyKind::Rsa, published.key);
    let (ark_key, ask_key, asvk_key) = (open(ark)?, open(ask)?, open(asvk)?);
    let authority = |contents: ToBeSigned, key: KeyPair, published: &Published| Authority {
        name: contents.subject,
        key,
        certificate: published.certificate.to_vec(),
        serial_number: contents.serial_number,
    };
    let ask_contents = intermediate_contents(product, Kind::Vcek, &ask_key, &ark_key);
    let asvk_contents = intermediate_contents(product, Kind::Vlek, &asvk_key, &ark_key);
    Ok(Vendor {
        product,
        ark: authority(root_contents(product, &ark_key), ark_key, ark),
        ask: authority(ask_contents, ask_key, ask),
        asvk: authority(asvk_contents, asvk_key, asvk),
    })
}

pub(super) fn root_contents(product: Product, key: &KeyPair) -> ToBeSigned {
    let serial = match product {
        Product::Milan => 1,
        Product::Genoa => 2,
        Product::Turin => 3,
    };
    certificate::root(product, key, serial, VALIDITY.0, VALIDITY.1)
}

pub(super) fn intermediate_contents(product: Product, kind: Kind, key: &KeyPair, root_key: &KeyPair) -> ToBeSigned {
    let serial = match kind {
        Kind::Vcek => 1,
        Kind::Vlek => 2,
    };
    certificate::intermediate((product, kind), key, root_key, serial, VALIDITY)
}
