//! An operator with a real enclave, its key admitted on chain by a real attester's signature.

use super::network::{Network, attester};
use crate::host::{self, Enclave, End, Shelf};
use alloy_primitives::{Address, Bytes};
use orv_attester::{AdmissionPolicy, BlockReference, ChainFacts, admit, proof, sign};
use orv_chain::bindings::{EnclaveRegistry, VerifierGateway};
use orv_chain::{EnclaveKeys, TransactionOwner};
use orv_evidence::UnixTime;
use orv_receipt::{Bundle, Domain, Run, Signature};
use orv_simulator::root_der;
use orv_verify::{AllowedMeasurement, Policy, Roots};
use orv_wire::{Channel, Failure, Hello, Job, WIRE_VERSION};
use std::os::unix::net::UnixStream;

/// An operator, its enclave, and a connection between them.
pub struct Operator {
    pub account: TransactionOwner,
    pub domain: Domain,
    enclave: Enclave,
    channel: Channel<UnixStream>,
}

/// What an enclave signed, with the record behind it.
#[derive(Debug, Clone)]
pub struct Statement {
    pub run: Run,
    pub signature: Signature,
    pub bundle: Bundle,
}

impl Operator {
    /// Starts an enclave and has its key admitted for the account at `place`.
    pub async fn admitted(network: &Network, place: usize) -> Self {
        let account = network.account(place).await;
        let keys = EnclaveKeys::new(network.chain.clone(), network.enclave);
        let challenge = keys.challenge(account.address()).await.unwrap();
        let domain = Domain {
            chain_id: network.chain.chain_id(),
            gateway: network.enclave.verifier_gateway,
        };
        let facts = ChainFacts {
            chain_id: domain.chain_id,
            registry: network.enclave.enclave_registry,
            gateway: domain.gateway,
            operator: account.address(),
            challenge_block: BlockReference {
                number: challenge.block.number,
                hash: challenge.block.hash,
            },
        };
        let enclave = Enclave::start();
        let mut channel = enclave.connect();
        let hello = Hello {
            version: WIRE_VERSION,
            challenge: challenge.value,
            domain,
            registry: facts.registry,
            operator: facts.operator,
        };
        let envelope = host::introduce_as(&mut channel, hello);
        let (admission, proof) = attested(network, &envelope, &facts).await;
        keys.admit(&account, admission, proof).await.unwrap();
        assert!(
            keys.require_live(enclave.key).await.unwrap(),
            "timed verdicts of the key count"
        );
        Self {
            account,
            domain,
            enclave,
            channel,
        }
    }

    /// The address of the enclave's key.
    pub fn key(&self) -> Address {
        self.enclave.key
    }

    /// Has a job judged, the bytes coming from the shelf.
    ///
    /// # Errors
    /// The enclave's refusal.
    pub fn judge(&mut self, job: &Job, shelf: &Shelf) -> Result<Statement, Failure> {
        match host::serve(&mut self.channel, job, shelf) {
            End::Judged(outcome, bundle) => Ok(Statement {
                run: outcome.run,
                signature: outcome.signature,
                bundle: *bundle,
            }),
            End::Refused(failure) => Err(failure),
        }
    }
}

impl Statement {
    /// The reason's code.
    pub fn reason(&self) -> String {
        let bytes = self.run.reason.0.into_iter().take_while(|byte| *byte != 0);
        String::from_utf8(bytes.collect()).unwrap()
    }

    /// The same signature under another statement.
    pub fn bent(&self, bend: impl Fn(&mut Run)) -> Self {
        let mut bent = self.clone();
        bend(&mut bent.run);
        bent
    }

    /// As the gateway's argument.
    pub fn call_data(&self) -> (VerifierGateway::Run, Bytes) {
        let run = &self.run;
        let stated = VerifierGateway::Run {
            ledger: run.ledger,
            registry: run.registry,
            ticket: run.ticket,
            projectId: run.project_id,
            proposalId: run.proposal_id,
            projectDigest: run.project_digest,
            proposalDigest: run.proposal_digest,
            incumbentCodeHash: run.incumbent_code_hash,
            incumbentScore: run.incumbent_score,
            verdict: run.verdict,
            reason: run.reason,
            score: run.score,
            lower: run.lower,
            upper: run.upper,
            marginBips: run.margin_bips,
            metricKind: run.metric_kind,
            metricChannel: run.metric_channel,
            platformTier: run.platform_tier,
            ruleVersion: run.rule_version,
            bundleRoot: run.bundle_root,
            evidenceRoot: run.evidence_root,
        };
        (stated, Bytes::copy_from_slice(&self.signature.0))
    }
}

/// The attester's decision about an envelope, signed.
async fn attested(network: &Network, envelope: &[u8], facts: &ChainFacts) -> (EnclaveRegistry::Admission, Bytes) {
    let allowed = AllowedMeasurement::by_id(host::measurement().0, "this build");
    let evidence = Policy {
        measurements: Some(vec![allowed]),
        ..Policy::built_in()
    };
    let now = UnixTime::from_seconds(network.chain.head().await.unwrap().timestamp);
    let roots = Roots::with_simulator(root_der()).unwrap();
    let decision = admit(
        envelope,
        facts,
        now,
        &roots,
        &AdmissionPolicy::of(evidence),
        &orv_verify::Collateral::none(),
    )
    .unwrap();
    let signature = sign(&decision, network.enclave.attester_quorum, &attester()).unwrap();
    (decision.admission(), proof(vec![signature]).into())
}
