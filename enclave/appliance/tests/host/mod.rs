//! A host made for tests: starts the real enclave, serves what it is told to serve, and can lie about all of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code)]

use alloy_primitives::{Address, B256, I256, U256};
use orv_content::oci::write_single_layer;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_content::{archive, materialize, merkle};
use orv_receipt::{Bundle, Domain, IncumbentFacts, ProjectFacts, ProposalFacts};
use orv_wire::*;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const STATIC: &str = "target/static/x86_64-unknown-linux-gnu/reproducible";
const STATIC_BUILD: &str = "cargo build --config images/example/static.toml -p orv-example-runtime --profile reproducible \
                            --target-dir target/static";

const ENCLAVE_BUILD: &str = "cargo build -p orv-enclave --features simulator";

/// The workspace's folder, for whichever of its packages this file is built.
pub fn workspace() -> &'static Path {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.find(|folder| folder.join("Cargo.lock").exists()).unwrap()
}

/// The enclave's program: cargo's own word for it in the package's tests, else the one beside the running test.
pub fn program() -> PathBuf {
    if let Some(path) = option_env!("CARGO_BIN_EXE_orv-enclave") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("orv-enclave");
    assert!(
        path.exists(),
        "{} is missing; build it: {ENCLAVE_BUILD}",
        path.display()
    );
    path
}

