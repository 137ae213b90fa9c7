//! Which contracts, on which chain, with which storage.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, address};
use serde::{Deserialize, Serialize};

use crate::{connection::Chain, error::ChainError};

/// Largest deployment file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A `deployment.json` (openresearch.md 1.1), extended with our own contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The chain.
    pub network: Network,
    /// The storage network, when the file names one.
    pub storage: Option<StorageNetwork>,
    /// The Flow contract that storage is paid to, when the file pins it. Else the storage nodes' word is taken.
    pub flow: Option<Address>,
    /// Upstream's contracts.
    pub openresearch: OpenResearchContracts,
    /// Our contracts; a deployment without a verifier has none.
    pub enclave: Option<EnclaveContracts>,
}

/// A chain and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// A name for people.
    pub name: String,
    /// The chain id that goes into every signature.
    pub chain_id: u64,
    /// The JSON-RPC address.
    pub rpc_url: String,
    /// The first block that can hold an event of these contracts. Ours; upstream's files lack it and mean block 0.
    #[serde(default)]
    pub first_block: u64,
}

/// A 0G Storage network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageNetwork {
    /// Upstream's name of the network, `turbo` or `standard`.
    pub mode: String,
    /// The indexer's address.
    pub indexer_rpc: String,
}

/// The three contracts of upstream that are one per network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenResearchContracts {
    /// Projects.
    pub project_registry: Address,
    /// Proposals.
    pub proposal_ledger: Address,
    /// The accounts that may settle.
    pub verifier_registry: Address,
}

/// The contracts of DESIGN 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnclaveContracts {
    /// Admitted keys.
    pub enclave_registry: Address,
    /// Measurements that count.
    pub measurement_policy: Address,
    /// The admission verifier: the quorum of attesters.
    pub attester_quorum: Address,
    /// The one verifier on the ledger.
    pub verifier_gateway: Address,
}

