//! A checked connection to one chain.

use std::{fmt, future::Future, sync::Arc};

use alloy::{
    eips::BlockId,
    network::Ethereum,
    primitives::{Address, B256, Bytes, U256},
    providers::{Provider, RootProvider},
    rpc::types::{Filter, Log, TransactionRequest},
    sol_types::SolCall,
};

use crate::{
    endpoint::Endpoint,
    error::ChainError,
    nodes::{NodeHealth, NodeProvider, Nodes},
};

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
/// With a quorum of one, questions are answered by the healthiest endpoint: its word. With a greater one every question
/// that has a method here is answered by a quorum at one block or not at all; [`Chain::agreed`] keeps several questions
/// at the same block.
#[derive(Debug, Clone)]
pub struct Chain {
    nodes: Arc<Nodes>,
    provider: NodeProvider,
    chain_id: u64,
    endpoint: Endpoint,
    view: View,
}

/// From where a connection looks.
#[derive(Debug, Clone, Copy)]
enum View {
    /// The newest state of whichever endpoint answers.
    Newest,
    /// The state after one block, as a quorum says it.
    Agreed(BlockHeader),
}

impl Chain {
    /// Connects to one endpoint and compares the chain id.
    ///
    /// # Errors
    /// [`ChainError::Http`], [`ChainError::Unreachable`] or [`ChainError::WrongChainId`].
    pub async fn connect(rpc_url: &str, expected: u64) -> Result<Self, ChainError> {
        Self::connect_to(&[rpc_url], 1, expected).await
    }

    /// Connects to several endpoints of one chain. At least one must answer and serve the chain now; one that serves
    /// another chain is left out (`ORV-N-002` in [`Self::nodes`]), and so is one that is silent, until it answers.
    ///
    /// `quorum` is how many of them have to say the same where [`Self::agreed`] is asked. With one endpoint it is 1;
    /// with more take more than half of them, so that there is never a second quorum: 2 of 2 makes a lie of either a
    /// delay, 2 of 3 makes it nothing at all.
    ///
    /// # Errors
    /// [`ChainError::BadQuorum`], [`ChainError::SameEndpointTwice`], or what the first endpoint's failure was when none
    /// can be used.
    pub async fn connect_to<S: AsRef<str>>(rpc_urls: &[S], quorum: usize, expected: u64) -> Result<Self, ChainError> {
        let addresses: Vec<&str> = rpc_urls.iter().map(AsRef::as_ref).collect();
        let nodes = Nodes::new(&addresses, quorum, expected)?;
        let provider = nodes.any();
        let endpoint = nodes
            .first()
            .cloned()
            .ok_or(ChainError::BadQuorum { quorum, endpoints: 0 })?;
        let found = provider.get_chain_id().await.map_err(ChainError::from_rpc)?;
        if found != expected {
            return Err(ChainError::WrongChainId { expected, found });
        }
        Ok(Self {
            nodes: Arc::new(nodes),
            provider,
            chain_id: expected,
            endpoint,
            view: View::Newest,
        })
    }

    /// The chain at the newest block that a quorum has, where every question is answered by a quorum or not at all.
    ///
    /// It is a [`Chain`], so every typed question of this crate can be asked of it, and several asked of one value are
    /// answered at one and the same block:
    ///
    /// ```no_run
    /// # async fn example(chain: orv_chain::Chain, deployment: orv_chain::Deployment) -> Result<(), orv_chain::ChainError> {
    /// # use orv_chain::{Gateway, Project, Proposal, ProposalId};
    /// let agreed = chain.agreed().await?;
    /// let proposal = Proposal::read(&agreed, &deployment.openresearch, ProposalId::from(4)).await?;
    /// let project = Project::read(&agreed, &deployment.openresearch, proposal.project_id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Take a new one for each decision: it never moves on. With one endpoint it costs one question and still gives
    /// one block.
    ///
    /// # Errors
    /// [`ChainError::NoQuorum`] or [`ChainError::Disagreement`], which name who said what.
    pub async fn agreed(&self) -> Result<Self, ChainError> {
        let header = match self.nodes.quorum() {
            1 => self.standing_head().await?,
            _ => match self.nodes.newest(newest).await? {
                (_, Some(header)) => header,
                (height, None) => self.agreed_block(height).await?,
            },
        };
        Ok(Self {
            view: View::Agreed(header),
            ..self.clone()
        })
    }

