//! An enclave, an honest job for it, and a notary who sees every statement.

use crate::host::{Enclave, Shelf, candidate, hello, job};
use crate::line::Line;
use crate::notary::Notary;
use crate::vitals::{Holdings, holdings};
use crate::way::{Answer, Expected};
use alloy_primitives::{B256, U256};
use orv_wire::{FailureCode, Job};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long the enclave may take to put away what a host left.
const SETTLING: Duration = Duration::from_secs(20);

/// One enclave in the hands of one host.
pub struct Scene {
    pub enclave: Enclave,
    pub shelf: Shelf,
    pub notary: RefCell<Notary>,
    honest: Job,
    tickets: Cell<u64>,
    at_rest: RefCell<Option<Holdings>>,
}

impl Scene {
    /// An enclave with these arguments that has judged one honest job.
    pub fn new(arguments: &[&str]) -> Self {
        let mut shelf = Shelf::default();
        let honest = job(&mut shelf, candidate("improvement"), 0);
        let scene = Self {
            enclave: Enclave::start_with(arguments),
            shelf,
            notary: RefCell::default(),
            honest,
            tickets: Cell::new(0),
            at_rest: RefCell::new(None),
        };
        scene.judge_honestly();
        *scene.at_rest.borrow_mut() = Some(scene.holdings_at_rest());
        scene
    }

    /// An honest job with a ticket of its own.
    pub fn job(&self) -> Job {
        let ticket = self.tickets.get() + 1;
        self.tickets.set(ticket);
        Job {
            ticket: B256::from(U256::from(ticket)),
            ..self.honest.clone()
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

    /// Has an honest job judged on a connection of its own.
    pub fn judge_honestly(&self) {
        let answer = self.working().finish();
        assert!(Expected::Improved.is(&answer), "an honest job came to {answer:?}");
    }

    /// That nothing is left of any host: no process, thread, descriptor, mount, control group or file.
    pub fn is_at_rest(&self) -> Result<(), String> {
        let expected = self.at_rest.borrow().clone();
        let until = Instant::now() + SETTLING;
        loop {
            let found = holdings(&self.enclave);
            if Some(&found) == expected.as_ref() {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("holds {found:?}, before {expected:?}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the enclave holds when its sessions are gone: what it held twice in a row.
    fn holdings_at_rest(&self) -> Holdings {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let found = holdings(&self.enclave);
            std::thread::sleep(Duration::from_millis(200));
            if found == holdings(&self.enclave) {
                return found;
            }
        }
    }
}
