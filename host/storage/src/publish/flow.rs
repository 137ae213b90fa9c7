//! The Flow contract that takes submissions (0G Storage reference 2). It is 0G's, found through the nodes, and which
//! generation of its interface a network runs is only known by trying.

use alloy::sol;
use orv_chain::{
    Call, ChainError, Mined, SendError, TransactionOwner,
    primitives::{Address, U256},
};
use orv_content::merkle::Submission;

use self::current::Flow as CurrentFlow;
use self::first::Flow as FirstFlow;
use crate::error::PublishError;

mod current {
    #![allow(missing_docs)]
    super::sol! {
        struct Node { bytes32 root; uint256 height; }
        struct Data { uint256 length; bytes tags; Node[] nodes; }
        struct Submission { Data data; address submitter; }
        interface Flow {
            event Submit(address indexed sender, bytes32 indexed identity, uint256 submissionIndex, uint256 startPos, uint256 sectors, Data submission);
            function submit(Submission submission) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 sectors);
            function market() external view returns (address);
        }
        interface Market {
            function pricePerSector() external view returns (uint256);
        }
    }
}

mod first {
    #![allow(missing_docs)]
    super::sol! {
        struct Node { bytes32 root; uint256 height; }
        struct Data { uint256 length; bytes tags; Node[] nodes; }
        interface Flow {
            function submit(Data submission) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 sectors);
        }
    }
}

/// A submission that is on chain.
#[derive(Debug, Clone)]
pub(super) struct Submitted {
    pub(super) sequence: u64,
    pub(super) mined: Mined,
}

/// Wei to store some content, at the market's present price.
pub(super) async fn price(
    owner: &TransactionOwner,
    flow: Address,
    submission: &Submission,
) -> Result<U256, PublishError> {
    let chain = owner.chain();
    chain.require_code("Flow", flow).await?;
    let market = chain.call(flow, &CurrentFlow::marketCall {}).await?;
    let per_sector = chain.call(market, &current::Market::pricePerSectorCall {}).await?;
    per_sector.checked_mul(U256::from(submission.sectors())).ok_or_else(|| {
        let reason = format!("{per_sector} wei for each of {} sectors", submission.sectors());
        PublishError::Chain(ChainError::Malformed {
            question: "pricePerSector()",
            reason,
        })
    })
}

/// Submits by the current interface, unless the very same submission was paid for lately, and, when the contract refuses that without giving a reason, by the first one.
pub(super) async fn submit(
    owner: &TransactionOwner,
    flow: Address,
    submission: &Submission,
    fee: U256,
) -> Result<Submitted, PublishError> {
    let current = Call::new(flow, &current_call(owner.address(), submission)).paying(fee);
    let mined = match owner.send_once(current).await {
        Err(SendError::Reverted(revert)) if revert.data.is_empty() => {
            tracing::debug!(%flow, "the Flow contract does not know the current interface; trying the first");
            match owner
                .send_once(Call::new(flow, &first_call(submission)).paying(fee))
                .await
            {
                Err(SendError::Reverted(_)) => return Err(SendError::Reverted(revert).into()),
                sent => sent?,
            }
        }
        sent => sent?,
    };
    submitted(mined, flow)
}

/// What a transaction submitted.
pub(super) fn submitted(mined: Mined, flow: Address) -> Result<Submitted, PublishError> {
    let event = mined.require_event::<CurrentFlow::Submit>(flow)?;
    let sequence =
        u64::try_from(event.submissionIndex).map_err(|_| PublishError::OddSequence(event.submissionIndex))?;
    Ok(Submitted { sequence, mined })
}

fn current_call(submitter: Address, submission: &Submission) -> CurrentFlow::submitCall {
    let nodes = submission.nodes.iter();
    let nodes = nodes
        .map(|node| current::Node {
            root: node.root.0.into(),
            height: U256::from(node.height),
        })
        .collect();
    let data = current::Data {
        length: U256::from(submission.length),
        tags: Default::default(),
        nodes,
    };
    CurrentFlow::submitCall {
        submission: current::Submission { data, submitter },
    }
}

fn first_call(submission: &Submission) -> FirstFlow::submitCall {
    let nodes = submission.nodes.iter();
    let nodes = nodes
        .map(|node| first::Node {
            root: node.root.0.into(),
            height: U256::from(node.height),
        })
        .collect();
    let data = first::Data {
        length: U256::from(submission.length),
        tags: Default::default(),
        nodes,
    };
    FirstFlow::submitCall { submission: data }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::{SolCall, SolEvent};

    use super::*;

    #[test]
    fn selectors_and_topic_are_the_published_ones() {
        assert_eq!(CurrentFlow::submitCall::SELECTOR, [0xbc, 0x8c, 0x11, 0xf8]);
        assert_eq!(FirstFlow::submitCall::SELECTOR, [0xef, 0x3e, 0x12, 0xdc]);
        assert_eq!(CurrentFlow::marketCall::SELECTOR, [0x80, 0xf5, 0x56, 0x05]);
        assert_eq!(current::Market::pricePerSectorCall::SELECTOR, [0x61, 0xec, 0x50, 0x82]);
        assert!(
            CurrentFlow::Submit::SIGNATURE_HASH
                .to_string()
                .starts_with("0x167ce04d")
        );
    }
}