    /// How each configured endpoint stands.
    pub fn nodes(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    /// How many endpoints have to say the same.
    pub fn quorum(&self) -> usize {
        self.nodes.quorum()
    }

    /// The chain id that goes into every signature.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The first configured endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// alloy's provider, for what this crate has no name for. It asks the healthiest endpoint, at whatever block the
    /// question names; transactions it sends to all.
    pub fn provider(&self) -> &RootProvider<Ethereum> {
        &self.provider
    }

    /// Checks that a contract is there.
    ///
    /// # Errors
    /// [`ChainError::NoCode`].
    pub async fn require_code(&self, contract: &'static str, address: Address) -> Result<(), ChainError> {
        let view = self.settled().await?;
        let at = view.at(BlockId::latest());
        let asked = move |node: NodeProvider| async move {
            node.get_code_at(address)
                .block_id(at)
                .await
                .map_err(ChainError::from_rpc)
        };
        let code = view.by_quorum("eth_getCode", asked).await?;
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
        let answer = self.run(C::SIGNATURE, request, block).await?;
        C::abi_decode_returns_validate(&answer).map_err(|error| ChainError::Malformed {
            question: C::SIGNATURE,
            reason: error.to_string(),
        })
    }

    /// The newest block, or the one that [`Self::agreed`] stands at.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn head(&self) -> Result<BlockHeader, ChainError> {
        match self.settled().await?.view {
            View::Newest => self.standing_head().await,
            View::Agreed(header) => Ok(header),
        }
    }

    /// The newest block of the only word there is, checked against that word's own block of the same number: behind one
    /// address may be several nodes, and a head that none of them has must not get into a challenge or a cursor.
    async fn standing_head(&self) -> Result<BlockHeader, ChainError> {
        let head = newest(self.provider.clone()).await?;
        let same = numbered(self.provider.clone(), head.reference.number).await?;
        if same.is_some_and(|same| same.reference == head.reference) {
            return Ok(head);
        }
        Err(ChainError::Malformed {
            question: "eth_getBlockByNumber",
            reason: format!(
                "the newest block, {}, is another one or none when asked for by its number",
                head.reference.number
            ),
        })
    }

    /// A block by number.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`] when the endpoint does not have it.
    pub async fn block(&self, number: u64) -> Result<BlockHeader, ChainError> {
        self.agreed_block(number).await
    }

    /// A block by number, as a quorum has it, from wherever this connection looks.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`], [`ChainError::NoQuorum`] or [`ChainError::Disagreement`].
    pub async fn agreed_block(&self, number: u64) -> Result<BlockHeader, ChainError> {
        let found = self
            .by_quorum("eth_getBlockByNumber", move |node| numbered(node, number))
            .await?;
        found.ok_or(ChainError::NoBlock(number))
    }

