//! One emulated machine with its vsock device, in a folder of its own.

use super::child::Guarded;
use super::tools;
use orv_verifier::enclave::EnclaveAddress;
use orv_wire::{Channel, Stream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The port that every image's service listens on, by its measured configuration.
pub const SERVICE: u32 = 5000;

/// How long anything may take before it counts as not happening: boots take seconds, and half a minute beside other work.
const GENEROUS: Duration = Duration::from_secs(240);

/// Guests of one test process have different context ids, though each has a device of its own.
static NEXT_CID: AtomicU32 = AtomicU32::new(16);

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

/// What QEMU says when its security module has found half a request. The module is dead from then on: a fault of the
/// emulator alone.
const LOST_MODULE: &str = "Expected response buffer after request buffer in virtqueue";

/// What the kernel says when it gives up.
const PANIC: &str = "Kernel panic";

/// What every line of the image's programs begins with.
const OURS: &str = "orv-enclave:";

/// What init says on the console when the machine is ready.
const BOOTED: &str = "orv-enclave: boot: machine=";

/// Most machines that are started for one that keeps its module.
const STARTS: u32 = 5;

/// A running machine. Dropped, all of it ends; its console is shown where the test fails.
pub struct Machine {
    boot: Boot,
    size: Size,
    qemu: Guarded,
    device: Guarded,
    folder: TempDir,
    started: Instant,
}

impl Machine {
    /// Starts a machine and does not wait for its guest.
    pub fn start(boot: &Boot, size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (device, qemu) = begin(folder.path(), boot, size);
        Self {
            boot: boot.clone(),
            size,
            qemu,
            device,
            folder,
            started: Instant::now(),
        }
    }

    /// Ends what runs and starts the same machine again, at the same address.
    pub fn restart(&mut self) {
        self.qemu.kill();
        self.device.kill();
        for left in ["device.sock", "vm.vsock", "console.log"] {
            let _ = std::fs::remove_file(self.folder.path().join(left));
        }
        (self.device, self.qemu) = begin(self.folder.path(), &self.boot, self.size);
        self.started = Instant::now();
    }

    /// Where its enclave listens.
    pub fn address(&self) -> EnclaveAddress {
        EnclaveAddress::Hybrid {
            socket: self.folder.path().join("vm.vsock"),
            port: SERVICE,
        }
    }

    /// The unix socket that its guest reaches at one of its parent's ports.
    pub fn parent_port(&self, port: u32) -> PathBuf {
        self.folder.path().join(format!("vm.vsock_{port}"))
    }

    /// A connection to the enclave that speaks messages, once it listens.
    pub fn connect(&mut self) -> Channel<UnixStream> {
        Channel::new(self.stream())
    }

    /// A connection to the enclave, once it listens. Nobody may connect before the guest has its device: the device beside
    /// the machine has come to a standstill over that.
    pub fn stream(&mut self) -> UnixStream {
        let address = self.address();
        let begun = Instant::now();
        let mut starts = 1;
        loop {
            let error = if self.console().contains(BOOTED) {
                match address.connect() {
                    Ok(Stream::Unix(stream)) => return stream,
                    Ok(Stream::Vsock(_)) => unreachable!("{address} is a unix socket"),
                    Err(error) => error.to_string(),
                }
            } else {
                format!("no {BOOTED:?} on its console")
            };
            if let Some(fault) = self.emulators_fault().filter(|_| starts < STARTS) {
                eprintln!("{fault}; the machine is started again");
                starts += 1;
                self.restart();
            }
            let goes_on = self.is_running() && begun.elapsed() < GENEROUS;
            assert!(
                goes_on,
                "the enclave never listened: {error}\n{}",
                self.everything_said()
            );
            sleep(Duration::from_millis(50));
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.qemu.is_running()
    }

    /// Waits until the machine has ended by itself.
    pub fn wait_until_ended(&mut self) {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < GENEROUS, "still running\n{}", self.everything_said());
            sleep(Duration::from_millis(50));
        }
    }

    /// What the guest has written to its console.
    pub fn console(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("console.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Takes the power away.
    pub fn kill(&mut self) {
        self.qemu.kill();
    }

    /// Time since QEMU was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the emulator has spoilt, if it looks like that: its security module; or the kernel gave up before there was a
    /// process, as it does on a busy machine when the emulated timer does not tick while the kernel looks. An image that
    /// does so always is found out all the same: it is started a few times only.
    fn emulators_fault(&self) -> Option<String> {
        if self.qemu.said().contains(LOST_MODULE) {
            return Some("QEMU lost its security module".to_owned());
        }
        let console = self.console();
        let panic = console.lines().find(|line| line.contains(PANIC))?;
        (!console.contains(OURS)).then(|| panic.to_owned())
    }

    fn everything_said(&self) -> String {
        format!(
            "--- console\n{}\n--- qemu\n{}\n--- vsock device\n{}",
            self.console(),
            self.qemu.said(),
            self.device.said()
        )
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.everything_said());
        }
    }
}

/// The device first: QEMU wants its socket.
fn begin(folder: &Path, boot: &Boot, size: Size) -> (Guarded, Guarded) {
    let at = |name: &str| folder.join(name);
    let device = start_device(&at("device.sock"), &at("vm.vsock"), at("device.log"));
    wait_for("the vsock device's socket", || at("device.sock").exists().then_some(()));
    let (program, mut arguments) = match boot {
        Boot::Nitro(image) => (tools::nitro_qemu(), nitro(image)),
        Boot::Vm {
            kernel,
            initramfs,
            command_line,
        } => (tools::stock_qemu(), vm(kernel, initramfs, command_line, folder, size)),
    };
    arguments.extend(everywhere(folder, size));
    (device, Guarded::start(&program, &arguments, at("qemu.log")))
}

/// One device for one guest. Packets must not be longer than it can take: its default would lose any above 32 KiB.
fn start_device(socket: &Path, uds: &Path, log: PathBuf) -> Guarded {
    let cid = NEXT_CID.fetch_add(1, Ordering::Relaxed);
    let vm = format!(
        "guest-cid={cid},socket={},uds-path={},tx-buffer-size=32768,queue-size=1024",
        socket.display(),
        uds.display()
    );
    Guarded::start(&tools::vsock_device(), &["--vm", &vm], log)
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

fn vm(kernel: &Path, initramfs: &Path, command_line: &str, folder: &Path, size: Size) -> Vec<String> {
    let (code, variables) = tools::firmware();
    let own = folder.join("variables.fd");
    std::fs::copy(variables, &own).unwrap();
    let mut arguments = words(&format!(
        "-nodefaults -M q35,smm=off,memory-backend=memory \
         -object memory-backend-memfd,id=memory,size={}M,share=on \
         -drive if=pflash,format=raw,readonly=on,file={} -drive if=pflash,format=raw,file={} \
         -device vhost-user-vsock-pci,chardev=vsock -kernel {} -initrd {}",
        size.memory_mib,
        code.display(),
        own.display(),
        kernel.display(),
        initramfs.display()
    ));
    arguments.extend(["-append".to_owned(), command_line.to_owned()]);
    arguments
}

fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(begun.elapsed() < GENEROUS, "{what} did not come");
        sleep(Duration::from_millis(10));
    }
}
