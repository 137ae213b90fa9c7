//! One emulated machine with its vsock device, in a folder of its own.

use super::boot::{Boot, Size};
use super::child::Guarded;
use super::{spoilt, tools};
use orv_verifier::enclave::EnclaveAddress;
use orv_wire::{Channel, Stream};
use std::fs::OpenOptions;
use std::io::Write;
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

/// What init says on the console when the machine is ready.
const BOOTED: &str = "orv-enclave: boot: machine=";

/// What the kernel says last, where a machine ends by a restart.
const RESTARTS: &str = "reboot: Restarting system";

/// How long the emulator may take to end after that.
const TIME_TO_END: Duration = Duration::from_secs(3);

/// Most machines that are started for one that the emulator does not spoil.
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
            let spoilt = spoilt::by_the_emulator(&self.qemu.said(), &self.console());
            if let Some(fault) = spoilt.filter(|_| starts < STARTS) {
                starts += 1;
                tell(&format!(
                    "spoilt by the emulator, start {starts} of at most {STARTS}: {fault}"
                ));
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

    /// Waits until the machine has ended by itself. A guest that says it restarts has ended, too: the emulator has been
    /// seen to boot it once more, though it is told not to, and is ended then.
    pub fn wait_until_ended(&mut self) {
        let begun = Instant::now();
        let mut restarts = None;
        while self.is_running() {
            assert!(begun.elapsed() < GENEROUS, "still running\n{}", self.everything_said());
            if restarts.is_none() && self.console().contains(RESTARTS) {
                restarts = Some(Instant::now());
            }
            if restarts.is_some_and(|since| since.elapsed() > TIME_TO_END) {
                tell("spoilt by the emulator, which restarts what it is told to end");
                return self.kill();
            }
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
    tell(&format!("started {}", boot.describe()));
    let at = |name: &str| folder.join(name);
    let device = start_device(&at("device.sock"), &at("vm.vsock"), at("device.log"));
    wait_for("the vsock device's socket", || at("device.sock").exists().then_some(()));
    let (program, arguments) = boot.emulator(folder, size);
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

/// Tells of a start: with the output of its test, and in the file that `ORV_STARTS` names, which `.ci/suites` counts when
/// all tests have ended.
fn tell(line: &str) {
    eprintln!("{line}");
    let Some(path) = std::env::var_os("ORV_STARTS") else {
        return;
    };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
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
