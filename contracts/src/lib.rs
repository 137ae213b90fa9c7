//! The contracts as Rust types: calls, events, errors, structs and deployment bytecode, made at compile time from
//! the committed `artifacts/*.json`, so that building needs no Solidity compiler and no Node.
//!
//! [`upstream`] is the OpenResearch protocol itself, compatible with the deployed contracts. [`admission`] says which
//! enclave keys count, [`gateway`] carries out what they sign (DESIGN 5.2), [`development`] is what only a
//! development chain needs. Each contract is one module named after it; `Contract::new(address, provider)` calls a
//! deployed one, `Contract::deploy(provider, …)` puts a new one on the chain.
//!
//! ```
//! use alloy::sol_types::{SolCall, SolStruct};
//! use orv_contracts::{gateway::VerifierGateway, upstream::ProposalLedger};
//!
//! assert_eq!(ProposalLedger::approveCall::SELECTOR, [0x7b, 0x32, 0x2d, 0x43]);
//! assert!(VerifierGateway::Run::eip712_encode_type().starts_with("Run(address ledger,address registry,"));
//! ```

// Generated code has neither our documentation nor our lints; the sources it is made from have both.
#![allow(missing_docs, clippy::indexing_slicing, clippy::too_many_arguments, clippy::panic)]

pub mod admission;
pub mod development;
pub mod gateway;
pub mod upstream;
