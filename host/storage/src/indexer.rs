//! The indexer: who has which file (0G Storage reference 4). It is a hint, never an authority.

use std::time::Duration;

use orv_chain::{Endpoint, HttpClient, HttpError};
use orv_content::Root;
use serde::Deserialize;
use serde_json::json;

use crate::{
    fault::{Blames, Fault},
    node::StorageNode,
    rpc::RpcServer,
    shard::Shard,
};

/// Most nodes that are taken from one answer.
const MAX_NODES: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Indexer {
    /// For the nodes that it names.
    nodes: HttpClient,
    server: RpcServer,
}

#[derive(Deserialize)]
pub(crate) struct Location {
    url: String,
    config: Shard,
}

#[derive(Deserialize)]
pub(crate) struct ShardedNodes {
    #[serde(default)]
    trusted: Option<Vec<Location>>,
    #[serde(default)]
    discovered: Option<Vec<Location>>,
}

impl Indexer {
    /// An indexer that is asked by `client`. One on the internet has no business with hosts of this machine's network,
    /// by whatever name: the nodes that it names are asked where they are public only.
    pub(crate) fn new(client: HttpClient, endpoint: Endpoint, patience: Duration) -> Result<Self, HttpError> {
        let nodes = if endpoint.may_be_public() {
            HttpClient::to_public_hosts(patience)?
        } else {
            client.clone()
        };
        let server = RpcServer::new(client, endpoint);
        Ok(Self { nodes, server })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.server.endpoint()
    }

    /// Nodes said to have the file. An indexer answers an error for a file that nobody has.
    pub(crate) async fn locations(&self, root: &Root, blames: &mut Blames) -> Vec<StorageNode> {
        match self
            .server
            .ask::<Vec<Location>>("indexer_getFileLocations", json!([root]))
            .await
        {
            Ok(locations) => self.nodes(locations.unwrap_or_default()),
            Err(fault) => {
                blames.add(self.endpoint(), fault);
                Vec::new()
            }
        }
    }

    /// Nodes that take uploads: the indexer's trusted ones, or those it has discovered when it trusts none.
    pub(crate) async fn upload_nodes(&self) -> Result<Vec<StorageNode>, Fault> {
        let (trusted, discovered) = self.sharded_nodes().await?;
        Ok(self.nodes(if trusted.is_empty() { discovered } else { trusted }))
    }

    /// All nodes that the indexer knows, the trusted ones first.
    pub(crate) async fn nodes_known(&self) -> Result<Vec<StorageNode>, Fault> {
        let (mut nodes, discovered) = self.sharded_nodes().await?;
        nodes.extend(discovered);
        Ok(self.nodes(nodes))
    }

    async fn sharded_nodes(&self) -> Result<(Vec<Location>, Vec<Location>), Fault> {
        let known: ShardedNodes = self.server.require("indexer_getShardedNodes", json!([])).await?;
        Ok((known.trusted.unwrap_or_default(), known.discovered.unwrap_or_default()))
    }

    fn nodes(&self, locations: Vec<Location>) -> Vec<StorageNode> {
        let mut nodes = Vec::new();
        for location in locations.into_iter().take(MAX_NODES) {
            match Endpoint::parse(&location.url) {
                // Said at once, and not when its number is asked for a connection.
                Ok(endpoint) if self.endpoint().may_be_public() && !endpoint.may_be_public() => {
                    tracing::warn!(node = %endpoint, "the indexer names a node that is no public host");
                }
                Ok(endpoint) => nodes.push(StorageNode::new(self.nodes.clone(), endpoint, location.config)),
                Err(error) => tracing::warn!(%error, "the indexer names a node without a usable address"),
            }
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The node that an indexer names by a name of this machine.
    fn node_of(indexer: &str, port: u16) -> StorageNode {
        let client = HttpClient::new(Duration::from_secs(5)).unwrap();
        let endpoint = Endpoint::parse(indexer).unwrap();
        let indexer = Indexer::new(client, endpoint, Duration::from_secs(5)).unwrap();
        let location = Location {
            url: format!("http://localhost.localdomain:{port}"),
            config: Shard::new(0, 1).unwrap(),
        };
        indexer.nodes(vec![location]).pop().unwrap()
    }

    #[tokio::test]
    async fn an_indexer_on_the_internet_cannot_name_this_machine_by_a_name() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let node = node_of("https://indexer.example.org", listener.local_addr().unwrap().port());
        let answer = node.network_identity().await;
        assert!(
            matches!(answer, Err(Fault::Http(HttpError::Unreachable { .. }))),
            "{answer:?}"
        );
        assert!(listener.accept().is_err(), "it came");
    }
}
