//! An enclave, an honest job for it, and a notary who sees every statement.

use crate::host::{Enclave, Shelf, candidate, file, hello, job, read};
use crate::line::Line;
use crate::notary::Notary;
use crate::vitals::{Holdings, holdings};
use crate::way::{Answer, Expected};
use alloy_primitives::{B256, U256};
use orv_content::archive;
use orv_content::tree::{Executable, TreePath};
use orv_wire::{FailureCode, Job, Stage};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long the enclave may take to put away what a host left.
const SETTLING: Duration = Duration::from_secs(60);

/// Rounds of a loop in Lua, about a second of them: longer than a message of the host takes on a busy machine.
const COUNTED: u64 = 500_000_000;

/// One enclave in the hands of one host.
pub struct Scene {
    pub enclave: Enclave,
    pub shelf: Shelf,
    pub notary: RefCell<Notary>,
    honest: Job,
    lengthy: Job,
    tickets: Cell<u64>,
    at_rest: Holdings,
}

impl Scene {
    /// An enclave with these arguments that has judged one honest job.
    pub fn new(arguments: &[&str]) -> Self {
        let mut shelf = Shelf::default();
        let honest = job(&mut shelf, candidate("improvement"), 0);
        let lengthy = lengthy(&mut shelf, &honest);
        let enclave = Enclave::start_with(arguments);
        let scene = Self {
            at_rest: holdings_at_rest(&enclave),
            enclave,
            shelf,
            notary: RefCell::default(),
            honest,
            lengthy,
            tickets: Cell::new(0),
        };
        scene.judge_honestly();
        scene
    }

    /// An honest job with a ticket of its own.
    pub fn job(&self) -> Job {
        self.with_ticket(&self.honest)
    }

    fn with_ticket(&self, job: &Job) -> Job {
        let ticket = self.tickets.get() + 1;
        self.tickets.set(ticket);
        Job {
            ticket: B256::from(U256::from(ticket)),
            ..job.clone()
        }
    }

    /// A connection that has said nothing.
    pub fn line(&self) -> Line<'_> {
        Line::open(self)
    }

    /// A connection that has said Hello.
    pub fn introduced(&self) -> Line<'_> {
        let until = Instant::now() + SETTLING;
        loop {
            let mut line = self.line();
            match line.introduce(hello()) {
                Answer::Introduced => return line,
                // Sessions of hosts that have left may not have ended yet.
                Answer::Refused(failure) if failure.code == FailureCode::Busy && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => panic!("an honest Hello came to {other:?}"),
            }
        }
    }

    /// A connection with an honest job under way.
    pub fn working(&self) -> Line<'_> {
        let mut line = self.introduced();
        line.ask(self.job());
        line
    }

    /// A connection with an honest job that has come to a stage and will not be judged for a good while: what the host says
    /// now is heard before the verdict.
    pub fn working_at(&self, stage: Stage) -> Line<'_> {
        let mut line = self.introduced();
        line.ask(self.with_ticket(&self.lengthy));
        line.until_stage(stage);
        line
    }

    /// Has an honest job judged on a connection of its own.
    pub fn judge_honestly(&self) {
        let answer = self.working().finish();
        assert!(Expected::Improved.is(&answer), "an honest job came to {answer:?}");
    }

    /// That nothing is left of any host: no process, thread, descriptor, mount, control group or file.
    pub fn is_at_rest(&self) -> Result<(), String> {
        let expected = &self.at_rest;
        let until = Instant::now() + SETTLING;
        loop {
            let found = holdings(&self.enclave);
            if found == *expected {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("holds {found:?}, before {expected:?}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What the enclave holds before its first host: what it held twice in a row.
fn holdings_at_rest(enclave: &Enclave) -> Holdings {
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let found = holdings(enclave);
        std::thread::sleep(Duration::from_millis(200));
        if found == holdings(enclave) {
            return found;
        }
    }
}

/// The same job with a candidate that counts before it packs, and all the time that it wants for that. The enclave listens
/// before each trial. The third is the last, and one of the two before it is the candidate's, whatever their order.
fn lengthy(shelf: &mut Shelf, honest: &Job) -> Job {
    let mut tree = read("images/example/project/repository");
    let pack = read("images/example/proposals/improvement");
    let pack = String::from_utf8(pack.file("pack.lua").unwrap().to_vec()).unwrap();
    let pack = format!("for _ = 1, {COUNTED} do end\n{pack}");
    let path = TreePath::new("pack.lua").unwrap();
    tree.insert(path, file(pack.into_bytes(), Executable::No)).unwrap();
    let protocol = String::from_utf8(shelf.0[&honest.project.protocol_hash].clone()).unwrap();
    let (short, long) = (r#""hardTimeoutSeconds": 10"#, r#""hardTimeoutSeconds": 300"#);
    assert!(protocol.contains(short), "the example's time limit is another");
    let mut job = honest.clone();
    job.project.protocol_hash = shelf.put(protocol.replace(short, long).into_bytes());
    job.proposal.code_hash = shelf.put(archive::write(&tree));
    job
}
