//! An enclave that follows a script: honest, or with one script.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../enclave/receipt/tests/sample/mod.rs"]
pub mod sample;

use k256::ecdsa::SigningKey;
use orv_chain::BlockReference;
use orv_chain::primitives::{Address, B256, I256, U256};
use orv_content::{Sha256, merkle};
use orv_evidence::{Collector, Context, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY};
use orv_protocol::judgement::Arm;
use orv_protocol::seed::trial_seed;
use orv_receipt::rule::statement_of;
use orv_receipt::{BUNDLE_VERSION, Bundle, Domain, IncumbentFacts, Obstacle, ProjectFacts, ProposalFacts, Signature};
use orv_simulator::{Measured, SimulatedNitro};
use orv_verifier::enclave::Binding;
use orv_verify::{Register, nitro_measurement_id};
use orv_wire::{
    Assembly, Channel, Failure, FailureCode, Hello, Identity, Job, MAX_SEGMENT, Message, MessageError, Outcome,
    Progress, Stage, WIRE_VERSION,
};
use std::collections::BTreeMap;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::SystemTime;

/// What the enclave does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// It is honest, and could not get the bytes.
    MissingBytes,
    /// It is honest, and measured an improvement.
    Improvement,
    /// It is honest, and measured no improvement.
    NoImprovement,
    /// It is honest, measured this of the candidate, and nothing that the chain has of the others: a timed metric.
    Timed(&'static str),
    /// It announces and signs another root than the bundle's.
    BundleRoot,
    /// It sends another bundle than the one it signed.
    BundleBytes,
    /// It signs with another key than the one it introduced.
    Signer,
    /// Its signature is noise.
    Signature,
    /// It judges another proposal.
    Proposal,
    /// It uses another ticket.
    Ticket,
    /// It measures against another incumbent.
    Incumbent,
    /// It signs a verdict that its own bundle does not support.
    Verdict,
    /// It answers another challenge than the one asked.
    Challenge,
    /// It introduces a key that works for somebody else.
    Operator,
    /// It gives its result before the bundle is complete.
    HalfBundle,
    /// It gives up.
    Failure,
    /// It does not sign with the key of its first boot, whatever the chain says of that.
    UsedUp,
    /// It leaves in the middle.
    Leave,
    /// It says nothing after the job.
    Silence,
}

pub const DOMAIN: Domain = Domain {
    chain_id: 31337,
    gateway: Address::repeat_byte(0x61),
};

/// What the key is to be bound to.
pub fn binding() -> Binding {
    Binding {
        domain: DOMAIN,
        registry: Address::repeat_byte(0x62),
        operator: Address::repeat_byte(0x63),
    }
}

/// The block that makes the challenge.
pub fn block() -> BlockReference {
    BlockReference {
        number: 9,
        hash: B256::repeat_byte(0x64),
    }
}

/// The hash that the enclave asks for.
pub const WANTED: B256 = B256::repeat_byte(0x65);

/// The job that is asked.
pub fn job() -> Job {
    let small = |number: i64| I256::try_from(number).unwrap();
    Job {
        domain: DOMAIN,
        ledger: Address::repeat_byte(1),
        registry: Address::repeat_byte(2),
        ticket: B256::repeat_byte(3),
        project: ProjectFacts {
            id: U256::from(1),
            protocol_hash: WANTED,
            repo_snapshot_hash: B256::repeat_byte(4),
            benchmark_hash: B256::repeat_byte(5),
            baseline_score: small(-100),
            baseline_metrics_hash: B256::ZERO,
            token: Address::repeat_byte(6),
            creator: Address::repeat_byte(7),
            created_at: 1000,
        },
        proposal: ProposalFacts {
            id: U256::from(4),
            project_id: U256::from(1),
            miner: Address::repeat_byte(8),
            reward_recipient: Address::repeat_byte(8),
            code_hash: B256::repeat_byte(9),
            benchmark_log_hash: B256::ZERO,
            claimed_score: small(-90),
            stake: U256::from(10),
            submitted_at: 2000,
        },
        incumbent: IncumbentFacts {
            code_hash: B256::ZERO,
            score: small(-100),
        },
    }
}

/// What the enclave saw of the host.
#[derive(Debug, Default)]
pub struct Seen {
    /// The content that it asked for; nothing when the host had none.
    pub content: Option<Vec<u8>>,
    /// Whether the host cancelled.
    pub cancelled: bool,
}

