//! What the vendor's hardware will report of an image, computed from the image alone.

mod nitro;
mod report;
mod request;
mod snp;
mod source;
mod tdx;

pub(crate) use request::MeasureRequest;

use crate::output::{InputError, Report, finish};
use report::{Failure, Measurement};
use request::PlatformName;
use source::{Kind, Source};
use std::process::ExitCode;

/// Measures the image that was asked for.
pub(crate) fn run(request: &MeasureRequest) -> ExitCode {
    match measure(request) {
        Ok(measurement) => finish(&measurement, &request.output),
        Err(MeasureError::Input(error)) => error.finish(Measurement::SCHEMA, &request.output),
        Err(MeasureError::Usage(words)) => request::usage(words),
        Err(MeasureError::Image(cause)) => finish(&Failure::of(&request.image, cause), &request.output),
    }
}

/// Why there is no measurement.
enum MeasureError {
    /// A file could not be read.
    Input(InputError),
    /// Something that the platform needs was not given.
    Usage(&'static str),
    /// The files are not an image that could be started.
    Image(String),
}

impl From<InputError> for MeasureError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl MeasureError {
    fn image(error: impl ToString) -> Self {
        Self::Image(error.to_string())
    }
}

fn measure(request: &MeasureRequest) -> Result<Measurement, MeasureError> {
    let source = Source::read(&request.image)?;
    match (source.kind, request.platform) {
        (Kind::EnclaveImage, None | Some(PlatformName::Nitro)) => nitro::measure(&source, &request.nitro),
        (Kind::EventLog, None | Some(PlatformName::Tdx)) => tdx::replay(&source),
        (Kind::Kernel | Kind::Firmware, Some(PlatformName::Snp)) => snp::measure(&source, request),
        (Kind::Kernel | Kind::Firmware, Some(PlatformName::Tdx)) => tdx::measure(&source, request),
        (Kind::Kernel | Kind::Firmware, None) => Err(MeasureError::Usage(
            "a kernel or a firmware is measured for --platform snp or --platform tdx",
        )),
        (Kind::EnclaveImage, Some(_)) => Err(MeasureError::Usage("an enclave image is measured for Nitro alone")),
        (Kind::EventLog, Some(_)) => Err(MeasureError::Usage("an event log is replayed for TDX alone")),
        (Kind::Kernel | Kind::Firmware, Some(PlatformName::Nitro)) => Err(MeasureError::Usage(
            "Nitro measures an enclave image (EIF), which holds kernel, command line and ramdisks",
        )),
    }
}