    /// Logs by filter. An open end of the filter's range is the newest block.
    ///
    /// # Errors
    /// The endpoint's failure, for instance [`ChainError::Refused`] for too wide a range.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        let open = filter.get_block_hash().is_none() && filter.get_to_block().is_none();
        if !open {
            return self.agreed_logs(filter).await;
        }
        match self.settled().await?.view {
            View::Newest => self.agreed_logs(filter).await,
            View::Agreed(header) => {
                self.agreed_logs(&filter.clone().to_block(header.reference.number))
                    .await
            }
        }
    }

    /// Logs by filter, as a quorum has them, from wherever this connection looks. The filter must end at a block, or
    /// endpoints with different heads can only disagree.
    ///
    /// # Errors
    /// [`ChainError::NoQuorum`] or [`ChainError::Disagreement`], and the endpoints' failures.
    pub async fn agreed_logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        self.by_quorum("eth_getLogs", |node| logs(node, filter.clone())).await
    }

    /// An account's native coin, in wei.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn balance(&self, account: Address) -> Result<U256, ChainError> {
        let view = self.settled().await?;
        let at = view.at(BlockId::latest());
        let asked = move |node: NodeProvider| async move {
            node.get_balance(account)
                .block_id(at)
                .await
                .map_err(ChainError::from_rpc)
        };
        view.by_quorum("eth_getBalance", asked).await
    }

    /// How many transactions of an account are in blocks: the greatest number that a quorum has reached.
    pub(crate) async fn mined_count(&self, account: Address) -> Result<u64, ChainError> {
        let asked = move |node: NodeProvider| async move {
            node.get_transaction_count(account).await.map_err(ChainError::from_rpc)
        };
        self.nodes.reached("eth_getTransactionCount", asked).await
    }

    /// The same with those that wait in the pools.
    pub(crate) async fn known_count(&self, account: Address) -> Result<u64, ChainError> {
        let asked = move |node: NodeProvider| async move {
            node.get_transaction_count(account)
                .pending()
                .await
                .map_err(ChainError::from_rpc)
        };
        self.nodes.reached("eth_getTransactionCount", asked).await
    }

    /// Runs a call without sending it; answers what it returns.
    pub(crate) async fn run(
        &self,
        question: &'static str,
        request: TransactionRequest,
        block: BlockId,
    ) -> Result<Bytes, ChainError> {
        let view = if block.is_latest() {
            self.settled().await?
        } else {
            self.clone()
        };
        let at = view.at(block);
        let asked = |node: NodeProvider| {
            let request = request.clone();
            async move { node.call(request).block(at).await.map_err(ChainError::from_rpc) }
        };
        view.by_quorum(question, asked).await
    }

    pub(crate) fn every_node(&self) -> &Nodes {
        &self.nodes
    }

    /// The block to ask at: what is newest for an agreed view is its own block.
    fn at(&self, block: BlockId) -> BlockId {
        match self.view {
            View::Agreed(header) if block.is_latest() => BlockId::hash(header.reference.hash),
            View::Agreed(_) | View::Newest => block,
        }
    }

    /// Where what is newest is asked: as it is with one endpoint's word, else at a block that a quorum has.
    async fn settled(&self) -> Result<Self, ChainError> {
        match self.view {
            View::Newest if self.nodes.quorum() > 1 => self.agreed().await,
            View::Newest | View::Agreed(_) => Ok(self.clone()),
        }
    }

    async fn by_quorum<T, F, A>(&self, question: &'static str, ask: F) -> Result<T, ChainError>
    where
        T: PartialEq + fmt::Debug + Send + 'static,
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<T, ChainError>> + Send + 'static,
    {
        if self.nodes.quorum() == 1 {
            return ask(self.provider.clone()).await;
        }
        self.nodes.agree(question, ask).await
    }
}

async fn newest(node: NodeProvider) -> Result<BlockHeader, ChainError> {
    let block = node.get_block(BlockId::latest()).await.map_err(ChainError::from_rpc)?;
    block
        .map(|block| header_of(&block.header))
        .ok_or(ChainError::NoBlock(u64::MAX))
}

async fn numbered(node: NodeProvider, number: u64) -> Result<Option<BlockHeader>, ChainError> {
    let block = node
        .get_block(BlockId::number(number))
        .await
        .map_err(ChainError::from_rpc)?;
    Ok(block.map(|block| header_of(&block.header)))
}

/// Some nodes tell each log's time and some do not, so it is left out: the block's hash says the same.
async fn logs(node: NodeProvider, filter: Filter) -> Result<Vec<Log>, ChainError> {
    let mut logs = node.get_logs(&filter).await.map_err(ChainError::from_rpc)?;
    logs.iter_mut().for_each(|log| log.block_timestamp = None);
    Ok(logs)
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
