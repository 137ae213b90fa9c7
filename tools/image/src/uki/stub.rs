//! Compiling the stub: one file, no library, the same bytes from any folder.

use crate::binary::TARGET;
use crate::error::ImageError;
use crate::process::{output, plain};
use std::fs;
use std::path::Path;

/// Where it is, below the repository's root.
const SOURCE: &str = "images/stub/stub.rs";

/// A shared object that needs nobody: code that may lie anywhere, with its entry where firmware begins. Firmware runs
/// interrupts on the same stack, so nothing may be kept below its end (no red zone).
const OPTIONS: [&str; 21] = [
    "--edition=2024",
    "--crate-type=cdylib",
    "--crate-name=stub",
    "-Dwarnings",
    "-Copt-level=s",
    "-Cpanic=abort",
    "-Cno-redzone=yes",
    "-Crelocation-model=pic",
    "-Cstrip=symbols",
    "-Clinker=gcc",
    "-Clink-arg=-nostdlib",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-Wl,-e,efi_main",
    "-Clink-arg=-Wl,-Bsymbolic",
    "-Clink-arg=-Wl,--build-id=none",
    "-Clink-arg=-Wl,-z,defs",
    "-Clink-arg=-Wl,-z,max-page-size=4096",
    "-Clink-arg=-Wl,-z,norelro",
    "-Ccodegen-units=1",
    "-Cdebuginfo=0",
    "-Clink-arg=-Wl,--no-eh-frame-hdr",
];

/// The stub as an ELF file.
///
/// # Errors
/// [`ImageError::Step`] where the compiler refuses it.
pub fn compile(repository: &Path, work: &Path) -> Result<Vec<u8>, ImageError> {
    fs::create_dir_all(work).map_err(ImageError::file(work))?;
    let path = work.join("stub.elf");
    let mut rustc = plain("rustc");
    rustc
        .current_dir(repository)
        .args(OPTIONS)
        .arg("--target")
        .arg(TARGET)
        .arg("-o")
        .arg(&path)
        .arg(SOURCE);
    output(&mut rustc)?;
    fs::read(&path).map_err(ImageError::file(path))
}
