//! What a hostile node can do to a call.

use std::fmt;
use std::str::FromStr;

/// One way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RpcFault {
    /// The request never reaches the chain, and there is no answer.
    LoseRequest,
    /// The request reaches the chain, and there is no answer.
    LoseAnswer,
    /// The request is late.
    Delay,
    /// The request reaches the chain twice; the second answer is given.
    Duplicate,
    /// The request waits until a later one has been served.
    Reorder,
    /// An error of the node's own is answered instead.
    Refuse,
    /// A receipt, and the transaction with it, is not shown the first times it is asked for.
    HideReceipt,
    /// A log is left out.
    OmitLog,
    /// A log is told twice.
    RepeatLog,
    /// A log is told that is in no block.
    InventLog,
    /// The head is told as it was some blocks before.
    OldHead,
    /// A head is told that is far above any block.
    AbsurdHead,
    /// What a contract answers is altered.
    AlterCall,
    /// The account's transactions are counted wrongly.
    WrongCount,
}

impl RpcFault {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::LoseRequest,
        Self::LoseAnswer,
        Self::Delay,
        Self::Duplicate,
        Self::Reorder,
        Self::Refuse,
        Self::HideReceipt,
        Self::OmitLog,
        Self::RepeatLog,
        Self::InventLog,
        Self::OldHead,
        Self::AbsurdHead,
        Self::AlterCall,
        Self::WrongCount,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose-request",
            Self::LoseAnswer => "lose-answer",
            Self::Delay => "delay",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Refuse => "refuse",
            Self::HideReceipt => "hide-receipt",
            Self::OmitLog => "omit-log",
            Self::RepeatLog => "repeat-log",
            Self::InventLog => "invent-log",
            Self::OldHead => "old-head",
            Self::AbsurdHead => "absurd-head",
            Self::AlterCall => "alter-call",
            Self::WrongCount => "wrong-count",
        }
    }

    /// Whether a call of this method, with these first parameters, can suffer it.
    pub(super) fn concerns(self, method: &str, asks_for_the_newest: bool) -> bool {
        match self {
            Self::LoseRequest | Self::LoseAnswer | Self::Delay | Self::Duplicate | Self::Reorder | Self::Refuse => {
                method != "eth_chainId"
            }
            Self::HideReceipt => matches!(method, "eth_getTransactionReceipt" | "eth_getTransactionByHash"),
            Self::OmitLog | Self::RepeatLog | Self::InventLog => method == "eth_getLogs",
            Self::OldHead | Self::AbsurdHead => {
                method == "eth_blockNumber" || (method == "eth_getBlockByNumber" && asks_for_the_newest)
            }
            Self::AlterCall => method == "eth_call",
            Self::WrongCount => method == "eth_getTransactionCount",
        }
    }

    /// Whether what is answered is false, rather than late or missing.
    pub fn is_a_lie(self) -> bool {
        match self {
            Self::LoseRequest
            | Self::LoseAnswer
            | Self::Delay
            | Self::Duplicate
            | Self::Reorder
            | Self::Refuse
            | Self::HideReceipt => false,
            Self::OmitLog
            | Self::RepeatLog
            | Self::InventLog
            | Self::OldHead
            | Self::AbsurdHead
            | Self::AlterCall
            | Self::WrongCount => true,
        }
    }
}

impl fmt::Display for RpcFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no fault {0:?}")]
pub struct NoSuchRpcFault(pub String);

impl FromStr for RpcFault {
    type Err = NoSuchRpcFault;

    fn from_str(text: &str) -> Result<Self, NoSuchRpcFault> {
        let named = Self::ALL.into_iter().find(|fault| fault.name() == text);
        named.ok_or_else(|| NoSuchRpcFault(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        for fault in RpcFault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert!("lose".parse::<RpcFault>().is_err());
    }
}
