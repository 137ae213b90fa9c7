//! An enclave image.

use super::MeasureError;
use super::report::Measurement;
use super::request::NitroOptions;
use super::source::Source;
use orv_evidence::Platform;
use orv_measure::nitro::{Image, pcr3, pcr4};
use orv_measure::{Input, Register};
use orv_verify::nitro_measurement_id;

pub(super) fn measure(source: &Source, options: &NitroOptions) -> Result<Measurement, MeasureError> {
    let image = Image::parse(&source.bytes).map_err(MeasureError::image)?;
    let registers = image.measure();
    let mut measurement = Measurement::new(Platform::Nitro, image.inputs());
    measurement.register("pcr0", registers.pcr0);
    measurement.register("pcr1", registers.pcr1);
    measurement.register("pcr2", registers.pcr2);
    measurement.register("pcr8", registers.pcr8);
    if let Some(role) = &options.role {
        measurement.register("pcr3", pcr3(role));
        measurement.add_inputs([Input::setting("role", role)]);
    }
    if let Some(instance) = &options.instance {
        measurement.register("pcr4", pcr4(instance));
        measurement.add_inputs([Input::setting("instance", instance)]);
    }
    let identity = [registers.pcr0, registers.pcr1, registers.pcr2];
    let identity = identity.map(|Register(bytes)| orv_verify::Register(bytes));
    measurement.identify(nitro_measurement_id(Platform::Nitro, identity));
    Ok(measurement)
}
