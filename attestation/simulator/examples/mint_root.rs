//! Makes the simulator's root anew: key and certificate, into the folder named by the one argument.
//!
//! Run once; the files are committed as `src/root.der` and `src/root_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8`. A new root
//! makes every stored simulated document unverifiable.

use std::error::Error;
use std::path::Path;

use orv_evidence::UnixTime;
use orv_simulator::{Authority, Certificate, KeyPair, Role};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let contents = Certificate {
        subject: "orv simulator root - SIMULATED - private key published".to_owned(),
        not_before: UnixTime::from_seconds(1_577_836_800),
        not_after: UnixTime::from_seconds(2_524_607_999),
        role: Role::Authority { path_length: None },
    };
    let root = Authority::self_signed(&contents, KeyPair::generate()?)?;
    std::fs::write(Path::new(&folder).join("root.der"), &root.certificate)?;
    std::fs::write(
        Path::new(&folder).join("root_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8"),
        root.key.pkcs8(),
    )?;
    Ok(())
}
