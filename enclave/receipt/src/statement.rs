//! The statement that the enclave signs, and its EIP-712 hash (DESIGN 5.9).

use crate::cbor;
use crate::words::Words;
use alloy_primitives::{Address, B256, I256, U256, keccak256};
use minicbor::{Decode, Encode};

/// Most statements of one key (DESIGN 5.3). `EnclaveRegistry` admits no key for more, so that it is the chain that ends
/// it: tickets of a key that its enclave had ended earlier would be paid for, and never stated.
pub const MOST_VERDICTS: u32 = 1024;

/// EIP-712 type of [`Run`], as the gateway contract has it.
pub const RUN_TYPE: &str = "Run(address ledger,address registry,bytes32 ticket,uint256 projectId,uint256 proposalId,\
bytes32 projectDigest,bytes32 proposalDigest,bytes32 incumbentCodeHash,int256 incumbentScore,uint8 verdict,\
bytes32 reason,int256 score,int256 lower,int256 upper,uint16 marginBips,uint8 metricKind,uint8 metricChannel,\
uint8 platformTier,uint16 ruleVersion,bytes32 bundleRoot,bytes32 evidenceRoot)";

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// The chain and the gateway that a statement is meant for: on any other it is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Domain {
    /// EVM chain id.
    #[n(0)]
    pub chain_id: u64,
    /// The `VerifierGateway` that settles.
    #[cbor(n(1), with = "cbor::address")]
    pub gateway: Address,
}

impl Domain {
    /// The EIP-712 domain separator.
    pub fn separator(&self) -> B256 {
        Words::new(keccak256(DOMAIN_TYPE))
            .word(keccak256("orv"))
            .word(keccak256("1"))
            .unsigned(U256::from(self.chain_id))
            .address(self.gateway)
            .keccak()
    }
}

/// One finished run, as signed. The order of the fields is the order of the contract's struct.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Run {
    /// The unmodified `ProposalLedger`.
    #[cbor(n(0), with = "cbor::address")]
    pub ledger: Address,
    /// The unmodified `ProjectRegistry`.
    #[cbor(n(1), with = "cbor::address")]
    pub registry: Address,
    /// The gateway's ticket for this attempt.
    #[cbor(n(2), with = "cbor::word")]
    pub ticket: B256,
    /// Project id in the registry.
    #[cbor(n(3), with = "cbor::unsigned")]
    pub project_id: U256,
    /// Proposal id in the ledger.
    #[cbor(n(4), with = "cbor::unsigned")]
    pub proposal_id: U256,
    /// Digest of the project's immutable fields.
    #[cbor(n(5), with = "cbor::word")]
    pub project_digest: B256,
    /// Digest of the proposal's immutable fields.
    #[cbor(n(6), with = "cbor::word")]
    pub proposal_digest: B256,
    /// `currentBestCodeHash` that the candidate was measured against; zero means the snapshot.
    #[cbor(n(7), with = "cbor::word")]
    pub incumbent_code_hash: B256,
    /// `currentBestAggregateScore` that the candidate was measured against.
    #[cbor(n(8), with = "cbor::signed")]
    pub incumbent_score: I256,
    /// 1 approve, 2 reject, 3 inconclusive.
    #[n(9)]
    pub verdict: u8,
    /// ASCII code of the reason, zero padded.
    #[cbor(n(10), with = "cbor::word")]
    pub reason: B256,
    /// The candidate's score (scaled, larger is better).
    #[cbor(n(11), with = "cbor::signed")]
    pub score: I256,
    /// Lower end of the score's interval.
    #[cbor(n(12), with = "cbor::signed")]
    pub lower: I256,
    /// Upper end of the score's interval.
    #[cbor(n(13), with = "cbor::signed")]
    pub upper: I256,
    /// Margin over the incumbent, in basis points.
    #[n(14)]
    pub margin_bips: u16,
    /// 1 exact, 2 timed.
    #[n(15)]
    pub metric_kind: u8,
    /// 1 split, 2 shared.
    #[n(16)]
    pub metric_channel: u8,
    /// 0 simulated, 1 trusted counter, 2 weak counter.
    #[n(17)]
    pub platform_tier: u8,
    /// Version of the published rule.
    #[n(18)]
    pub rule_version: u16,
    /// 0G root of the bundle: becomes `metricsHash` on chain.
    #[cbor(n(19), with = "cbor::word")]
    pub bundle_root: B256,
    /// 0G root of the envelope that endorses the signing key.
    #[cbor(n(20), with = "cbor::word")]
    pub evidence_root: B256,
}

impl Run {
    /// `hashStruct` of EIP-712.
    pub fn struct_hash(&self) -> B256 {
        Words::new(keccak256(RUN_TYPE))
            .address(self.ledger)
            .address(self.registry)
            .word(self.ticket)
            .unsigned(self.project_id)
            .unsigned(self.proposal_id)
            .word(self.project_digest)
            .word(self.proposal_digest)
            .word(self.incumbent_code_hash)
            .signed(self.incumbent_score)
            .small(self.verdict)
            .word(self.reason)
            .signed(self.score)
            .signed(self.lower)
            .signed(self.upper)
            .small(self.margin_bips)
            .small(self.metric_kind)
            .small(self.metric_channel)
            .small(self.platform_tier)
            .small(self.rule_version)
            .word(self.bundle_root)
            .word(self.evidence_root)
            .keccak()
    }

    /// The 32 bytes that are signed: `keccak256(0x1901 || domain separator || struct hash)`.
    pub fn signing_hash(&self, domain: &Domain) -> B256 {
        let mut preimage = [0x19, 0x01].to_vec();
        preimage.extend_from_slice(domain.separator().as_slice());
        preimage.extend_from_slice(self.struct_hash().as_slice());
        keccak256(preimage)
    }
}
