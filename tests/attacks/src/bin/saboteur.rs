//! What breaks an enclave from inside, on a word from the host: for the emulated machines' suite (`./dev test nitro`).
//!
//! Nothing in a shipped image can be told to fail, so the suite puts this program beside the image's own `/init`, which
//! stays as it is, and has the kernel start it first (`rdinit=/saboteur`). It forks; the parent becomes the real init; the
//! child, which nobody expects, listens on a vsock port. The image's measurement shows both changes.
//!
//! One connection carries one line: `kill NAME`, `starve NAME` (a memory limit that the next allocation breaks),
//! `cramp NAME` (no new thread or process), where NAME is the first argument of one of the enclave's processes; or
//! `take BYTES` and `give BYTES`, which only measure the way to the host, and `return BYTES`, which sends back what came; or
//! `judge PORT`, which starts the judge that the suite has put beside this program, in the image's root and without its init.

#[allow(dead_code, reason = "the attacks use the rest of it")]
#[path = "../kernel.rs"]
mod kernel;

use kernel::{Fork, call};
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::chroot;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;
use vsock::{VMADDR_CID_ANY, VsockListener, VsockStream};

/// Where it listens.
const PORT: u32 = 6000;

/// The image's own first process.
const INIT: &str = "/init";

/// A process table of its own: the image's is mounted in a root that this program does not see.
const TABLE: &str = "/saboteur-proc";

/// The image's control groups, through the root of its first process.
const GROUPS: &str = "/saboteur-proc/1/root/sys/fs/cgroup";

/// The root of its first process.
const ROOT: &str = "/saboteur-proc/1/root";

/// A build of the enclave's program whose evidence is simulated.
const JUDGE: &str = "/judge";

/// Where it stands in the image's root, on the only file system there that starts programs, and where it keeps its jobs.
const JUDGE_INSIDE: &str = "/scratch/judge";
const JUDGE_SCRATCH: &str = "/scratch/judged";

/// Bytes that are written or read at a time.
const PIECE: usize = 256 * 1024;

fn main() -> ExitCode {
    if let Ok(Fork::Child) = kernel::fork() {
        return match listen() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("saboteur: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let error = Command::new(INIT).exec();
    eprintln!("saboteur: {INIT}: {error}");
    ExitCode::FAILURE
}

fn listen() -> io::Result<()> {
    fs::create_dir(TABLE)?;
    mount_process_table()?;
    let listener = VsockListener::bind_with_cid_port(VMADDR_CID_ANY, PORT)?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = obey(stream) {
            eprintln!("saboteur: {error}");
        }
    }
}

fn mount_process_table() -> io::Result<()> {
    let [kind, place] = ["proc\0".to_owned(), format!("{TABLE}\0")];
    let at = |text: &str| text.as_ptr() as usize;
    call(libc::SYS_mount, &[at(&kind), at(&place), at(&kind), 0, 0]).map(drop)
}

fn obey(stream: VsockStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let done = match words.as_slice() {
        ["kill", name] => find(name).and_then(kill),
        ["starve", name] => find(name).and_then(|process| confine(process, "memory.max", "4096")),
        ["cramp", name] => find(name).and_then(|process| confine(process, "pids.max", "1")),
        ["judge", port] => start_judge(port),
        ["take", bytes] => take(&mut reader, number(bytes)?),
        ["give", bytes] => return give(stream, number(bytes)?),
        ["return", bytes] => return give_back(&mut reader, stream, number(bytes)?),
        _ => Err(io::Error::other(format!("no order {line:?}"))),
    };
    let answer = done.map_or_else(|error| format!("failed: {error}"), |()| "done".to_owned());
    let mut stream = stream;
    writeln!(stream, "{answer}")
}

fn number(word: &str) -> io::Result<usize> {
    word.parse().map_err(io::Error::other)
}

/// The enclave's process with this first argument; waits until it is there.
fn find(name: &str) -> io::Result<usize> {
    for _ in 0..600 {
        for entry in fs::read_dir(TABLE)?.flatten() {
            let Ok(process) = entry.file_name().to_string_lossy().parse() else {
                continue;
            };
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if line.split(|byte| *byte == 0).nth(1) == Some(name.as_bytes()) {
                return Ok(process);
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(io::Error::other(format!("no process {name}")))
}

fn kill(process: usize) -> io::Result<()> {
    call(libc::SYS_kill, &[process, libc::SIGKILL as usize]).map(drop)
}

/// Puts a process into a control group of its own with one limit.
fn confine(process: usize, limit: &str, value: &str) -> io::Result<()> {
    let group = format!("{GROUPS}/sabotaged");
    fs::create_dir(&group)?;
    fs::write(format!("{group}/cgroup.procs"), process.to_string())?;
    fs::write(format!("{group}/{limit}"), value)
}

/// Starts the judge where the image's own service runs, listening on a port of its own.
fn start_judge(port: &str) -> io::Result<()> {
    fs::copy(JUDGE, format!("{ROOT}{JUDGE_INSIDE}"))?;
    if let Fork::Parent(_) = kernel::fork()? {
        return Ok(());
    }
    let error = become_judge(port);
    eprintln!("saboteur: {JUDGE}: {error}");
    kernel::exit(1)
}

fn become_judge(port: &str) -> io::Error {
    if let Err(error) = chroot(ROOT).and_then(|()| env::set_current_dir("/")) {
        return error;
    }
    let listen = format!("vsock:{port}");
    let arguments = ["--listen", &listen, "--scratch", JUDGE_SCRATCH];
    Command::new(JUDGE_INSIDE).args(arguments).env_clear().exec()
}

fn take(reader: &mut impl Read, mut left: usize) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    while left > 0 {
        let read = reader.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left = left.saturating_sub(read);
    }
    Ok(())
}

fn give(mut stream: VsockStream, mut left: usize) -> io::Result<()> {
    let piece = vec![0; PIECE];
    while left > 0 {
        let length = left.min(PIECE);
        stream.write_all(piece.get(..length).unwrap_or_default())?;
        left -= length;
    }
    // The other side closes when it has all.
    stream.read(&mut [0]).map(drop)
}

/// Sends back what has come, when all of it is there: the host may write everything before it reads.
fn give_back(reader: &mut impl Read, mut stream: VsockStream, length: usize) -> io::Result<()> {
    let mut all = vec![0; length];
    reader.read_exact(&mut all)?;
    stream.write_all(&all)?;
    stream.read(&mut [0]).map(drop)
}
