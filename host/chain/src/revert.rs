//! Revert data back into the name and arguments of the contract's error.

use std::fmt;

use alloy::{
    hex,
    primitives::Bytes,
    sol_types::{Panic, Revert as TextRevert, SolError, SolInterface},
};

use crate::bindings::{
    AttesterQuorum, EnclaveRegistry, MeasurementPolicy, ProjectRegistry, ProjectToken, ProposalLedger, SharedProjects,
    VerifierGateway, VerifierRegistry,
};

/// Most bytes of revert data that are kept: a contract may answer megabytes.
const MAX_DATA_BYTES: usize = 4096;

/// Why a contract refused a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// What the data says, as far as its selector is known.
    pub reason: Reason,
    /// The data as answered, cut at 4096 bytes.
    pub data: Bytes,
}

/// The meaning of revert data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An error of one of the contracts that this crate binds.
    Named {
        /// The error's name, as in its Solidity source.
        name: &'static str,
        /// Name and arguments, readable.
        detail: String,
    },
    /// `require` with a text.
    Text(String),
    /// The compiler's own check: overflow, division by zero, a bad index.
    Panic(String),
    /// A selector that no bound contract has.
    Unknown,
    /// No data at all: a plain `revert()`, an exhausted gas limit, or a call to an address without this function.
    Empty,
}

impl Revert {
    /// Reads revert data; never fails, because unknown data is an answer as well.
    pub fn decode(data: &[u8]) -> Self {
        let data = data.get(..MAX_DATA_BYTES).unwrap_or(data);
        Self {
            reason: reason(data),
            data: Bytes::copy_from_slice(data),
        }
    }

    /// Whether the contract refused with this error.
    pub fn is<E: SolError>(&self) -> bool {
        self.data.starts_with(&E::SELECTOR)
    }

    /// The error with its arguments, when it is this one.
    pub fn as_error<E: SolError>(&self) -> Option<E> {
        E::abi_decode(&self.data).ok()
    }

    /// The error's name, when known.
    pub fn name(&self) -> Option<&'static str> {
        match self.reason {
            Reason::Named { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Named { detail, .. } => formatter.write_str(detail),
            Reason::Text(text) => write!(formatter, "{text:?}"),
            Reason::Panic(text) => formatter.write_str(text),
            Reason::Unknown => {
                let shown = self.data.get(..36).unwrap_or(&self.data);
                write!(formatter, "unknown error {}", hex::encode_prefixed(shown))
            }
            Reason::Empty => formatter.write_str("no reason"),
        }
    }
}

fn reason(data: &[u8]) -> Reason {
    if data.is_empty() {
        return Reason::Empty;
    }
    let named = known::<VerifierGateway::VerifierGatewayErrors>(data)
        .or_else(|| known::<EnclaveRegistry::EnclaveRegistryErrors>(data))
        .or_else(|| known::<AttesterQuorum::AttesterQuorumErrors>(data))
        .or_else(|| known::<MeasurementPolicy::MeasurementPolicyErrors>(data))
        .or_else(|| known::<SharedProjects::SharedProjectsErrors>(data))
        .or_else(|| known::<ProposalLedger::ProposalLedgerErrors>(data))
        .or_else(|| known::<ProjectRegistry::ProjectRegistryErrors>(data))
        .or_else(|| known::<ProjectToken::ProjectTokenErrors>(data))
        .or_else(|| known::<VerifierRegistry::VerifierRegistryErrors>(data));
    if let Some(reason) = named {
        return reason;
    }
    if let Ok(text) = TextRevert::abi_decode(data) {
        return Reason::Text(text.reason.chars().take(300).collect());
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return Reason::Panic(panic.to_string());
    }
    Reason::Unknown
}

/// The derived `Debug` of a bound error is `Variant(Name { argument: value })`; the inside is what people read.
fn known<E: SolInterface + fmt::Debug + ErrorNames>(data: &[u8]) -> Option<Reason> {
    let error = E::abi_decode(data).ok()?;
    let name = E::name_of(error.selector())?;
    let debug = format!("{error:?}");
    let detail = debug
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(&debug);
    Some(Reason::Named {
        name,
        detail: detail.chars().take(500).collect(),
    })
}

/// The generated enums have this as an inherent function each; the trait makes them one kind of thing.
trait ErrorNames {
    fn name_of(selector: [u8; 4]) -> Option<&'static str>;
}

macro_rules! error_names {
    ($($errors:path),+ $(,)?) => {
        $(impl ErrorNames for $errors {
            fn name_of(selector: [u8; 4]) -> Option<&'static str> {
                Self::name_by_selector(selector)
            }
        })+
    };
}

error_names!(
    AttesterQuorum::AttesterQuorumErrors,
    EnclaveRegistry::EnclaveRegistryErrors,
    MeasurementPolicy::MeasurementPolicyErrors,
    ProjectRegistry::ProjectRegistryErrors,
    ProjectToken::ProjectTokenErrors,
    ProposalLedger::ProposalLedgerErrors,
    SharedProjects::SharedProjectsErrors,
    VerifierGateway::VerifierGatewayErrors,
    VerifierRegistry::VerifierRegistryErrors,
);

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ledger_error_is_named_by_its_published_selector() {
        let revert = Revert::decode(&hex!("591ab7ed"));
        assert_eq!(revert.name(), Some("ScoreNotImproved"));
        assert!(revert.is::<ProposalLedger::ScoreNotImproved>());
        assert_eq!(revert.to_string(), "ScoreNotImproved");
    }

    #[test]
    fn arguments_are_shown_and_can_be_taken() {
        let error = ProjectToken::ERC20InsufficientAllowance {
            spender: Address::repeat_byte(1),
            allowance: U256::from(2),
            needed: U256::from(3),
        };
        let revert = Revert::decode(&error.abi_encode());
        assert_eq!(
            revert
                .as_error::<ProjectToken::ERC20InsufficientAllowance>()
                .unwrap()
                .needed,
            U256::from(3)
        );
        assert!(revert.to_string().contains("allowance: 2, needed: 3"), "{revert}");
    }

    #[test]
    fn texts_panics_unknown_and_empty_data_are_told_apart() {
        assert_eq!(
            Revert::decode(&TextRevert::from("BAD_RANGE").abi_encode()).to_string(),
            "\"BAD_RANGE\""
        );
        assert!(matches!(
            Revert::decode(&Panic::from(0x11).abi_encode()).reason,
            Reason::Panic(_)
        ));
        assert_eq!(
            Revert::decode(&hex!("12345678")).to_string(),
            "unknown error 0x12345678"
        );
        assert_eq!(Revert::decode(&[]).reason, Reason::Empty);
    }

    proptest! {
        #[test]
        fn decoding_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Revert::decode(&bytes).to_string();
        }
    }
}
