//! Where candidates are judged: the chain's facts, the rules, and the key that signs.

use std::path::PathBuf;
use std::sync::Arc;

use alloy::primitives::Address;
use orv_chain::bindings::AttesterQuorum;
use orv_chain::wallet::Wallet;
use orv_chain::{BlockHeader, Chain, EnclaveContracts};
use orv_evidence::UnixTime;
use orv_verify::{Collateral, Roots};

use super::{AttesterConfig, AttesterNotice, AttesterObserver, ServiceError};
use crate::{
    ADMISSION_SCHEMA, AdmissionAnswer, AdmissionPolicy, AdmissionRequest, BlockReference, ChainFacts, SignedFields,
    admission_digest, admit, collateral_in,
};

/// Blocks whose hash the registry still knows.
const REACH: u64 = 256;

/// Everything a judgement needs.
pub(super) struct Bench {
    pub(super) chain: Chain,
    pub(super) contracts: EnclaveContracts,
    pub(super) roots: Roots,
    pub(super) policy: AdmissionPolicy,
    policy_hash: [u8; 32],
    collateral: Option<PathBuf>,
    wallet: Wallet,
    observer: Arc<dyn AttesterObserver>,
}

impl Bench {
    pub(super) async fn open(
        configuration: &AttesterConfig,
        observer: Arc<dyn AttesterObserver>,
    ) -> Result<Self, ServiceError> {
        let (policy, policy_hash) = configuration.rules()?;
        let deployment = configuration.deployment()?;
        let contracts = deployment.enclave.ok_or(ServiceError::NoRegistry)?;
        let wallet = open_wallet(configuration).await?;
        let chain = deployment.connect().await?;
        let bench = Self {
            chain,
            contracts,
            roots: configuration.trust.roots()?,
            policy,
            policy_hash,
            collateral: configuration.collateral.clone(),
            wallet,
            observer,
        };
        bench.collateral().await?;
        bench.require_attester().await?;
        Ok(bench)
    }

    /// Who signs.
    pub(super) fn attester(&self) -> Address {
        self.wallet.address()
    }

    /// Hash of the rules' file.
    pub(super) const fn policy_hash(&self) -> [u8; 32] {
        self.policy_hash
    }

    pub(super) fn notice(&self, notice: &AttesterNotice) {
        self.observer.notice(notice);
    }

    /// The folder's collateral as it is now.
    pub(super) async fn collateral(&self) -> Result<Collateral, ServiceError> {
        let Some(folder) = self.collateral.clone() else {
            return Ok(Collateral::none());
        };
        let read = tokio::task::spawn_blocking(move || collateral_in(&folder)).await;
        Ok(read.map_err(|_| ServiceError::TaskStopped)??)
    }

    /// What the chain itself says about a candidate of `operator` with a challenge of `block`.
    pub(super) fn facts(&self, operator: Address, block: &BlockHeader) -> ChainFacts {
        ChainFacts {
            chain_id: self.chain.chain_id(),
            registry: self.contracts.enclave_registry,
            gateway: self.contracts.verifier_gateway,
            operator,
            challenge_block: BlockReference {
                number: block.reference.number,
                hash: block.reference.hash,
            },
        }
    }

    /// Judges a candidate as of the newest block's time and signs.
    pub(super) async fn judge(&self, request: &AdmissionRequest) -> Result<AdmissionAnswer, ServiceError> {
        let head = self.chain.head().await?;
        let newest = head.reference.number;
        let reachable = newest.saturating_sub(REACH)..=newest;
        if !reachable.contains(&request.challenge_block) {
            return Err(ServiceError::ChallengeOutOfReach {
                asked: request.challenge_block,
                newest,
            });
        }
        let block = self.chain.block(request.challenge_block).await?;
        let collateral = self.collateral().await?;
        let decision = admit(
            &request.envelope,
            &self.facts(request.operator, &block),
            UnixTime::from_seconds(head.timestamp),
            &self.roots,
            &self.policy,
            &collateral,
        )?;
        let decision = match request.terms {
            Some(terms) => decision.under(terms)?,
            None => decision,
        };
        let digest = admission_digest(&decision, self.contracts.attester_quorum);
        let signature = self.wallet.sign_digest(&digest)?;
        self.notice(&AttesterNotice::Signed {
            key: decision.key(),
            operator: request.operator,
            expires_at: decision.expires_at().seconds(),
        });
        Ok(AdmissionAnswer {
            schema: ADMISSION_SCHEMA.to_owned(),
            attester: self.attester(),
            admission: SignedFields::of(&decision.admission(), decision.challenge()),
            signature: signature.into(),
        })
    }

    /// An attester that the quorum does not count would sign in vain, and may not revoke.
    async fn require_attester(&self) -> Result<(), ServiceError> {
        let attester = self.attester();
        let asked = AttesterQuorum::activeFromCall { attester };
        let from = self.chain.call(self.contracts.attester_quorum, &asked).await?;
        if from == 0 || from > self.chain.head().await?.timestamp {
            return Err(ServiceError::NotAnAttester(attester));
        }
        Ok(())
    }
}

/// A keystore costs its own key derivation, so it is opened beside the runtime.
pub(super) async fn open_wallet(configuration: &AttesterConfig) -> Result<Wallet, ServiceError> {
    let source = configuration.key.clone();
    let opened = tokio::task::spawn_blocking(move || source.open()).await;
    Ok(opened.map_err(|_| ServiceError::TaskStopped)??)
}