/// The measurement under which the enclave's evidence is listed, asked of the program itself.
pub fn measurement() -> B256 {
    let output = Command::new(program())
        .args(["--measure", "--listen", "unix:/-", "--scratch", "/-"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = text
        .split_once(r#""measurement":""#)
        .and_then(|(_, rest)| rest.split('"').next());
    value
        .unwrap_or_else(|| panic!("no measurement in {text:?}; build it: {ENCLAVE_BUILD}"))
        .parse()
        .unwrap()
}

/// A running enclave in a directory of its own.
pub struct Enclave {
    process: Child,
    directory: tempfile::TempDir,
    pub keeper: u32,
    pub key: Address,
}

impl Enclave {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(program())
            .args([
                "--listen",
                &format!("unix:{}", directory.path().join("socket").display()),
            ])
            .args(["--scratch", directory.path().join("scratch").to_str().unwrap()])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let fields: BTreeMap<_, _> = ready
            .split_whitespace()
            .filter_map(|field| field.split_once('='))
            .collect();
        assert_eq!(
            fields.get("platform"),
            Some(&"sim-nitro"),
            "{ready:?}; build it: {ENCLAVE_BUILD}"
        );
        let (keeper, key) = (fields["keeper"].parse().unwrap(), fields["key"].parse().unwrap());
        Self {
            process,
            directory,
            keeper,
            key,
        }
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub fn connect(&self) -> Channel<UnixStream> {
        Channel::new(UnixStream::connect(self.directory.path().join("socket")).unwrap())
    }

    /// Waits for the enclave's end and tells its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// The exit code of an enclave that ends by itself; nothing where it still runs after a generous while.
    pub fn ended(&mut self) -> Option<i32> {
        for _ in 0..1200 {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        None
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Where its jobs are laid out.
    pub fn scratch(&self) -> PathBuf {
        self.directory.path().join("scratch")
    }

    /// Takes the scratch directory away from under the enclave.
    pub fn remove_scratch(&self) {
        std::fs::remove_dir_all(self.directory.path().join("scratch")).unwrap();
    }

    /// Puts into the scratch directory what a killed enclave of the same process id would have left there.
    pub fn leave_behind(&self, job: u32) -> PathBuf {
        let name = format!("scratch/job-{}-{job}", self.process.id());
        let folder = self.directory.path().join(name);
        std::fs::create_dir_all(folder.join("rootfs")).unwrap();
        folder
    }

    /// What is left of jobs in the scratch directory.
    pub fn leftovers(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("scratch"))
            .unwrap()
            .count()
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A disk with almost no room over a directory, as long as it lives.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn over(directory: &Path) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(directory)
            .status()
            .unwrap();
        assert!(mounted.success());
        Self(directory.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

pub const DOMAIN: Domain = Domain {
    chain_id: 16602,
    gateway: Address::repeat_byte(0x60),
};

pub fn hello() -> Hello {
    Hello {
        version: WIRE_VERSION,
        challenge: B256::repeat_byte(0x77),
        domain: DOMAIN,
        registry: Address::repeat_byte(0x61),
        operator: Address::repeat_byte(0x62),
    }
}

/// What the host has, by the hash under which it is asked for.
#[derive(Clone, Default)]
pub struct Shelf(pub BTreeMap<B256, Vec<u8>>);

impl Shelf {
    pub fn put(&mut self, bytes: Vec<u8>) -> B256 {
        let hash = B256::from(merkle::root_of(&bytes).unwrap().0);
        self.0.insert(hash, bytes);
        hash
    }
}

pub fn read(path: &str) -> Tree {
    materialize::read_directory(&workspace().join(path), &archive::Quota::project()).unwrap()
}

fn under(tree: &mut Tree, folder: &str, files: &Tree) {
    for (path, node) in files.iter() {
        tree.insert(TreePath::new(format!("{folder}/{path}")).unwrap(), node.clone())
            .unwrap();
    }
}

pub fn file(bytes: Vec<u8>, executable: Executable) -> Node {
    Node::File {
        executable,
        content: bytes.into(),
    }
}

/// The example's repository with a proposal's files laid over it.
pub fn candidate(name: &str) -> Vec<u8> {
    let mut tree = read("images/example/project/repository");
    for (path, node) in read(&format!("images/example/proposals/{name}")).iter() {
        tree.insert(path.clone(), node.clone()).unwrap();
    }
    archive::write(&tree)
}

/// benchmark.tar of a folder, with an image of programs from the static build: path in the image and program's name.
pub fn benchmark(folder: &str, programs: &[(&str, &str)]) -> Vec<u8> {
    let mut rootfs = Tree::new();
    for (path, name) in programs {
        let built = workspace().join(STATIC).join(name);
        let bytes = std::fs::read(&built)
            .unwrap_or_else(|error| panic!("{}: {error}; build it: {STATIC_BUILD}", built.display()));
        rootfs
            .insert(TreePath::new(*path).unwrap(), file(bytes, Executable::Yes))
            .unwrap();
    }
    let (layout, digest) = write_single_layer(&rootfs, Vec::new(), "/work").unwrap();
    let mut benchmark = read(folder);
    let manifest = TreePath::new("openresearch.json").unwrap();
    let text = String::from_utf8(benchmark.file("openresearch.json").unwrap().to_vec()).unwrap();
    let text = text.replace(&format!("sha256:{}", "0".repeat(64)), &digest.to_string());
    benchmark
        .insert(manifest, file(text.into_bytes(), Executable::No))
        .unwrap();
    under(&mut benchmark, "image", &layout);
    archive::write(&benchmark)
}

/// The example project's facts, everything it names on the shelf.
pub fn project(shelf: &mut Shelf) -> ProjectFacts {
    let benchmark = benchmark("images/example/project/benchmark", &[("bin/lua", "lua")]);
    ProjectFacts {
        id: U256::from(3),
        protocol_hash: shelf.put(std::fs::read(workspace().join("images/example/project/protocol.json")).unwrap()),
        repo_snapshot_hash: shelf.put(archive::write(&read("images/example/project/repository"))),
        benchmark_hash: shelf.put(benchmark),
        baseline_score: I256::try_from(-1117).unwrap(),
        baseline_metrics_hash: B256::repeat_byte(4),
        token: Address::repeat_byte(5),
        creator: Address::repeat_byte(6),
        created_at: 1_790_000_000,
    }
}

/// A job for one candidate against the snapshot.
pub fn job(shelf: &mut Shelf, candidate: Vec<u8>, ticket: u8) -> Job {
    let project = project(shelf);
    Job {
        domain: DOMAIN,
        ledger: Address::repeat_byte(1),
        registry: Address::repeat_byte(2),
        ticket: B256::repeat_byte(ticket),
        incumbent: IncumbentFacts {
            code_hash: B256::ZERO,
            score: project.baseline_score,
        },
        proposal: ProposalFacts {
            id: U256::from(7),
            project_id: project.id,
            miner: Address::repeat_byte(7),
            reward_recipient: Address::repeat_byte(8),
            code_hash: shelf.put(candidate),
            benchmark_log_hash: B256::repeat_byte(9),
            claimed_score: I256::try_from(-1).unwrap(),
            stake: U256::from(11),
            submitted_at: 1_790_000_100,
        },
        project,
    }
}

/// How a job ended, as the host sees it.
#[derive(Debug)]
pub enum End {
    Judged(Box<Outcome>, Box<Bundle>),
    Refused(Failure),
}

/// Says hello and returns the envelope.
pub fn introduce(channel: &mut Channel<UnixStream>) -> Vec<u8> {
    introduce_as(channel, hello())
}

/// Says hello for a chain, gateway, registry and operator, and returns the envelope.
pub fn introduce_as(channel: &mut Channel<UnixStream>, hello: Hello) -> Vec<u8> {
    channel.send(0, &Message::Hello(hello)).unwrap();
    match channel.receive().unwrap().1 {
        Message::Identity(identity) => identity.envelope,
        other => panic!("{other:?}"),
    }
}

/// Serves a job from the shelf to its end.
pub fn serve(channel: &mut Channel<UnixStream>, job: &Job, shelf: &Shelf) -> End {
    serve_telling(channel, job, shelf, |_| {})
}

/// The same, telling each message before it is answered.
pub fn serve_telling(
    channel: &mut Channel<UnixStream>,
    job: &Job,
    shelf: &Shelf,
    mut tell: impl FnMut(&Message),
) -> End {
    const STREAM: u32 = 5;
    channel.send(STREAM, &Message::Job(Box::new(job.clone()))).unwrap();
    let mut bundle: Vec<u8> = Vec::new();
    loop {
        let message = channel.receive().unwrap().1;
        tell(&message);
        match message {
            Message::Want(want) => match shelf.0.get(&want.hash) {
                Some(bytes) => channel
                    .send_segments(STREAM, want.hash, bytes, want.offset, want.length)
                    .unwrap(),
                None => channel.fail(STREAM, FailureCode::Missing, "no such bytes").unwrap(),
            },
            Message::Segment(segment) => bundle.extend(segment.bytes),
            Message::Progress(_) => {}
            Message::Result(outcome) => {
                return End::Judged(outcome, Box::new(Bundle::decode(&bundle).unwrap()));
            }
            Message::Error(failure) => return End::Refused(failure),
            other => panic!("{other:?}"),
        }
    }
}
