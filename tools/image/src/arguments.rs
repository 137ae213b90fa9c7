//! The command line, and nothing else.

use crate::output::{Form, Output};
use clap::{Args, Parser, Subcommand};
use orv_image::build::KernelChoice;
use orv_image::platform::Platform;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
An image is what attested hardware measures: whoever rebuilds it from the same commit gets the
same bytes, and so the same registers. To check a published measurement, check out its commit,
build, and compare measurements.json. docs/images.md has the recipes.

Needed: Rust, and Debian's gcc, make, flex, bison, bc, libelf-dev, lz4, patch and xz-utils
(`./dev image` installs them). What is fetched is in images/pins.toml; it is kept below $XDG_CACHE_HOME/orv by its hash, and
so are built kernels. Every failure has a code, which docs/errors.md explains.

Examples:
  orv-image build --platform nitro --out out
  orv-image build --platform vm --out out --snp-firmware OVMF.amdsev.fd
  orv-image pin list

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 wrong content, 5 something is not available.";

/// Builds the enclave images, byte for byte the same everywhere.
#[derive(Debug, Parser)]
#[command(name = "orv-image", version, about, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The checkout to build from; without it, the one that the current folder is in.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) repository: Option<PathBuf>,
    /// One JSON document on one line, last on standard output, instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds an image, its measurements, its bill of materials and the record of its build.
    Build(BuildArguments),
    /// Puts an image together from a kernel and a binary that are there already: for tests, and to see what a change of
    /// one part does to the registers.
    Pack(PackArguments),
    /// Builds an image twice, in other folders, as other users, with another umask, time zone, language, order of files
    /// and variables of the environment, and compares every byte.
    Reproduce(ReproduceArguments),
    /// The pinned inputs.
    Pin {
        #[command(subcommand)]
        command: PinCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// What the image is for.
    #[arg(long)]
    pub(crate) platform: Platform,
    /// The kernel: our own, or the distribution's with its modules.
    #[arg(long, default_value = "own")]
    pub(crate) kernel: KernelChoice,
    /// Where the files go; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// A folder with inputs fetched otherwise, for example by their 0G root; looked into before cache and archive.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs: Option<PathBuf>,
    /// Fetch nothing: what is neither in --inputs nor in the cache is an error.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Firmware of SEV-SNP machines (edk2's AmdSev build of OVMF): adds launch digests for it to measurements.json.
    #[arg(long, value_name = "FILE")]
    pub(crate) snp_firmware: Option<PathBuf>,
    /// Firmware of TDX machines (TDVF): adds its MRTD to the measurements.
    #[arg(long, value_name = "FILE")]
    pub(crate) tdx_firmware: Option<PathBuf>,
    /// Cargo's folder of intermediate files [default: target/image in the checkout].
    #[arg(long, value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PackArguments {
    /// What the image is for.
    #[arg(long)]
    pub(crate) platform: Platform,
    /// The kernel, a bzImage.
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: PathBuf,
    /// The program that becomes /init.
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: PathBuf,
    /// The measured configuration [default: images/configuration/PLATFORM.json].
    #[arg(long, value_name = "FILE")]
    pub(crate) configuration: Option<PathBuf>,
    /// What the kernel is told, as a file with reasons [default: images/kernel/PLATFORM.cmdline].
    #[arg(long, value_name = "FILE")]
    pub(crate) command_line: Option<PathBuf>,
    /// Where the files go; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReproduceArguments {
    /// What the image is for.
    #[arg(long)]
    pub(crate) platform: Platform,
    /// Build the kernel twice too; without it, both take the one in the cache.
    #[arg(long)]
    pub(crate) kernel: bool,
    /// Where both builds are made, and left if they differ [default: a temporary folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) work: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PinCommand {
    /// Prints every pin: version, SHA-256, and the 0G root under which it can be had when the archive has moved on.
    List,
    /// Moves every pin to what the archive serves and what is installed now, builds both kernels from that, and writes
    /// images/pins.toml for review.
    Update,
}

impl Arguments {
    pub(crate) fn output(&self) -> Output {
        Output::new(if self.json { Form::Json } else { Form::Text })
    }
}
