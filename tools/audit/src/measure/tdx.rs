//! A trust domain: a firmware, the kernel that it starts, and the log of what it measured.

use super::MeasureError;
use super::report::Measurement;
use super::request::{InitrdPlace, KernelHeader, MeasureRequest, Pages, TdxOptions};
use super::source::{Kind, Source, optional};
use orv_evidence::Platform;
use orv_measure::tdx::{
    AcpiTables, DirectBoot, Event, EventLog, FirmwareEvents, InitrdArgument, KernelHandover, PageOrder, Tdvf,
    is_unified,
};
use orv_measure::{Input, Register, authenticode_sha384};
use orv_verify::tdx_measurement_id;

pub(super) fn measure(source: &Source, request: &MeasureRequest) -> Result<Measurement, MeasureError> {
    let mut measurement = Measurement::new(Platform::Tdx, Vec::new());
    let beside = optional(request.boot.firmware.as_deref())?;
    match source.kind {
        Kind::Kernel => {
            kernel(&mut measurement, &source.bytes, request)?;
            match request.boot.firmware {
                Some(_) => firmware(&mut measurement, &beside, &request.tdx)?,
                None => measurement.not_computed("mrtd", "it needs --firmware"),
            }
        }
        _ if request.boot.firmware.is_some() => {
            return Err(MeasureError::Usage(
                "--firmware goes with a kernel; this image is not one",
            ));
        }
        _ => {
            firmware(&mut measurement, &source.bytes, &request.tdx)?;
            measurement.not_computed("rtmr1", "it needs the kernel");
            measurement.not_computed("rtmr2", "it needs kernel, command line and initrd");
        }
    }
    identify(&mut measurement);
    Ok(measurement)
}

/// The id on chain stands for MRTD and RTMR0 to RTMR2 together.
fn identify(measurement: &mut Measurement) {
    let registers = ["mrtd", "rtmr0", "rtmr1", "rtmr2"].map(|name| measurement.find(name));
    match registers {
        [Some(mrtd), Some(rtmr0), Some(rtmr1), Some(rtmr2)] => {
            let registers = [mrtd, rtmr0, rtmr1, rtmr2].map(|Register(bytes)| orv_verify::Register(bytes));
            measurement.identify(tdx_measurement_id(Platform::Tdx, registers));
        }
        _ => measurement.not_computed("measurement_id", "it stands for mrtd, rtmr0, rtmr1 and rtmr2 together"),
    }
}

fn kernel(measurement: &mut Measurement, kernel: &[u8], request: &MeasureRequest) -> Result<(), MeasureError> {
    let (boot, tdx) = (&request.boot, &request.tdx);
    let handover = match (tdx.kernel_header, tdx.memory) {
        (KernelHeader::Unchanged, _) => KernelHandover::Unchanged,
        (KernelHeader::Patched, Some(memory)) => KernelHandover::Patched { memory },
        (KernelHeader::Patched, None) => {
            return Err(MeasureError::Usage(
                "what QEMU writes into a kernel depends on --memory",
            ));
        }
    };
    let (initrd, command_line) = (optional(boot.initrd.as_deref())?, boot.command_line()?);
    if is_unified(kernel).map_err(MeasureError::image)? {
        unified(measurement, kernel)?;
        return Ok(());
    }
    let boot = DirectBoot {
        kernel,
        initrd: &initrd,
        command_line: &command_line,
        handover,
        initrd_argument: match tdx.initrd_argument {
            InitrdPlace::Before => InitrdArgument::Before,
            InitrdPlace::Behind => InitrdArgument::Behind,
        },
    };
    measurement.add_inputs(boot.inputs());
    measurement.replayed("rtmr1", boot.rtmr1_events().map_err(MeasureError::image)?);
    measurement.replayed("rtmr2", boot.rtmr2_events().map_err(MeasureError::image)?);
    Ok(())
}

/// A program that holds kernel, initrd and command line. A machine's event log names it by its digest.
fn unified(measurement: &mut Measurement, program: &[u8]) -> Result<(), MeasureError> {
    measurement.register(
        "authenticode",
        authenticode_sha384(program).map_err(MeasureError::image)?,
    );
    measurement.add_inputs([Input::bytes("unified kernel image", program)]);
    let reason = "it depends on what the firmware meets before a unified kernel image: look for its authenticode \
                  digest in the machine's event log, or measure its parts";
    measurement.not_computed("rtmr1", reason);
    measurement.not_computed("rtmr2", "the program in the image decides what its kernel measures");
    Ok(())
}

fn firmware(measurement: &mut Measurement, bytes: &[u8], options: &TdxOptions) -> Result<(), MeasureError> {
    let tdvf = Tdvf::parse(bytes).map_err(MeasureError::image)?;
    let (order, words) = match options.page_order {
        Pages::PageByPage => (
            PageOrder::PageByPage,
            "page by page (Linux 6.16 and QEMU 10.1, and later)",
        ),
        Pages::SectionBySection => (
            PageOrder::SectionBySection,
            "each section in two passes (patched QEMU 8)",
        ),
    };
    measurement.register("mrtd", tdvf.mrtd(order));
    measurement.add_inputs([
        Input::bytes("firmware", bytes),
        Input::assumed("pages are added", words),
    ]);
    surroundings(measurement, &tdvf, options)
}

/// RTMR0: computed from memory and ACPI tables, or taken from what a machine logged.
fn surroundings(measurement: &mut Measurement, tdvf: &Tdvf<'_>, options: &TdxOptions) -> Result<(), MeasureError> {
    if let Some(path) = &options.event_log {
        let bytes = optional(Some(path))?;
        let [rtmr0, ..] = EventLog::parse(&bytes).map_err(MeasureError::image)?.replay();
        measurement.register("rtmr0", rtmr0);
        let words = "what the event log says; only a quote of the machine proves it";
        measurement.add_inputs([Input::bytes("event log", &bytes), Input::assumed("rtmr0", words)]);
        return Ok(());
    }
    let (Some(memory), Some(loader)) = (options.memory, options.acpi_loader.as_deref()) else {
        measurement.not_computed(
            "rtmr0",
            "it needs --memory and the machine's ACPI tables, or its --event-log",
        );
        return Ok(());
    };
    let loader = optional(Some(loader))?;
    let root = optional(options.acpi_root.as_deref())?;
    let tables = optional(options.acpi_tables.as_deref())?;
    let events = FirmwareEvents {
        firmware: tdvf,
        memory,
        acpi: AcpiTables {
            loader: &loader,
            root: &root,
            tables: &tables,
        },
    };
    measurement.add_inputs(events.inputs());
    measurement.replayed("rtmr0", events.events().map_err(MeasureError::image)?);
    Ok(())
}

pub(super) fn replay(source: &Source) -> Result<Measurement, MeasureError> {
    let log = EventLog::parse(&source.bytes).map_err(MeasureError::image)?;
    let inputs = vec![
        Input::bytes("event log", &source.bytes),
        Input::setting("events", log.events().len()),
    ];
    let mut measurement = Measurement::new(Platform::Tdx, inputs);
    for (rtmr, name) in (0..).zip(["rtmr0", "rtmr1", "rtmr2", "rtmr3"]) {
        let logged = log.events().iter().filter(|event| event.rtmr == rtmr);
        let events = logged.map(|event| Event {
            name: event.describe(),
            digest: event.digest,
        });
        measurement.replayed(name, events.collect());
    }
    measurement.not_computed("mrtd", "no log covers it; it needs the firmware");
    Ok(measurement)
}
