//! The whole build: pins, kernel, binary, image, documents.

use crate::error::ImageError;
use crate::image::{Assembled, Parts, assemble, write};
use crate::kernel::{self, Kernel, Options, Patch, Recipe};
use crate::measurements::Firmware;
use crate::pin::{Cache, Input, Network, Pins, Purpose, Tool};
use crate::platform::Platform;
use crate::record::Facts;
use crate::toolchain::{self, Mismatch};
use crate::{binary, command_line, sbom, uki};
use std::fs;
use std::path::{Path, PathBuf};

/// Which kernel an image gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KernelChoice {
    /// Ours, built from pinned sources: small, without modules.
    Own,
    /// The distribution's, with the modules that the image needs.
    Debian,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The checkout.
    pub repository: PathBuf,
    /// What the image is for.
    pub platform: Platform,
    /// Its kernel.
    pub kernel: KernelChoice,
    /// Where the files go.
    pub out: PathBuf,
    /// A folder with inputs that were fetched otherwise, looked into first.
    pub inputs: Option<PathBuf>,
    /// Whether inputs may be fetched.
    pub network: Network,
    /// Firmware whose measurements with the image are wanted.
    pub firmware: Firmware,
    /// Cargo's folder of intermediate files.
    pub target: PathBuf,
}

/// What a build gave.
#[derive(Debug, Clone)]
pub struct Built {
    /// The image.
    pub image: Assembled,
    /// Tools that are others than the pinned ones.
    pub mismatches: Vec<Mismatch>,
}

/// Builds an image and writes its files.
///
/// # Errors
/// Every variant of [`ImageError`] but those of pins' updates and comparisons.
pub fn build(request: &Request, cache: &Cache, say: &dyn Fn(&str)) -> Result<Built, ImageError> {
    let pins = Pins::read(&request.repository)?;
    let tools = toolchain::of_machine(&pins)?;
    let mut mismatches = toolchain::mismatches(&pins, &tools);
    let input = pinned(&pins, request)?;
    let kernel = kernel(request, cache, input, &tools, say)?;
    mismatches.extend(toolchain::kernel_mismatch(&pins, request.platform, &kernel));
    say("building the enclave's binary (some minutes the first time)");
    fs::create_dir_all(&request.target).map_err(ImageError::file(&request.target))?;
    let log = request.target.join("enclave.log");
    let binary = binary::build(
        &request.repository,
        request.platform,
        &request.target,
        &request.network,
        &log,
    )?;
    let name = request.platform.name();
    let configuration = read(request, &format!("images/configuration/{name}.json"))?;
    let told = read(request, &format!("images/kernel/{name}.cmdline"))?;
    let command_line = command_line::of(&String::from_utf8_lossy(&told));
    let stub = match request.platform {
        Platform::Nitro => None,
        Platform::Vm => Some(uki::compile(&request.repository, &request.target)?),
    };
    let image = assemble(&Parts {
        platform: request.platform,
        kernel: &kernel,
        binary: &binary,
        configuration: &configuration,
        command_line: &command_line,
        stub: stub.as_deref(),
        firmware: &request.firmware,
    })?;
    let record = Facts {
        platform: request.platform,
        input,
        tools: &tools,
        mismatches: &mismatches,
        cargo_lock: &read(request, "Cargo.lock")?,
        kernel: &kernel,
        command_line: &command_line,
        configuration: &configuration,
        binary: &binary,
        files: &image.files,
    };
    let bill = sbom::of(&request.repository, &record)?;
    image.write(&request.out)?;
    if let Some(configuration) = &kernel.configuration {
        write(&request.out, &format!("orv-{name}.config"), configuration)?;
    }
    write(&request.out, "build.json", record.json().as_bytes())?;
    write(&request.out, "sbom.cdx.json", bill.as_bytes())?;
    Ok(Built { image, mismatches })
}

fn pinned<'a>(pins: &'a Pins, request: &Request) -> Result<&'a Input, ImageError> {
    let purpose = match request.kernel {
        KernelChoice::Own => Purpose::KernelSource,
        KernelChoice::Debian => Purpose::DebianKernel,
    };
    let path = request.repository.join(crate::pin::PATH);
    pins.input(purpose).map_err(|cause| ImageError::Pins { path, cause })
}

fn kernel(
    request: &Request,
    cache: &Cache,
    input: &Input,
    tools: &[Tool],
    say: &dyn Fn(&str),
) -> Result<Kernel, ImageError> {
    let file = || cache.input(input, request.inputs.as_deref(), &request.network);
    match request.kernel {
        KernelChoice::Debian => kernel::unpack(&file()?),
        KernelChoice::Own => own_kernel(&request.repository, request.platform, input, tools, cache, || {
            say("building the kernel (five to ten minutes; once for its sources, options and compiler)");
            file()
        }),
    }
}

/// A platform's own kernel, from the cache or built; `source` is only asked for when it has to be built.
///
/// # Errors
/// Those of [`kernel::build`], [`ImageError::Fragment`] and [`ImageError::File`].
pub fn own_kernel(
    repository: &Path,
    platform: Platform,
    input: &Input,
    tools: &[Tool],
    cache: &Cache,
    source: impl FnOnce() -> Result<PathBuf, ImageError>,
) -> Result<Kernel, ImageError> {
    let recipe = Recipe {
        source: input,
        patches: &Patch::of(repository)?,
        options: &options(repository, platform)?,
        tools,
    };
    kernel::build(&recipe, cache, source)
}

/// The options of a platform's kernel: the common fragment and its own.
///
/// # Errors
/// [`ImageError::Fragment`] and [`ImageError::File`].
pub fn options(repository: &Path, platform: Platform) -> Result<Options, ImageError> {
    let mut options = Options::default();
    for name in ["base", platform.name()] {
        let path = repository.join(format!("images/kernel/{name}.config"));
        let fragment = fs::read_to_string(&path).map_err(ImageError::file(&path))?;
        options
            .add(&fragment)
            .map_err(|cause| ImageError::Fragment { path, cause })?;
    }
    Ok(options)
}

fn read(request: &Request, name: &str) -> Result<Vec<u8>, ImageError> {
    let path = request.repository.join(name);
    fs::read(&path).map_err(ImageError::file(path))
}