/// Why a deployment file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is larger than any deployment.
    #[error("{path} has more than {MAX_FILE_BYTES} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not the expected JSON.
    #[error("not a deployment file: {0}")]
    Malformed(String),
    /// A contract is missing that must be there.
    #[error("the deployment names no address for {0}")]
    MissingContract(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Document {
    network: Network,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storage: Option<StorageNetwork>,
    contracts: BTreeMap<String, Contract>,
}

#[derive(Serialize, Deserialize)]
struct Contract {
    address: Option<Address>,
}

impl Deployment {
    /// Upstream's contracts on the 0G Galileo testnet (openresearch.md 1.1). Ours are not part of it.
    pub fn galileo() -> Self {
        Self {
            network: Network {
                name: "0g-galileo-testnet".into(),
                chain_id: 16602,
                rpc_url: "https://evmrpc-testnet.0g.ai".into(),
                first_block: 0,
            },
            storage: Some(StorageNetwork {
                mode: "turbo".into(),
                indexer_rpc: "https://indexer-storage-testnet-turbo.0g.ai".into(),
            }),
            flow: None,
            openresearch: OpenResearchContracts {
                project_registry: address!("0xc84768e450534974C0DD5BAb7c1b695744124136"),
                proposal_ledger: address!("0x701db5f8Ed847651209A438695dfe5520adD6A5A"),
                verifier_registry: address!("0x257974E406f206BfAEd3abB8D93C232e3226f032"),
            },
            enclave: None,
        }
    }

    /// Reads a deployment file.
    ///
    /// # Errors
    /// An unreadable or over-long file, or as [`Self::parse`].
    pub fn load(path: &Path) -> Result<Self, DeploymentError> {
        let unreadable = |source| DeploymentError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(DeploymentError::TooLarge { path: path.to_owned() });
        }
        Self::parse(&bytes)
    }

    /// Reads the JSON. Unknown keys are left alone: upstream's own files have some.
    ///
    /// # Errors
    /// [`DeploymentError::Malformed`], or [`DeploymentError::MissingContract`]; of our four contracts either all or
    /// none are named.
    pub fn parse(bytes: &[u8]) -> Result<Self, DeploymentError> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| DeploymentError::Malformed(error.to_string()))?;
        let find = |name: &str| document.contracts.get(name).and_then(|contract| contract.address);
        let need = |name: &'static str| find(name).ok_or(DeploymentError::MissingContract(name));
        let openresearch = OpenResearchContracts {
            project_registry: need("ProjectRegistry")?,
            proposal_ledger: need("ProposalLedger")?,
            verifier_registry: need("VerifierRegistry")?,
        };
        let ours = [
            "EnclaveRegistry",
            "MeasurementPolicy",
            "AttesterQuorum",
            "VerifierGateway",
        ];
        let enclave = if ours.into_iter().any(|name| find(name).is_some()) {
            Some(EnclaveContracts {
                enclave_registry: need("EnclaveRegistry")?,
                measurement_policy: need("MeasurementPolicy")?,
                attester_quorum: need("AttesterQuorum")?,
                verifier_gateway: need("VerifierGateway")?,
            })
        } else {
            None
        };
        Ok(Self {
            network: document.network,
            storage: document.storage,
            flow: document.contracts.get("Flow").and_then(|contract| contract.address),
            openresearch,
            enclave,
        })
    }

    /// Writes the JSON that [`Self::parse`] reads.
    ///
    /// # Errors
    /// [`DeploymentError::Malformed`], when JSON cannot hold a value.
    pub fn to_json(&self) -> Result<String, DeploymentError> {
        let named = |(name, address): (&str, Address)| (name.to_owned(), Contract { address: Some(address) });
        let document = Document {
            network: self.network.clone(),
            storage: self.storage.clone(),
            contracts: self.contracts().into_iter().map(named).collect(),
        };
        serde_json::to_string_pretty(&document).map_err(|error| DeploymentError::Malformed(error.to_string()))
    }

    /// Connects to the named chain and checks that every named contract is there.
    ///
    /// # Errors
    /// As [`Chain::connect`], or [`ChainError::NoCode`].
    pub async fn connect(&self) -> Result<Chain, ChainError> {
        self.connect_to(&[&self.network.rpc_url], 1).await
    }

    /// The same through endpoints of one's own, of which `quorum` have to say the same where money depends on it.
    ///
    /// # Errors
    /// As [`Chain::connect_to`], or [`ChainError::NoCode`].
    pub async fn connect_to<S: AsRef<str>>(&self, rpc_urls: &[S], quorum: usize) -> Result<Chain, ChainError> {
        let chain = Chain::connect_to(rpc_urls, quorum, self.network.chain_id).await?;
        for (name, address) in self.contracts() {
            chain.require_code(name, address).await?;
        }
        Ok(chain)
    }

    fn contracts(&self) -> Vec<(&'static str, Address)> {
        let mut named = vec![
            ("ProjectRegistry", self.openresearch.project_registry),
            ("ProposalLedger", self.openresearch.proposal_ledger),
            ("VerifierRegistry", self.openresearch.verifier_registry),
        ];
        if let Some(enclave) = &self.enclave {
            named.push(("EnclaveRegistry", enclave.enclave_registry));
            named.push(("MeasurementPolicy", enclave.measurement_policy));
            named.push(("AttesterQuorum", enclave.attester_quorum));
            named.push(("VerifierGateway", enclave.verifier_gateway));
        }
        named.extend(self.flow.map(|flow| ("Flow", flow)));
        named
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn galileo_round_trips_through_json() {
        let deployment = Deployment::galileo();
        assert_eq!(
            Deployment::parse(deployment.to_json().unwrap().as_bytes()).unwrap(),
            deployment
        );
    }

    #[test]
    fn upstreams_file_with_a_null_token_and_artifacts_is_read() {
        let text = r#"{"network":{"name":"0g","chainId":16602,"rpcUrl":"https://evmrpc-testnet.0g.ai"},"contracts":{
            "ProjectRegistry":{"address":"0xc84768e450534974C0DD5BAb7c1b695744124136","artifact":"a.json"},
            "ProposalLedger":{"address":"0x701db5f8Ed847651209A438695dfe5520adD6A5A","artifact":"b.json"},
            "VerifierRegistry":{"address":"0x257974E406f206BfAEd3abB8D93C232e3226f032","artifact":"c.json"},
            "ProjectToken":{"address":null,"artifact":"d.json","note":"one per project"}}}"#;
        let deployment = Deployment::parse(text.as_bytes()).unwrap();
        assert_eq!(deployment.openresearch, Deployment::galileo().openresearch);
        assert_eq!(deployment.enclave, None);
    }

    #[test]
    fn some_of_our_contracts_without_the_others_are_refused() {
        let text = Deployment::galileo().to_json().unwrap();
        let gateway = r#""contracts": { "VerifierGateway": {"address": "0x257974E406f206BfAEd3abB8D93C232e3226f032"},"#;
        let partial = text.replacen("\"contracts\": {", gateway, 1);
        let parsed = Deployment::parse(partial.as_bytes());
        assert!(
            matches!(parsed, Err(DeploymentError::MissingContract("EnclaveRegistry"))),
            "{parsed:?}"
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Deployment::parse(&bytes);
        }
    }
}
