//! Writes SIMULATED evidence with its collateral and roots into the folder named by the first argument, to be judged at
//! the Unix second named by the second: genuine evidence of SEV-SNP and TDX, and every defect of the two catalogues.
//!
//! `orv-audit evidence` refuses all of it, as it must: no program that people run trusts the simulator's roots.

use std::error::Error;
use std::fs;
use std::path::Path;

use orv_evidence::UnixTime;
use orv_simulator::{snp, tdx};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder")?;
    let now = UnixTime::from_seconds(arguments.next().ok_or("name a Unix second")?.parse()?);
    let folder = Path::new(&folder);
    for product in snp::Product::ALL {
        for (kind, name) in [(snp::Kind::Vcek, "vcek"), (snp::Kind::Vlek, "vlek")] {
            let evidence = snp::Evidence::genuine(product, snp::Version::Five, kind, now)?;
            write_report(&folder.join(format!("snp-{}-{name}", product.as_str())), &evidence)?;
        }
    }
    for defect in snp::Defect::all() {
        write_report(&folder.join(format!("snp-{defect:?}")), &defect.forge(now)?)?;
    }
    for layout in tdx::Layout::ALL {
        let evidence = tdx::Evidence::genuine(layout, now)?;
        write_quote(&folder.join(format!("tdx-{layout:?}")), &evidence)?;
    }
    for defect in tdx::Defect::all() {
        write_quote(&folder.join(format!("tdx-{defect:?}")), &defect.forge(now)?)?;
    }
    Ok(())
}

fn write_report(folder: &Path, evidence: &snp::Evidence) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("report"), &evidence.report)?;
    fs::write(folder.join("vek.der"), &evidence.vek)?;
    fs::write(folder.join("intermediate.der"), &evidence.intermediate)?;
    fs::write(folder.join("root.der"), &evidence.root)?;
    for list in &evidence.revocation_lists {
        fs::write(folder.join("list.der"), list)?;
    }
    Ok(())
}

fn write_quote(folder: &Path, evidence: &tdx::Evidence) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("quote"), evidence.quote.encode())?;
    fs::write(folder.join("collateral.json"), evidence.collateral.to_json())?;
    fs::write(folder.join("root.der"), tdx::root_der())?;
    Ok(())
}
