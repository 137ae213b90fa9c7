//! The command line of `orv-audit measure`.

use super::source;
use crate::command_line::{CommandLine, refuse};
use crate::output::{InputError, OutputOptions};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};
use orv_measure::snp::{Monitor, Processor, UnknownMonitor, UnknownProcessor};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct MeasureRequest {
    /// An enclave image (EIF), a kernel (bzImage), a firmware (OVMF), or the event log of a trust domain (CCEL).
    pub(super) image: PathBuf,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    /// For which hardware; an enclave image and an event log say it themselves.
    #[arg(long, value_enum)]
    pub(super) platform: Option<PlatformName>,
    #[command(flatten)]
    pub(super) nitro: NitroOptions,
    #[command(flatten)]
    pub(super) boot: BootOptions,
    #[command(flatten)]
    pub(super) snp: SnpOptions,
    #[command(flatten)]
    pub(super) tdx: TdxOptions,
}

const HELP: &str = "\
Examples:
  orv-audit measure enclave.eif
  orv-audit measure vmlinuz --platform snp --firmware OVMF.fd --initrd initrd \\
    --command-line 'console=ttyS0' --vcpus 2 --processor EPYC-Milan
  orv-audit measure vmlinuz --platform tdx --firmware OVMF.fd --initrd initrd \\
    --command-line 'console=ttyS0'
  orv-audit measure /sys/firmware/acpi/tables/data/CCEL

Every figure names its inputs, and behaviour of firmware and monitor that it assumes. What the inputs do not allow is \
named too. The measurement id is what an owner lists on chain.

Exit codes: 0 measured, 1 a file could not be read or written, 2 wrong usage, 3 not an image that could be started.";

/// Hardware whose measurements are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlatformName {
    /// AWS Nitro Enclaves.
    Nitro,
    /// AMD SEV-SNP.
    Snp,
    /// Intel TDX.
    Tdx,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Nitro")]
pub(super) struct NitroOptions {
    /// The role of the parent instance, for PCR3.
    #[arg(long, value_name = "ARN")]
    pub(super) role: Option<String>,
    /// The id of the parent instance, for PCR4.
    #[arg(long, value_name = "ID")]
    pub(super) instance: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "SNP and TDX")]
pub(super) struct BootOptions {
    /// The firmware that starts the kernel.
    #[arg(long, value_name = "FILE")]
    pub(super) firmware: Option<PathBuf>,
    /// The initrd.
    #[arg(long, value_name = "FILE")]
    pub(super) initrd: Option<PathBuf>,
    /// The kernel's command line, as QEMU is given it.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) command_line: Option<String>,
    /// A file with the command line; one line feed at its end is left out.
    #[arg(long, value_name = "FILE", conflicts_with = "command_line")]
    pub(super) command_line_file: Option<PathBuf>,
}

impl BootOptions {
    pub(super) fn command_line(&self) -> Result<String, InputError> {
        let Some(path) = &self.command_line_file else {
            return Ok(self.command_line.clone().unwrap_or_default());
        };
        let bytes = source::optional(Some(path))?;
        let text = String::from_utf8(bytes).map_err(|error| InputError::Content {
            path: path.clone(),
            what: "a command line",
            cause: error.to_string(),
        })?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "SNP")]
pub(super) struct SnpOptions {
    /// How many virtual CPUs.
    #[arg(long, value_name = "NUMBER")]
    pub(super) vcpus: Option<NonZeroU16>,
    /// The processor that QEMU's guest sees: QEMU's name (EPYC-Milan, EPYC-Genoa-v1), or 0x and a CPUID signature.
    #[arg(long, value_name = "NAME", value_parser = |text: &str| text.parse::<Processor>().map_err(|error: UnknownProcessor| error))]
    pub(super) processor: Option<Processor>,
    /// SEV_FEATURES of the guest, hexadecimal. Bit 0 is SNP itself.
    #[arg(long, value_name = "HEX", default_value = "0x1", value_parser = features)]
    pub(super) guest_features: u64,
    /// Who launches the guest: qemu, ec2 or gce.
    #[arg(long, value_name = "NAME", default_value = "qemu", value_parser = |text: &str| text.parse::<Monitor>().map_err(|error: UnknownMonitor| error))]
    pub(super) monitor: Monitor,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "TDX")]
pub(super) struct TdxOptions {
    /// Memory of the machine, such as 512M or 4G, as QEMU is given it.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(super) memory: Option<u64>,
    /// What QEMU makes of the kernel: unchanged from 10.2 on, patched (by --memory) before.
    #[arg(long, value_enum, default_value = "unchanged")]
    pub(super) kernel_header: KernelHeader,
    /// Where the firmware puts `initrd=initrd`: before the command line from edk2-stable202508 on, behind it before.
    #[arg(long, value_enum, default_value = "before")]
    pub(super) initrd_argument: InitrdPlace,
    /// How the monitor adds the firmware's pages: page by page (Linux 6.16, QEMU 10.1), or each section in two passes.
    #[arg(long, value_enum, default_value = "page-by-page")]
    pub(super) page_order: Pages,
    /// For RTMR0: the event log (CCEL) of one start of this very machine, which a quote has to bear out.
    #[arg(long, value_name = "FILE", conflicts_with = "acpi_loader")]
    pub(super) event_log: Option<PathBuf>,
    /// For RTMR0: etc/table-loader, as QEMU gives it to the firmware.
    #[arg(long, value_name = "FILE", requires_all = ["acpi_root", "acpi_tables", "memory"])]
    pub(super) acpi_loader: Option<PathBuf>,
    /// For RTMR0: etc/acpi/rsdp.
    #[arg(long, value_name = "FILE", requires = "acpi_loader")]
    pub(super) acpi_root: Option<PathBuf>,
    /// For RTMR0: etc/acpi/tables.
    #[arg(long, value_name = "FILE", requires = "acpi_loader")]
    pub(super) acpi_tables: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KernelHeader {
    Unchanged,
    Patched,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InitrdPlace {
    Before,
    Behind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Pages {
    PageByPage,
    SectionBySection,
}

fn features(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").ok_or("guest features begin with 0x")?;
    u64::from_str_radix(digits, 16).map_err(|error| error.to_string())
}

/// QEMU's way: a number and K, M, G or T, by powers of 1024; a bare number is in MiB.
fn memory(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().next_back() {
        Some((at, 'K' | 'k')) => (text.get(..at), 10),
        Some((at, 'M' | 'm')) => (text.get(..at), 20),
        Some((at, 'G' | 'g')) => (text.get(..at), 30),
        Some((at, 'T' | 't')) => (text.get(..at), 40),
        _ => (Some(text), 20),
    };
    let number: u64 = digits
        .unwrap_or_default()
        .parse()
        .map_err(|_| format!("{text:?} is not a size such as 4G"))?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("{text:?} is more than any machine has"))
}

/// Says what is missing as the command line's own errors do, and ends with code 2.
pub(super) fn usage(words: &str) -> ExitCode {
    refuse(&CommandLine::command().error(ErrorKind::MissingRequiredArgument, words))
}

#[cfg(test)]
mod tests {
    use super::{features, memory};

    #[test]
    fn sizes_are_read_as_qemu_reads_them() {
        assert_eq!(memory("512M"), Ok(512 << 20));
        assert_eq!(memory("4G"), Ok(4 << 30));
        assert_eq!(memory("4096"), Ok(4 << 30));
        for text in ["", "G", "4GG", "-1G", "99999999T", "4 G"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn features_are_hexadecimal() {
        assert_eq!(features("0x21"), Ok(0x21));
        assert!(features("33").is_err());
    }
}
