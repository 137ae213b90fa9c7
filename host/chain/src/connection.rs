//! A checked connection to one chain.

use std::time::Duration;

use alloy::{
    eips::BlockId,
    network::Ethereum,
    primitives::{Address, B256, Bytes, U256},
    providers::{Provider, RootProvider},
    rpc::{
        client::RpcClient,
        types::{Filter, Log, TransactionRequest},
    },
    sol_types::SolCall,
};

use crate::{
    endpoint::{Endpoint, HttpClient},
    error::ChainError,
    transport::BoundedHttp,
};

/// How long one JSON-RPC exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// A place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BlockReference {
    /// The block's number.
    pub number: u64,
    /// The block's hash.
    pub hash: B256,
}

/// What is needed of a block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHeader {
    /// Number and hash.
    pub reference: BlockReference,
    /// The previous block's hash.
    pub parent: B256,
    /// Unix time in seconds.
    pub timestamp: u64,
    /// Wei per gas that is burned, when the chain has a fee market.
    pub base_fee: Option<u64>,
}

/// A connection whose chain id has been compared with the configured one.
///
/// Its answers are the endpoint's word. What a verdict depends on is recomputed on chain when it is settled.
#[derive(Debug, Clone)]
pub struct Chain {
    provider: RootProvider<Ethereum>,
    chain_id: u64,
    endpoint: Endpoint,
}

impl Chain {
    /// Connects and compares the chain id.
    ///
    /// # Errors
    /// [`ChainError::Http`], [`ChainError::Unreachable`] or [`ChainError::WrongChainId`].
    pub async fn connect(rpc_url: &str, expected: u64) -> Result<Self, ChainError> {
        let endpoint = Endpoint::parse(rpc_url)?;
        let transport = BoundedHttp::new(HttpClient::new(EXCHANGE_TIMEOUT)?, endpoint.clone());
        let provider = RootProvider::new(RpcClient::new(transport, endpoint.is_loopback()));
        let found = provider.get_chain_id().await.map_err(ChainError::from_rpc)?;
        if found != expected {
            return Err(ChainError::WrongChainId { expected, found });
        }
        Ok(Self {
            provider,
            chain_id: expected,
            endpoint,
        })
    }

    /// The chain id that goes into every signature.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Who answers.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// alloy's provider, for what this crate has no name for.
    pub fn provider(&self) -> &RootProvider<Ethereum> {
        &self.provider
    }

    /// Checks that a contract is there.
    ///
    /// # Errors
    /// [`ChainError::NoCode`].
    pub async fn require_code(&self, contract: &'static str, address: Address) -> Result<(), ChainError> {
        let code = self.provider.get_code_at(address).await.map_err(ChainError::from_rpc)?;
        if code.is_empty() {
            return Err(ChainError::NoCode { contract, address });
        }
        Ok(())
    }

    /// Asks a contract at the newest block.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] with the decoded error, [`ChainError::Malformed`], or the endpoint's failure.
    pub async fn call<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, ChainError> {
        self.call_at(contract, call, BlockId::latest()).await
    }

    /// Asks a contract at a given block.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_at<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
        block: BlockId,
    ) -> Result<C::Return, ChainError> {
        let request = TransactionRequest::default()
            .to(contract)
            .input(Bytes::from(call.abi_encode()).into());
        let answer = self
            .provider
            .call(request)
            .block(block)
            .await
            .map_err(ChainError::from_rpc)?;
        C::abi_decode_returns_validate(&answer).map_err(|error| ChainError::Malformed {
            question: C::SIGNATURE,
            reason: error.to_string(),
        })
    }

    /// The newest block.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn head(&self) -> Result<BlockHeader, ChainError> {
        let block = self
            .provider
            .get_block(BlockId::latest())
            .await
            .map_err(ChainError::from_rpc)?;
        block
            .map(|block| header_of(&block.header))
            .ok_or(ChainError::NoBlock(u64::MAX))
    }

    /// A block by number.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`] when the endpoint does not have it.
    pub async fn block(&self, number: u64) -> Result<BlockHeader, ChainError> {
        let block = self
            .provider
            .get_block(BlockId::number(number))
            .await
            .map_err(ChainError::from_rpc)?;
        block
            .map(|block| header_of(&block.header))
            .ok_or(ChainError::NoBlock(number))
    }

    /// Logs by filter.
    ///
    /// # Errors
    /// The endpoint's failure, for instance [`ChainError::Refused`] for too wide a range.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        self.provider.get_logs(filter).await.map_err(ChainError::from_rpc)
    }

    /// An account's native coin, in wei.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn balance(&self, account: Address) -> Result<U256, ChainError> {
        self.provider.get_balance(account).await.map_err(ChainError::from_rpc)
    }
}

fn header_of(header: &alloy::rpc::types::Header) -> BlockHeader {
    BlockHeader {
        reference: BlockReference {
            number: header.inner.number,
            hash: header.hash,
        },
        parent: header.inner.parent_hash,
        timestamp: header.inner.timestamp,
        base_fee: header.inner.base_fee_per_gas,
    }
}
