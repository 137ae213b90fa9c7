//! `orv-image`: builds the enclave images. Arguments and printing; what it does is in the library beside it.

mod arguments;
mod output;

use arguments::{Arguments, Command, PackArguments, PinCommand};
use clap::Parser;
use clap::error::ErrorKind;
use orv_image::build::{self, Request};
use orv_image::error::ImageError;
use orv_image::image::{Assembled, Parts, assemble};
use orv_image::kernel::Kernel;
use orv_image::measurements::Firmware;
use orv_image::pin::{self, Cache, Network, Pins};
use orv_image::platform::Platform;
use orv_image::reproduce::{self, KernelBuild, Twice};
use orv_image::{command_line, repository, uki};
use output::{Output, tell};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    let output = arguments.output();
    match run(arguments, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.failed(&error),
    }
}

fn run(arguments: Arguments, output: &Output) -> Result<(), ImageError> {
    let from = match arguments.repository {
        Some(folder) => folder,
        None => std::env::current_dir().map_err(ImageError::file("."))?,
    };
    let repository = repository::root_of(&from)?;
    match arguments.command {
        Command::Build(asked) => {
            let cache = Cache::of_user()?;
            let target = asked.target_dir.unwrap_or_else(|| repository.join("target/image"));
            let request = Request {
                platform: asked.platform,
                kernel: asked.kernel,
                out: absolute(asked.out)?,
                inputs: asked.inputs,
                firmware: Firmware {
                    snp: read_if(asked.snp_firmware)?,
                    tdx: read_if(asked.tdx_firmware)?,
                },
                network: if asked.offline {
                    Network::Offline
                } else {
                    Network::Allowed
                },
                target: absolute(target)?,
                repository,
            };
            let built = build::build(&request, &cache, &|text| tell(text))?;
            output.built(&request, &built);
        }
        Command::Pack(asked) => {
            let image = pack(&repository, &asked)?;
            output.packed(&absolute(asked.out)?, &image.measurements);
        }
        Command::Reproduce(asked) => {
            let kernel = if asked.kernel {
                KernelBuild::Twice
            } else {
                KernelBuild::FromCache
            };
            let twice = Twice {
                repository,
                platform: asked.platform,
                kernel,
                work: asked.work,
            };
            output.reproduced(&reproduce::compare(&twice, &Cache::of_user()?, &|text| tell(text))?);
        }
        Command::Pin {
            command: PinCommand::List,
        } => output.pins(&Pins::read(&repository)?),
        Command::Pin {
            command: PinCommand::Update,
        } => output.moved(&pin::update(&repository, &Cache::of_user()?, &|text| tell(text))?),
    }
    Ok(())
}

fn pack(repository: &Path, asked: &PackArguments) -> Result<Assembled, ImageError> {
    let name = asked.platform.name();
    let read = |path: &Path| std::fs::read(path).map_err(ImageError::file(path));
    let given =
        |path: &Option<PathBuf>, default: String| read(&path.clone().unwrap_or_else(|| repository.join(default)));
    let told = given(&asked.command_line, format!("images/kernel/{name}.cmdline"))?;
    let configuration = given(&asked.configuration, format!("images/configuration/{name}.json"))?;
    let kernel = Kernel::given(read(&asked.kernel)?);
    let stub = match asked.platform {
        Platform::Nitro => None,
        Platform::Vm => {
            let work = tempfile::tempdir().map_err(ImageError::file("a temporary folder"))?;
            Some(uki::compile(repository, work.path())?)
        }
    };
    let image = assemble(&Parts {
        platform: asked.platform,
        kernel: &kernel,
        binary: &read(&asked.binary)?,
        configuration: &configuration,
        command_line: &command_line::of(&String::from_utf8_lossy(&told)),
        stub: stub.as_deref(),
        firmware: &Firmware::default(),
    })?;
    image.write(&asked.out)?;
    Ok(image)
}

fn read_if(path: Option<PathBuf>) -> Result<Option<Vec<u8>>, ImageError> {
    path.map(|path| std::fs::read(&path).map_err(ImageError::file(path)))
        .transpose()
}

fn absolute(path: PathBuf) -> Result<PathBuf, ImageError> {
    std::path::absolute(&path).map_err(ImageError::file(path))
}
