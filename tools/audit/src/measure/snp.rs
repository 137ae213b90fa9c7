//! An SNP guest: a firmware, and the kernel that it is bound to.

use super::MeasureError;
use super::report::Measurement;
use super::request::MeasureRequest;
use super::source::{Kind, Source, optional};
use orv_evidence::Platform;
use orv_measure::snp::{Firmware, KernelHashes, Launch, Monitor, Processor};
use orv_verify::snp_measurement_id;

pub(super) fn measure(source: &Source, request: &MeasureRequest) -> Result<Measurement, MeasureError> {
    let (boot, snp) = (&request.boot, &request.snp);
    let vcpus = snp
        .vcpus
        .ok_or(MeasureError::Usage("a launch digest depends on --vcpus"))?;
    let processor = match (snp.monitor, snp.processor) {
        (_, Some(processor)) => processor,
        (Monitor::Qemu, None) => return Err(MeasureError::Usage("a launch digest under QEMU depends on --processor")),
        // The first registers of the clouds' guests do not show it.
        (Monitor::Ec2 | Monitor::Gce, None) => Processor(0),
    };
    let beside = optional(boot.firmware.as_deref())?;
    let (firmware, direct_boot) = match source.kind {
        Kind::Kernel if boot.firmware.is_none() => {
            return Err(MeasureError::Usage("a launch digest depends on --firmware"));
        }
        Kind::Kernel => {
            let initrd = optional(boot.initrd.as_deref())?;
            let hashes = KernelHashes::of(&source.bytes, &initrd, boot.command_line()?.as_bytes());
            (&beside, Some(hashes))
        }
        _ if boot.firmware.is_some() => {
            return Err(MeasureError::Usage(
                "--firmware goes with a kernel; this image is not one",
            ));
        }
        _ => (&source.bytes, None),
    };
    let launch = Launch {
        firmware: Firmware::parse(firmware).map_err(MeasureError::image)?,
        direct_boot,
        vcpus,
        processor,
        guest_features: snp.guest_features,
        monitor: snp.monitor,
    };
    let digest = launch.measure().map_err(MeasureError::image)?;
    let mut measurement = Measurement::new(Platform::Snp, launch.inputs(firmware));
    measurement.register("measurement", digest);
    measurement.identify(snp_measurement_id(Platform::Snp, &digest.0));
    Ok(measurement)
}
