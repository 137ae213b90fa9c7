//! Makes the simulated Intel anew: keys and certificates, into the folder named by the one argument.
//!
//! Run once; the files are committed in `src/tdx/published`. The certificates are made of the keys that are compiled in,
//! so run it twice: `mint_intel FOLDER keys`, then `mint_intel FOLDER certificates`.

use std::error::Error;
use std::path::Path;

use orv_simulator::KeyPair;
use orv_simulator::tdx::{PckAuthority, Vendor};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder")?;
    let folder = Path::new(&folder);
    match arguments.next().as_deref() {
        Some("keys") => keys(folder),
        Some("certificates") => certificates(folder),
        _ => Err("say `keys` or `certificates`".into()),
    }
}

fn keys(folder: &Path) -> Result<(), Box<dyn Error>> {
    for name in ["root", "platform", "processor", "signing"] {
        let file = folder.join(format!("{name}_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8"));
        std::fs::write(file, KeyPair::generate_p256()?.pkcs8())?;
    }
    Ok(())
}

fn certificates(folder: &Path) -> Result<(), Box<dyn Error>> {
    let vendor = Vendor::published()?;
    let signer = &vendor.root.key;
    for (name, contents, key) in [
        ("root", vendor.root_contents(), signer),
        (
            "platform",
            vendor.pck_authority_contents(PckAuthority::Platform),
            &vendor.platform_authority.key,
        ),
        (
            "processor",
            vendor.pck_authority_contents(PckAuthority::Processor),
            &vendor.processor_authority.key,
        ),
        ("signing", vendor.tcb_signing_contents(), &vendor.tcb_signing.key),
    ] {
        std::fs::write(folder.join(format!("{name}.der")), contents.sign(key, signer)?)?;
    }
    Ok(())
}