/// Starts the enclave; the returned stream is the host's end.
pub fn enclave(script: Script) -> (UnixStream, JoinHandle<Seen>) {
    let (host, inside) = UnixStream::pair().unwrap();
    let thread = std::thread::spawn(move || {
        let mut enclave = Fake {
            channel: Channel::new(inside),
            script,
            seen: Seen::default(),
            envelope: Vec::new(),
            known: BTreeMap::new(),
            key: 1,
        };
        // An enclave that is left alone ends; what it saw until then is what counts.
        let _ = enclave.live();
        enclave.seen
    });
    (host, thread)
}

/// What stands where the hardware should.
pub fn simulator() -> SimulatedNitro {
    let measured = Measured {
        executable: b"a scripted enclave",
        configuration: b"none",
        ramdisk: b"",
    };
    SimulatedNitro::measure(&measured, || {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        UnixTime::from_seconds(since_epoch.as_secs())
    })
}

/// Under what the scripted enclaves' evidence is listed.
pub fn measurement() -> B256 {
    let registers = simulator().registers().map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
}

/// Starts an enclave that listens; one key and, for one `Hello`, one envelope over all connections.
pub fn listen(path: &Path, script: Script) {
    listen_as(path, script, || 1);
}

/// Starts an enclave whose key has another number after each boot.
pub fn listen_as(path: &Path, script: Script, number: impl Fn() -> u8 + Send + 'static) {
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || {
        let (mut known, mut booted) = (BTreeMap::new(), 0);
        for connection in listener.incoming() {
            let mut enclave = Fake {
                channel: Channel::new(connection.unwrap()),
                script,
                seen: Seen::default(),
                envelope: Vec::new(),
                known: std::mem::take(&mut known),
                key: number(),
            };
            if std::mem::replace(&mut booted, enclave.key) != enclave.key {
                enclave.known.clear();
            }
            let _ = enclave.live();
            known = enclave.known;
        }
    });
}

struct Fake {
    channel: Channel<UnixStream>,
    script: Script,
    seen: Seen,
    envelope: Vec<u8>,
    /// Envelopes by challenge.
    known: BTreeMap<B256, Vec<u8>>,
    /// Number of the key that this boot made.
    key: u8,
}

