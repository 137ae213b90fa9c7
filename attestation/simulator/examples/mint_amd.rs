//! Makes the certificates of the simulated AMD anew from the keys in `src/snp/published`, into that folder, which is the
//! one argument.
//!
//! Run once; the files are committed. A new key is made by
//! `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 | openssl pkcs8 -topk8 -nocrypt -outform DER`, since
//! `ring` makes no RSA keys.

use std::error::Error;
use std::path::Path;

use orv_simulator::snp::{Kind, Product, Vendor};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    for product in Product::ALL {
        let folder = Path::new(&folder).join(product.as_str().to_lowercase());
        let vendor = Vendor::published(product)?;
        let root = vendor.root().sign(&vendor.ark.key, &vendor.ark.key)?;
        std::fs::write(folder.join("ark.der"), root)?;
        for (kind, name) in [(Kind::Vcek, "ask.der"), (Kind::Vlek, "asvk.der")] {
            let certificate = vendor
                .intermediate(kind)
                .sign(vendor.intermediate_key(kind), &vendor.ark.key)?;
            std::fs::write(folder.join(name), certificate)?;
        }
    }
    Ok(())
}
