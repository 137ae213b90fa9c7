//! The chain's endpoints: each alone, and against each other.

use super::line::{Check, Line};
use crate::configuration::VerifierConfig;
use orv_chain::{BlockHeader, Chain, ChainError, Deployment};
use std::time::Duration;

/// Blocks by which an endpoint may be behind the others: some seconds on the testnet.
const MOST_BEHIND: u64 = 10;

/// What was found, and a connection where an endpoint serves the right chain.
pub(super) struct Endpoints {
    pub(super) lines: Vec<Line>,
    pub(super) reached: Option<Reached>,
}

/// A connection to the best endpoint, with its newest block.
pub(super) struct Reached {
    pub(super) chain: Chain,
    pub(super) head: BlockHeader,
    /// Endpoints that answered and are not behind.
    pub(super) level: usize,
}

/// What one endpoint did.
enum Answer {
    Head(Box<Chain>, BlockHeader),
    OtherChain { expected: u64, found: u64 },
    Nothing(String),
}

/// Asks every endpoint.
pub(super) async fn reach(config: &VerifierConfig, deployment: &Deployment, patience: Duration) -> Endpoints {
    let of_deployment = || vec![deployment.network.rpc_url.clone()];
    let addresses = config.rpc.as_ref().map_or_else(of_deployment, |rpc| rpc.all());
    let mut asked = tokio::task::JoinSet::new();
    for (index, address) in addresses.iter().cloned().enumerate() {
        let expected = deployment.network.chain_id;
        asked.spawn(async move { (index, ask(&address, expected, patience).await) });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    let answers: Vec<Answer> = answers.into_iter().map(|(_, answer)| answer).collect();
    judge(&addresses, answers, config.rpc_quorum)
}

async fn ask(address: &str, expected: u64, patience: Duration) -> Answer {
    let asked = async {
        let chain = Chain::connect(address, expected).await?;
        let head = chain.head().await?;
        Ok::<_, ChainError>((chain, head))
    };
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok((chain, head))) => Answer::Head(Box::new(chain), head),
        Ok(Err(ChainError::WrongChainId { expected, found })) => Answer::OtherChain { expected, found },
        Ok(Err(error)) => Answer::Nothing(error.to_string()),
        Err(_) => Answer::Nothing(format!("no answer within {} s: it hangs", patience.as_secs_f32())),
    }
}

fn judge(addresses: &[String], answers: Vec<Answer>, quorum: usize) -> Endpoints {
    let highest = answers.iter().filter_map(height).max().unwrap_or_default();
    let mut lines = Vec::new();
    let mut reached: Option<Reached> = None;
    let mut level = 0;
    for (address, answer) in addresses.iter().zip(answers) {
        let origin = origin(address);
        match answer {
            Answer::Nothing(reason) => lines.push(
                Line::fail(
                    Check::Rpc,
                    reason,
                    "check the address under `rpc`, or in the deployment file; name another endpoint beside it",
                )
                .about(&origin),
            ),
            Answer::OtherChain { expected, found } => {
                lines.push(Line::pass(Check::Rpc, "answers").about(&origin));
                let found = format!("it serves chain {found}, the deployment is on chain {expected}");
                let fix =
                    format!("name an endpoint of chain {expected} under `rpc`, or use that chain's deployment file");
                lines.push(Line::fail(Check::ChainId, found, fix).about(&origin));
            }
            Answer::Head(chain, head) => {
                let number = head.reference.number;
                lines.push(Line::pass(Check::Rpc, format!("answers, block {number}")).about(&origin));
                lines.push(Line::pass(Check::ChainId, chain.chain_id().to_string()).about(&origin));
                let behind = highest.saturating_sub(number);
                if behind > MOST_BEHIND {
                    let found = format!("{behind} blocks behind the others");
                    lines.push(
                        Line::fail(Check::RpcLag, found, "leave it out of `rpc` until it has caught up").about(&origin),
                    );
                } else {
                    level += 1;
                }
                if reached.as_ref().is_none_or(|best| best.head.reference.number < number) {
                    reached = Some(Reached {
                        chain: *chain,
                        head,
                        level: 0,
                    });
                }
            }
        }
    }
    if level > 0 && level < quorum {
        let found = format!("{level} endpoints can be asked, rpc_quorum = {quorum}");
        lines.push(Line::fail(
            Check::Rpc,
            found,
            "name more endpoints under `rpc`, or lower `rpc_quorum`",
        ));
    }
    if let Some(best) = &mut reached {
        best.level = level;
    }
    Endpoints { lines, reached }
}

fn height(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Head(_, head) => Some(head.reference.number),
        _ => None,
    }
}

/// An address without its path, which often carries an access key.
fn origin(address: &str) -> String {
    match orv_chain::Endpoint::parse(address) {
        Ok(endpoint) => endpoint.to_string(),
        Err(_) => "an address that is none".to_owned(),
    }
}
