//! The nodes behind a connection: which of them to ask, and when their answers count.
//!
//! An ordinary question is answered by the healthiest node, and by the next one when it stays silent. A question on
//! which money depends is asked of all, and as many as the quorum says have to give the same answer at the same block;
//! else the answer is an error that names who said what. So a node that lies alone can delay, never decide.

mod agreement;
mod failover;
mod health;
mod link;

use std::{fmt, future::Future, time::Duration, time::Instant};

use alloy::{network::Ethereum, providers::RootProvider, rpc::client::RpcClient};
use tokio::task::JoinSet;

pub(crate) use self::link::OtherChain;
pub use self::{
    agreement::Testimony,
    health::{NodeHealth, NodeState},
};
use self::{
    agreement::{Answers, reached_by},
    failover::Failover,
    link::Link,
};
use crate::{
    connection::BlockHeader,
    endpoint::{Endpoint, HttpClient},
    error::ChainError,
    transport::BoundedHttp,
};

/// How long one JSON-RPC exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// alloy's provider, over one node or over all.
pub(crate) type NodeProvider = RootProvider<Ethereum>;

/// The configured nodes of one chain.
#[derive(Debug)]
pub(crate) struct Nodes {
    all: Vec<Node>,
    quorum: usize,
}

#[derive(Debug)]
struct Node {
    link: Link,
    provider: NodeProvider,
}

impl Nodes {
    /// Reads the addresses. Nobody is asked yet.
    pub(crate) fn new(addresses: &[&str], quorum: usize, chain_id: u64) -> Result<Self, ChainError> {
        if quorum == 0 || quorum > addresses.len() {
            let endpoints = addresses.len();
            return Err(ChainError::BadQuorum { quorum, endpoints });
        }
        let client = HttpClient::new(EXCHANGE_TIMEOUT)?;
        let mut all: Vec<Node> = Vec::with_capacity(addresses.len());
        for address in addresses {
            let endpoint = Endpoint::parse(address)?;
            if all.iter().any(|node| *node.link.endpoint() == endpoint) {
                return Err(ChainError::SameEndpointTwice(endpoint.to_string()));
            }
            let is_local = endpoint.is_loopback();
            let link = Link::new(BoundedHttp::new(client.clone(), endpoint), chain_id);
            let provider = RootProvider::new(RpcClient::new(link.clone(), is_local));
            all.push(Node { link, provider });
        }
        Ok(Self { all, quorum })
    }

    /// A provider that asks the best node, and sends transactions to all.
    pub(crate) fn any(&self) -> NodeProvider {
        let links: Vec<Link> = self.all.iter().map(|node| node.link.clone()).collect();
        let is_local = links.iter().all(|link| link.endpoint().is_loopback());
        RootProvider::new(RpcClient::new(Failover::new(links), is_local))
    }

    /// The first configured address.
    pub(crate) fn first(&self) -> Option<&Endpoint> {
        self.all.first().map(|node| node.link.endpoint())
    }

    pub(crate) fn quorum(&self) -> usize {
        self.quorum
    }

    pub(crate) fn health(&self) -> Vec<NodeHealth> {
        let seen = |node: &Node| {
            let health = node.link.health();
            NodeHealth {
                endpoint: node.link.endpoint().to_string(),
                state: health.state(),
                head: health.head(),
            }
        };
        self.all.iter().map(seen).collect()
    }

    /// Asks all and answers what a quorum says, as soon as it has said so.
    pub(crate) async fn agree<T, F, A>(&self, question: &'static str, ask: F) -> Result<T, ChainError>
    where
        T: PartialEq + fmt::Debug + Send + 'static,
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<T, ChainError>> + Send + 'static,
    {
        let mut answers = Answers::new(question, self.quorum);
        let mut asked = self.ask_all(&ask);
        while let Some(joined) = asked.join_next().await {
            if let Ok((place, said)) = joined {
                answers.add(self.name(place), said);
            }
            if answers.agreed().is_some() {
                break;
            }
        }
        answers.conclude()
    }

    /// Asks all and waits for all; silent ones are left out.
    pub(crate) async fn survey<T, F, A>(&self, ask: F) -> Vec<T>
    where
        T: Send + 'static,
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<T, ChainError>> + Send + 'static,
    {
        let joined = self.ask_all(&ask).join_all().await;
        joined.into_iter().filter_map(|(_, said)| said.ok()).collect()
    }

    /// The greatest number that a quorum of nodes has reached: heads, or an account's transactions.
    pub(crate) async fn reached<F, A>(&self, question: &'static str, ask: F) -> Result<u64, ChainError>
    where
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<u64, ChainError>> + Send + 'static,
    {
        let said = self.ask_all(&ask).join_all().await;
        let numbers = said.iter().filter_map(|(_, said)| said.as_ref().ok().copied());
        if let Some(reached) = reached_by(self.quorum, numbers.collect()) {
            return Ok(reached);
        }
        let mut answers = Answers::new(question, self.quorum);
        for (place, said) in said {
            answers.add(self.name(place), said);
        }
        // Fewer numbers than the quorum: there is no agreement to conclude, only who said what.
        Err(answers.conclude().err().unwrap_or(ChainError::NoBlock(u64::MAX)))
    }

    /// The newest block that a quorum has: its header where as many show the same one as their newest, else its number.
    /// Each node's distance from it is remembered as its lag.
    pub(crate) async fn newest<F, A>(&self, ask: F) -> Result<(u64, Option<BlockHeader>), ChainError>
    where
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<BlockHeader, ChainError>> + Send + 'static,
    {
        let said = self.ask_all(&ask).join_all().await;
        let mut answers = Answers::new("the newest block", self.quorum);
        let mut headers = Vec::new();
        for (place, said) in said {
            if let (Some(node), Ok(header)) = (self.all.get(place), &said) {
                node.link.health().saw_head(header.reference.number);
                headers.push(*header);
            }
            answers.add(self.name(place), said);
        }
        let heights = headers.iter().map(|header| header.reference.number).collect();
        let Some(agreed) = reached_by(self.quorum, heights) else {
            return Err(answers.conclude().err().unwrap_or(ChainError::NoBlock(u64::MAX)));
        };
        for node in &self.all {
            node.link.health().measure_lag(agreed);
        }
        let same = answers.conclude().ok();
        Ok((agreed, same.filter(|header| header.reference.number == agreed)))
    }

    fn ask_all<T, F, A>(&self, ask: &F) -> JoinSet<(usize, Result<T, ChainError>)>
    where
        T: Send + 'static,
        F: Fn(NodeProvider) -> A,
        A: Future<Output = Result<T, ChainError>> + Send + 'static,
    {
        let mut asked = JoinSet::new();
        for (place, node) in self.by_rank() {
            let answer = ask(node.provider.clone());
            asked.spawn(async move { (place, answer.await) });
        }
        asked
    }

    fn by_rank(&self) -> Vec<(usize, &Node)> {
        let now = Instant::now();
        let mut nodes: Vec<_> = self.all.iter().enumerate().collect();
        nodes.sort_by_cached_key(|(_, node)| node.link.health().rank(now));
        nodes
    }

    fn name(&self, place: usize) -> String {
        self.all
            .get(place)
            .map_or_else(String::new, |node| node.link.endpoint().to_string())
    }
}
