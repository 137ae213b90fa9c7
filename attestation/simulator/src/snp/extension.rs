//! AMD's certificate extensions, 1.3.6.1.4.1.3704.1.* (VCEK specification 57230).

use super::{Product, Tcb};
use crate::x509::Extension;
use crate::x509::der::{IA5_STRING, element, integer};

/// Version of the structure, .1.
pub const STRUCTURE_VERSION: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x01];
/// Name of the product, .2.
pub const PRODUCT: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x02];
/// Boot loader, .3.1.
pub const BOOT_LOADER: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x01];
/// TEE, .3.2.
pub const TEE: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x02];
/// SNP firmware, .3.3.
pub const SNP: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x03];
/// Reserved, .3.4; absent on Turin.
pub const RESERVED_4: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x04];
/// Reserved, .3.5.
pub const RESERVED_5: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x05];
/// Reserved, .3.6.
pub const RESERVED_6: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x06];
/// Reserved, .3.7.
pub const RESERVED_7: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x07];
/// Microcode, .3.8.
pub const MICROCODE: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x08];
/// Firmware component, .3.9; Turin alone.
pub const FMC: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x09];
/// The hardware's identifier, .4; a VCEK's alone.
pub const HARDWARE_ID: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x04];
/// The cloud provider, .5; a VLEK's alone.
pub const PROVIDER: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x05];

/// An extension of one number, as a DER `INTEGER`.
pub fn number(identifier: &[u8], value: u8) -> Extension {
    Extension::optional(identifier, integer(u64::from(value)))
}

/// An extension of a text, as a DER `IA5String`.
pub fn text(identifier: &[u8], value: &str) -> Extension {
    Extension::optional(identifier, element(IA5_STRING, &[value.as_bytes()]))
}

/// The hardware's identifier, as the bytes themselves without any DER around them.
pub fn hardware_id(identifier: &[u8]) -> Extension {
    Extension::optional(&HARDWARE_ID, identifier.to_vec())
}

/// Structure version, product and security versions, in AMD's order for this product.
pub(super) fn versions(product: Product, name: &str, tcb: &Tcb) -> Vec<Extension> {
    let structure = match product {
        Product::Milan | Product::Genoa => 0,
        Product::Turin => 1,
    };
    let mut extensions = vec![number(&STRUCTURE_VERSION, structure), text(&PRODUCT, name)];
    extensions.extend(match product {
        Product::Milan | Product::Genoa => vec![
            number(&BOOT_LOADER, tcb.boot_loader),
            number(&TEE, tcb.tee),
            number(&RESERVED_4, 0),
            number(&RESERVED_5, 0),
            number(&RESERVED_6, 0),
            number(&RESERVED_7, 0),
            number(&SNP, tcb.snp),
            number(&MICROCODE, tcb.microcode),
        ],
        Product::Turin => vec![
            number(&FMC, tcb.fmc),
            number(&BOOT_LOADER, tcb.boot_loader),
            number(&TEE, tcb.tee),
            number(&SNP, tcb.snp),
            number(&RESERVED_5, 0),
            number(&RESERVED_6, 0),
            number(&RESERVED_7, 0),
            number(&MICROCODE, tcb.microcode),
        ],
    });
    extensions
}
