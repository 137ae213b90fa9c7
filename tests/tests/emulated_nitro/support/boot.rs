//! What a machine boots and what it has, as QEMU's command line.

use super::tools;
use std::path::{Path, PathBuf};

/// What a machine boots.
#[derive(Debug, Clone)]
pub enum Boot {
    /// An enclave image file on the nitro-enclave machine.
    Nitro(PathBuf),
    /// Kernel, initramfs and command line on q35 with UEFI firmware.
    Vm {
        kernel: PathBuf,
        initramfs: PathBuf,
        command_line: String,
    },
    /// One file on the same machine, which is given no kernel: its firmware starts what it finds on a disk.
    Unified(PathBuf),
    /// Another's machine, to whose ACPI tables the host has added one with this program (AML).
    Table { machine: Box<Self>, program: PathBuf },
}

/// What a machine has.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub memory_mib: u32,
    pub processors: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            memory_mib: 1024,
            processors: 2,
        }
    }
}

impl Boot {
    /// The emulator and all that it is told. What the machine writes, and what it has of its own, is in the folder.
    pub fn emulator(&self, folder: &Path, size: Size) -> (PathBuf, Vec<String>) {
        let (program, mut arguments) = match self {
            Self::Table { machine, program } => {
                let (emulator, mut arguments) = machine.emulator(folder, size);
                arguments.extend(words(&format!("-acpitable sig=SSDT,rev=2,data={}", program.display())));
                return (emulator, arguments);
            }
            Self::Nitro(image) => (tools::nitro_qemu(), nitro(image)),
            Self::Vm {
                kernel,
                initramfs,
                command_line,
            } => {
                let mut arguments = vm(folder, size);
                arguments.extend(parts(kernel, initramfs, command_line));
                (tools::stock_qemu(), arguments)
            }
            Self::Unified(program) => {
                let mut arguments = vm(folder, size);
                arguments.extend(disk(program, folder));
                (tools::stock_qemu(), arguments)
            }
        };
        arguments.extend(everywhere(folder, size));
        (program, arguments)
    }

    /// The machine and the file that it starts, for people.
    pub fn describe(&self) -> String {
        let (machine, file) = match self {
            Self::Nitro(image) => ("nitro-enclave", image),
            Self::Vm { kernel, .. } => ("q35 with OVMF, kernel and initramfs given", kernel),
            Self::Unified(program) => ("q35 with OVMF, started from its disk", program),
            Self::Table { program, .. } => ("q35 with OVMF and one more table", program),
        };
        format!("{machine}: {}", file.file_name().unwrap_or_default().display())
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_ascii_whitespace().map(str::to_owned).collect()
}

/// Software emulation always: what some machines offer as KVM cannot run a guest's early boot.
///
/// In one thread, and devices answer in it: QEMU's security module wants both halves of a request at once, and would else
/// look while the guest has put down only one.
///
/// Without a time-stamp counter: the machine has no timer to calibrate one by, so on a quiet host the guest would take a
/// wrong rate for its clock, call the counter trusted, and find every candidate out of time.
fn everywhere(folder: &Path, size: Size) -> Vec<String> {
    let Size { memory_mib, processors } = size;
    let folder = folder.display();
    words(&format!(
        "-accel tcg,thread=single -global virtio-mmio.ioeventfd=off -cpu max,-tsc -m {memory_mib} -smp {processors} -no-reboot -display none -monitor none \
         -serial file:{folder}/console.log \
         -chardev socket,id=vsock,path={folder}/device.sock"
    ))
}

fn nitro(image: &Path) -> Vec<String> {
    let firmware = tools::emulator().join("firmware");
    words(&format!(
        "-L {} -M nitro-enclave,vsock=vsock,id=orv-emulated -kernel {}",
        firmware.display(),
        image.display()
    ))
}

/// q35 with UEFI firmware, whose variables are the machine's own.
fn vm(folder: &Path, size: Size) -> Vec<String> {
    let (code, variables) = tools::firmware();
    let own = folder.join("variables.fd");
    std::fs::copy(variables, &own).unwrap();
    words(&format!(
        "-nodefaults -M q35,smm=off,memory-backend=memory \
         -object memory-backend-memfd,id=memory,size={}M,share=on \
         -drive if=pflash,format=raw,readonly=on,file={} -drive if=pflash,format=raw,file={} \
         -device vhost-user-vsock-pci,chardev=vsock",
        size.memory_mib,
        code.display(),
        own.display(),
    ))
}

fn parts(kernel: &Path, initramfs: &Path, command_line: &str) -> Vec<String> {
    let files = words(&format!(
        "-kernel {} -initrd {} -append",
        kernel.display(),
        initramfs.display()
    ));
    [files, vec![command_line.to_owned()]].concat()
}

/// A disk with nothing on it but this program, where firmware looks for one (UEFI 2.10, 3.5.1.1).
fn disk(program: &Path, folder: &Path) -> Vec<String> {
    let disk = folder.join("disk");
    let place = disk.join("EFI/BOOT");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(program, place.join("BOOTX64.EFI")).unwrap();
    words(&format!(
        "-drive if=none,id=disk,format=raw,readonly=on,file=fat:{} -device virtio-blk-pci,drive=disk,bootindex=0",
        disk.display()
    ))
}