impl Fake {
    fn live(&mut self) -> Result<(), MessageError> {
        loop {
            let (stream, message) = self.channel.receive()?;
            match message {
                Message::Hello(hello) => {
                    let given = self.known.get(&hello.challenge).cloned();
                    self.envelope = given.unwrap_or_else(|| self.envelope_for(&hello));
                    self.known.insert(hello.challenge, self.envelope.clone());
                    let identity = Identity {
                        version: WIRE_VERSION,
                        envelope: self.envelope.clone(),
                    };
                    self.channel.send(stream, &Message::Identity(identity))?;
                }
                Message::Job(job) => self.judge(stream, *job)?,
                Message::Cancel(_) => {
                    self.seen.cancelled = true;
                    self.channel.fail(stream, FailureCode::Cancelled, "no job runs")?;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn envelope_for(&self, hello: &Hello) -> Vec<u8> {
        let operator = if self.script == Script::Operator {
            Address::ZERO
        } else {
            hello.operator
        };
        let context = Context {
            chain_id: hello.domain.chain_id,
            registry: hello.registry.0.0,
            gateway: hello.domain.gateway.0.0,
            operator: operator.0.0,
            boot_id: [1; 32],
            configuration_hash: [2; 32],
        };
        let mut public_key = [0; 65];
        public_key.copy_from_slice(key(self.key).verifying_key().to_encoded_point(false).as_bytes());
        let binding = orv_evidence::Binding {
            platform: Platform::SimNitro,
            purpose: VERDICT_KEY.to_owned(),
            challenge: if self.script == Script::Challenge {
                [0; 32]
            } else {
                hello.challenge.0
            },
            public_key,
            context: context.encode(),
        };
        let evidence = simulator().collect(&binding).unwrap();
        Envelope::seal(&binding, KeyOrigin::GeneratedInside, evidence)
            .unwrap()
            .encode()
    }

    fn judge(&mut self, stream: u32, asked: Job) -> Result<(), MessageError> {
        if self.script == Script::Failure {
            return Ok(self.channel.fail(stream, FailureCode::Internal, "the runner broke")?);
        }
        if self.script == Script::UsedUp && self.key == 1 {
            let code = FailureCode::KeyExhausted;
            return Ok(self.channel.fail(stream, code, "the key signs no more")?);
        }
        if self.script == Script::Silence {
            return Ok(());
        }
        let progress = Progress {
            stage: Stage::Fetch,
            done: 0,
            total: 5,
        };
        self.channel.send(stream, &Message::Progress(progress))?;
        self.seen.content = self.fetch(stream, asked.project.protocol_hash)?;
        if self.script == Script::Leave {
            return Err(MessageError::Frame(orv_wire::FrameError::Closed));
        }
        let (bundle, outcome) = self.decide(asked);
        let announced = outcome.run.bundle_root;
        let length = if self.script == Script::HalfBundle {
            // Whole segments only: of a short bundle, nothing.
            bundle.len().saturating_sub(1) as u64 / MAX_SEGMENT as u64 * MAX_SEGMENT as u64
        } else {
            bundle.len() as u64
        };
        self.channel.send_segments(stream, announced, &bundle, 0, length)?;
        Ok(self.channel.send(stream, &Message::Result(Box::new(outcome)))?)
    }

    /// As the real one does it.
    fn fetch(&mut self, stream: u32, hash: B256) -> Result<Option<Vec<u8>>, MessageError> {
        let mut assembly = Assembly::new(hash, 64 << 20);
        while let Some(want) = assembly.want() {
            let end = want.offset + want.length;
            self.channel.send(stream, &Message::Want(want))?;
            while assembly.want().is_some_and(|next| next.offset < end) {
                match self.channel.receive()?.1 {
                    Message::Segment(segment) => assembly.take(segment).unwrap(),
                    Message::Error(Failure {
                        code: FailureCode::Missing,
                        ..
                    }) => return Ok(None),
                    other => panic!("{other:?}"),
                }
            }
        }
        Ok(Some(assembly.finish()))
    }

    fn decide(&self, mut asked: Job) -> (Vec<u8>, Outcome) {
        let domain = asked.domain;
        match self.script {
            Script::Proposal => asked.proposal.id = U256::from(5),
            Script::Ticket => asked.ticket = B256::repeat_byte(0x44),
            Script::Incumbent => asked.incumbent.score = I256::MINUS_ONE,
            _ => {}
        }
        let mut bundle = match self.script {
            Script::Improvement => measured(&asked, "960", "1117"),
            Script::NoImprovement => measured(&asked, "1117", "1117"),
            Script::Timed(candidate) => measured(&asked, candidate, "1200"),
            _ => bundle_of(&asked),
        };
        let mut bytes = bundle.encode();
        let evidence_root = merkle::root_of(&self.envelope).unwrap();
        let mut run = statement_of(&bundle, merkle::root_of(&bytes).unwrap(), evidence_root).unwrap();
        match self.script {
            Script::BundleRoot => run.bundle_root = B256::repeat_byte(0x55),
            Script::Verdict => run.verdict = 1,
            Script::BundleBytes => {
                bundle.obstacle = Some(Obstacle {
                    reason: "missing-bytes".into(),
                    detail: "another".into(),
                });
                bytes = bundle.encode();
            }
            _ => {}
        }
        let signer = key(if self.script == Script::Signer { 99 } else { self.key });
        let mut signature = Signature::sign(&signer, &run.signing_hash(&domain)).unwrap();
        if self.script == Script::Signature {
            signature = Signature([9; 65]);
        }
        (bytes, Outcome { run, signature })
    }
}

/// A job that ran: the sample project, whose snapshot has 1117 on chain.
fn measured(job: &Job, candidate: &'static str, snapshot: &'static str) -> Bundle {
    let mut bundle = sample::bundle();
    bundle.ledger = job.ledger;
    bundle.registry = job.registry;
    bundle.ticket = job.ticket;
    bundle.project = job.project.clone();
    bundle.proposal = job.proposal.clone();
    bundle.incumbent = job.incumbent;
    bundle.seed = B256::from(trial_seed(&bundle.candidate_tree, &job.ticket.0, &bundle.secret.0));
    bundle.trials.clear();
    sample::run_trials(
        &mut bundle,
        |arm| if arm == Arm::Candidate { candidate } else { snapshot },
    );
    bundle
}

/// A job that was cut short for want of bytes: the smallest complete record.
fn bundle_of(job: &Job) -> Bundle {
    let (no_tree, secret) = (Sha256([0; 32]), [7; 32]);
    Bundle {
        version: BUNDLE_VERSION,
        ledger: job.ledger,
        registry: job.registry,
        ticket: job.ticket,
        project: job.project.clone(),
        proposal: job.proposal.clone(),
        incumbent: job.incumbent,
        protocol_json: Vec::new(),
        project_json: None,
        artifacts: Vec::new(),
        image: None,
        candidate_tree: no_tree,
        differences: Vec::new(),
        secret: B256::from(secret),
        seed: B256::from(trial_seed(&no_tree, &job.ticket.0, &secret)),
        platform_tier: 0,
        trials: Vec::new(),
        obstacle: Some(Obstacle {
            reason: "missing-bytes".into(),
            detail: "no protocol".into(),
        }),
        missing_protections: Vec::new(),
        advice: None,
        incumbent_unreadable: None,
    }
}

/// A key with a known secret.
pub fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}
