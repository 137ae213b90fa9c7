//! What an operator configures, as TOML.

mod reload;
mod secret;
mod settings;

pub(crate) use self::reload::reloaded;
pub(crate) use self::secret::exposed;
pub use self::settings::{DutySettings, EnclaveSettings, LimitSettings, PauseSettings, RpcAddresses};
pub use crate::journal::DatabaseUrl;

use crate::enclave::EnclaveAddress;
use crate::error::VerifierError;
use crate::journal::JournalPlace;
use crate::page::PageSettings;
pub use orv_attester::Trust;
use orv_attester::{LONGEST_LIFE, MOST_VERDICTS};
use orv_chain::primitives::U256;
pub use orv_chain::wallet::WalletSource;
use orv_chain::wallet::without_keys;
use orv_chain::{Chain, Deployment, ProjectId};
use orv_storage::{FetchError, IndexSource};
use orv_verify::AllowedMeasurement;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Largest configuration file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Smallest cache, in bytes: what is fetched ahead of a run must last until the run.
const LEAST_CACHE: u64 = 1 << 30;

/// The whole configuration.
///
/// ```
/// let configuration = orv_verifier::VerifierConfig::parse(r#"
///     deployment = "deployment.json"
///     enclave = "unix:/run/orv/enclave.sock"
///     data_directory = "/var/lib/orv"
///
///     [wallet.keystore]
///     directory = "/var/lib/orv/wallets"
///     id = "operator"
///     passphrase_file = "/run/secrets/passphrase"
///
///     [admission.local]
///     trust = "production"
///     attester_keys = []
///     measurements = []
/// "#)?;
/// assert_eq!(configuration.poll_seconds, 12);
/// # Ok::<(), orv_verifier::VerifierError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierConfig {
    /// The deployment file: chain id, contracts, and where chain and storage are.
    pub deployment: PathBuf,
    /// Other JSON-RPC addresses than the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc: Option<RpcAddresses>,
    /// How many of them must agree on what decides money.
    #[serde(default = "defaults::rpc_quorum")]
    pub rpc_quorum: usize,
    /// The chain id that must be the deployment's; a second look at what is signed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_id: Option<u64>,
    /// Another storage indexer than the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_indexer: Option<String>,
    /// Where upstream's miners list the bytes of a SHA-256, if anywhere: a file or an http(s) address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_index: Option<String>,
    /// The one enclave: `unix:PATH`, `vsock:CID:PORT` or `hybrid:PATH:PORT`. Several are listed under `enclaves`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveAddress>,
    /// Journal, cache and receipts.
    pub data_directory: PathBuf,
    /// Most bytes of content that the cache keeps; less where the disk is needed (`pause.least_disk_bytes`).
    #[serde(default = "defaults::cache_bytes")]
    pub cache_bytes: u64,
    /// `postgres://…` of a journal that several daemons share; a file in the data directory when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<DatabaseUrl>,
    /// The block from which proposals are looked for by their events; those before it are found by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_block: Option<u64>,
    /// Seconds between two looks at the chain.
    #[serde(default = "defaults::poll_seconds")]
    pub poll_seconds: u64,
    /// Most seconds that one run may need; a proposal with less than twice that left is not begun.
    #[serde(default = "defaults::run_seconds")]
    pub run_seconds: u64,
    /// Attempts at one proposal by this operator, 1 to 3; the gateway counts those of all operators together.
    #[serde(default = "defaults::attempts")]
    pub attempts: u8,
    /// Wei below which nothing is begun.
    #[serde(default = "defaults::least_balance")]
    pub least_balance: U256,
    /// Blocks above a settlement after which it is taken to stay.
    #[serde(default = "defaults::confirmations")]
    pub confirmations: u64,
    /// Seconds that runs and settlements in flight are given when the daemon is asked to stop.
    #[serde(default = "defaults::shutdown_seconds")]
    pub shutdown_seconds: u64,
    /// A folder of what the hardware's vendor publishes, read anew for each receipt and put into it: Intel's collateral
    /// for TDX. Nitro needs none, and an SEV-SNP host's certificates come with the evidence.
    #[serde(default)]
    pub collateral: Option<PathBuf>,
    /// Which projects are worked on.
    #[serde(default)]
    pub projects: ProjectFilter,
    /// The enclaves, where there are several, each with what boots it anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "enclaves")]
    pub enclave_list: Vec<EnclaveSettings>,
    /// Most that one run of the daemon does.
    #[serde(default)]
    pub limits: LimitSettings,
    /// When no new attempt is begun.
    #[serde(default)]
    pub pause: PauseSettings,
    /// What is done once proposals are decided.
    #[serde(default)]
    pub duties: DutySettings,
    /// The operator's page and metrics; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageSettings>,
    /// The key that pays.
    pub wallet: WalletSource,
    /// Who admits the enclave's key.
    pub admission: AdmissionSource,
}

/// Which projects are worked on: those allowed, all when none is named, without those denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectFilter {
    /// Only these, unless empty.
    #[serde(default)]
    pub allow: Vec<ProjectId>,
    /// Never these.
    #[serde(default)]
    pub deny: Vec<ProjectId>,
}

/// Who admits keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AdmissionSource {
    /// Attesters whose keys are on this machine: development networks, where nobody else could be asked.
    Local(LocalAttesters),
    /// Attesters that are asked over HTTP, each with rules and a key of its own.
    Remote(RemoteAttesters),
}

/// Attesters elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteAttesters {
    /// Their addresses, `http(s)://HOST[:PORT]`; at least as many as the quorum's threshold.
    pub attesters: Vec<String>,
}

/// Attesters on this machine and what they ask of evidence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAttesters {
    /// Under which roots evidence is authentic.
    pub trust: Trust,
    /// Their private keys, 0x and 64 digits each; as many as the quorum's threshold are used.
    pub attester_keys: Vec<String>,
    /// The measurements that they admit.
    pub measurements: Vec<AllowedMeasurement>,
    /// Longest life of an admission, in seconds.
    #[serde(default = "defaults::life_seconds")]
    pub life_seconds: u64,
    /// Verdicts of an admission.
    #[serde(default = "defaults::verdicts")]
    pub verdicts: u32,
}

mod defaults {
    use super::{LONGEST_LIFE, MOST_VERDICTS, U256};

    pub(super) fn cache_bytes() -> u64 {
        64 << 30
    }

    pub(super) fn poll_seconds() -> u64 {
        12
    }

    pub(super) fn run_seconds() -> u64 {
        3600
    }

    pub(super) fn attempts() -> u8 {
        1
    }

    pub(super) fn rpc_quorum() -> usize {
        1
    }

    pub(super) fn confirmations() -> u64 {
        12
    }

    pub(super) fn shutdown_seconds() -> u64 {
        600
    }

    pub(super) fn concurrent_settlements() -> usize {
        8
    }

    /// A hundredth of a coin: one approval, of 540,000 gas, at up to 18 gwei per gas.
    pub(super) fn least_balance() -> U256 {
        U256::from(10_000_000_000_000_000_u64)
    }

    pub(super) fn life_seconds() -> u64 {
        LONGEST_LIFE
    }

    pub(super) fn verdicts() -> u32 {
        MOST_VERDICTS
    }
}

impl VerifierConfig {
    /// Reads a file to work by.
    ///
    /// # Errors
    /// As [`Self::read_private`] and [`Self::parse`].
    pub fn load(path: &Path) -> Result<Self, VerifierError> {
        Self::parse(&Self::read_private(path)?)
    }

    /// The text of a file, bounded, whoever else can read it.
    ///
    /// # Errors
    /// [`VerifierError::ConfigurationUnreadable`].
    pub fn read(path: &Path) -> Result<String, VerifierError> {
        Ok(open(path)?.1)
    }

    /// The text of a file, bounded, which nobody but its owner may read if a secret stands in it.
    ///
    /// # Errors
    /// [`VerifierError::ConfigurationUnreadable`], or [`VerifierError::Wallet`] with the `chmod` that mends it.
    pub fn read_private(path: &Path) -> Result<String, VerifierError> {
        let (file, text) = open(path)?;
        secret::refuse_exposed(&file, path, &text)?;
        Ok(text)
    }

    /// Reads TOML; unknown keys are refused.
    ///
    /// # Errors
    /// [`VerifierError::Configuration`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Self, VerifierError> {
        let configuration: Self =
            toml::from_str(text).map_err(|error| VerifierError::Configuration(without_keys(&error.to_string())))?;
        configuration.refuse_out_of_range()?;
        configuration.refuse_odd_enclaves()?;
        if let Some(page) = &configuration.page {
            page.check()?;
        }
        Ok(configuration)
    }

    fn refuse_out_of_range(&self) -> Result<(), VerifierError> {
        let refused = |why: String| Err(VerifierError::Configuration(why));
        if !(1..=3).contains(&self.attempts) {
            return refused(format!("attempts = {}: 1 to 3", self.attempts));
        }
        if self.poll_seconds == 0 {
            return refused("poll_seconds = 0: at least 1".to_owned());
        }
        if self.cache_bytes < LEAST_CACHE {
            return refused(format!("cache_bytes = {}: at least {LEAST_CACHE}", self.cache_bytes));
        }
        if self.limits.concurrent_settlements == 0 {
            return refused("limits.concurrent_settlements = 0: at least 1".to_owned());
        }
        self.refuse_short_keys()?;
        let endpoints = self.rpc.as_ref().map_or(1, |rpc| rpc.all().len());
        if !(1..=endpoints).contains(&self.rpc_quorum) {
            let quorum = self.rpc_quorum;
            return refused(format!(
                "rpc_quorum = {quorum}: 1 to {endpoints}, the addresses of `rpc`"
            ));
        }
        Ok(())
    }

    /// No ticket is opened with a key that would end under a run.
    fn refuse_short_keys(&self) -> Result<(), VerifierError> {
        let refused = |why: String| Err(VerifierError::Configuration(why));
        let run_seconds = self.run_seconds;
        if run_seconds >= LONGEST_LIFE {
            return refused(format!(
                "run_seconds = {run_seconds}: no key is admitted for more than {LONGEST_LIFE}"
            ));
        }
        match &self.admission {
            AdmissionSource::Local(local) if local.life_seconds <= run_seconds => refused(format!(
                "admission.local.life_seconds = {}: a run may need run_seconds = {run_seconds}, and no key would outlive it",
                local.life_seconds
            )),
            AdmissionSource::Local(_) | AdmissionSource::Remote(_) => Ok(()),
        }
    }

    fn refuse_odd_enclaves(&self) -> Result<(), VerifierError> {
        let refused = |why: String| Err(VerifierError::Configuration(why));
        if self.enclave.is_some() != self.enclave_list.is_empty() {
            return refused("name one enclave as `enclave`, or several under `[[enclaves]]`".to_owned());
        }
        let enclaves = self.enclaves();
        for (index, one) in enclaves.iter().enumerate() {
            if enclaves
                .iter()
                .skip(index + 1)
                .any(|other| other.address == one.address)
            {
                return refused(format!("enclave {} is named twice", one.address));
            }
        }
        Ok(())
    }

    /// Every enclave of this daemon.
    pub fn enclaves(&self) -> Vec<EnclaveSettings> {
        let one = self.enclave.iter().map(|address| EnclaveSettings {
            address: address.clone(),
            restart: Vec::new(),
        });
        one.chain(self.enclave_list.iter().cloned()).collect()
    }

    /// The deployment, with this file's own addresses in it.
    pub(crate) fn deployment(&self) -> Result<Deployment, VerifierError> {
        let mut deployment = Deployment::load(&self.deployment)?;
        if let Some(expected) = self.chain_id.filter(|id| *id != deployment.network.chain_id) {
            return Err(VerifierError::Configuration(format!(
                "chain_id = {expected}, the deployment is on chain {}",
                deployment.network.chain_id
            )));
        }
        if let Some(first) = self.rpc.as_ref().and_then(|rpc| rpc.all().into_iter().next()) {
            deployment.network.rpc_url = first;
        }
        Ok(deployment)
    }

    /// The indexer's address.
    pub(crate) fn indexer(&self, deployment: &Deployment) -> Result<String, VerifierError> {
        let of_deployment = deployment.storage.as_ref().map(|storage| storage.indexer_rpc.clone());
        self.storage_indexer
            .clone()
            .or(of_deployment)
            .ok_or(VerifierError::NoStorage)
    }

    /// The artifact index.
    pub(crate) fn artifact_index(&self) -> Result<Option<IndexSource>, VerifierError> {
        let index = self.artifact_index.as_deref().map(str::parse::<IndexSource>);
        index
            .transpose()
            .map_err(|error| VerifierError::from(FetchError::from(error)))
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds)
    }

    /// Where the journal is kept.
    pub fn journal_place(&self) -> JournalPlace {
        match &self.journal {
            Some(url) => JournalPlace::Postgres(url.clone()),
            None => self.journal_file(),
        }
    }

    /// The journal's file in the data directory, whether or not it is in use.
    pub(crate) fn journal_file(&self) -> JournalPlace {
        JournalPlace::File(self.data_directory.join("journal.sqlite"))
    }

    /// Connects to the chain: to the deployment's address, or to this file's own.
    pub(crate) async fn connect(&self, deployment: &Deployment) -> Result<Chain, VerifierError> {
        let addresses = match &self.rpc {
            Some(rpc) => rpc.all(),
            None => vec![deployment.network.rpc_url.clone()],
        };
        Ok(deployment.connect_to(&addresses, self.rpc_quorum).await?)
    }

    pub(crate) fn receipts(&self) -> PathBuf {
        self.data_directory.join("receipts")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.data_directory.join("cache")
    }
}

impl ProjectFilter {
    /// Whether a project is worked on.
    pub fn admits(&self, project: ProjectId) -> bool {
        let allowed = self.allow.is_empty() || self.allow.contains(&project);
        allowed && !self.deny.contains(&project)
    }
}

/// Opens a file and reads it whole, up to the bound.
fn open(path: &Path) -> Result<(File, String), VerifierError> {
    let unreadable = |source| VerifierError::ConfigurationUnreadable {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    (&file).take(MAX_FILE).read_to_string(&mut text).map_err(unreadable)?;
    Ok((file, text))
}

/// A private key in hexadecimal. The text itself never appears in an error.
pub(crate) fn raw_key(text: &str) -> Result<Zeroizing<[u8; 32]>, VerifierError> {
    let mut key = Zeroizing::new([0; 32]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, key.as_mut_slice())
        .map_err(|_| VerifierError::Configuration("a raw key is not 0x and 64 hexadecimal digits".to_owned()))?;
    Ok(key)
}

impl std::fmt::Debug for LocalAttesters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "LocalAttesters({:?}, {} hidden keys)",
            self.trust,
            self.attester_keys.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quorum_of_more_endpoints_than_there_are_is_refused() {
        let example = include_str!("../../verifier.example.toml");
        let with = |lines: &str| VerifierConfig::parse(&format!("{lines}\n{example}"));
        let refused = with("rpc_quorum = 2").unwrap_err().to_string();
        assert!(refused.contains("rpc_quorum = 2: 1 to 1"), "{refused}");
        assert!(with("rpc_quorum = 0").is_err());
        with("rpc = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\nrpc_quorum = 2").unwrap();
    }

    #[test]
    fn keys_that_no_run_fits_into_are_refused_with_both_numbers() {
        let example = include_str!("../../verifier.example.toml");
        let with = |run: u64, life: u64| {
            let text = example.replace("run_seconds = 3600", &format!("run_seconds = {run}"));
            let text = text.replace("life_seconds = 86400", &format!("life_seconds = {life}"));
            VerifierConfig::parse(&text).map_err(|error| error.to_string())
        };
        let refused = with(3600, 3600).unwrap_err();
        let words = "admission.local.life_seconds = 3600: a run may need run_seconds = 3600";
        assert!(refused.contains(words), "{refused}");
        assert!(
            with(86_400, 86_400)
                .unwrap_err()
                .contains("run_seconds = 86400: no key")
        );
        with(3600, 7200).unwrap();
    }

    #[test]
    fn denied_projects_are_left_out_even_where_they_are_allowed() {
        let (one, two, three) = (ProjectId::from(1), ProjectId::from(2), ProjectId::from(3));
        let filter = ProjectFilter {
            allow: vec![one, two],
            deny: vec![two],
        };
        assert_eq!([one, two, three].map(|id| filter.admits(id)), [true, false, false]);
        assert!(ProjectFilter::default().admits(three));
    }

    #[test]
    fn a_mistake_beside_a_private_key_does_not_print_it() {
        let key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        for line in [
            format!("[wallet]\nunsafe_raw_key = 0x{key}"),
            format!("[wallet]\nunsafe_raw_key = \"0x{key}"),
            format!("[admission.local]\nattester_keys = \"0x{key}\""),
            format!("wallet = \"{key}\""),
        ] {
            let shown = VerifierConfig::parse(&line).unwrap_err().to_string();
            assert!(!shown.contains(&key[..40]), "{shown}");
        }
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let example = VerifierConfig::parse(include_str!("../../verifier.example.toml")).unwrap();
        assert_eq!(example.poll_seconds, defaults::poll_seconds());
        assert_eq!(example.run_seconds, defaults::run_seconds());
        assert_eq!(example.attempts, defaults::attempts());
        assert_eq!(example.least_balance, defaults::least_balance());
        assert_eq!(example.projects, ProjectFilter::default());
        assert_eq!(example.confirmations, defaults::confirmations());
        assert_eq!(example.shutdown_seconds, defaults::shutdown_seconds());
        assert_eq!(example.limits, LimitSettings::default());
        assert_eq!(example.pause, PauseSettings::default());
        assert_eq!(example.duties, DutySettings::default());
        let AdmissionSource::Local(attesters) = example.admission else {
            panic!("the example's attesters are on this machine");
        };
        assert_eq!(
            (attesters.life_seconds, attesters.verdicts),
            (defaults::life_seconds(), defaults::verdicts())
        );
    }

    #[test]
    fn keys_never_show_in_debug_output() {
        let secret = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        let wallet = WalletSource::UnsafeRawKey(secret.to_owned());
        let attesters = LocalAttesters {
            trust: Trust::Simulator,
            attester_keys: vec![secret.to_owned()],
            measurements: Vec::new(),
            life_seconds: 1,
            verdicts: 1,
        };
        assert!(!format!("{wallet:?} {attesters:?}").contains("59c6"));
    }

    fn enclaves(lines: &str) -> Result<Vec<EnclaveSettings>, VerifierError> {
        let text = include_str!("../../verifier.example.toml");
        let (top, bottom) = text.split_once("enclave = \"vsock:16:5000\"").unwrap();
        let (one, several) = if lines.starts_with("enclave =") {
            (lines, "")
        } else {
            ("", lines)
        };
        Ok(VerifierConfig::parse(&format!("{top}{one}{bottom}\n{several}"))?.enclaves())
    }

    #[test]
    fn one_enclave_is_named_or_several_are_listed_each_once() {
        assert_eq!(enclaves("enclave = \"unix:/run/e\"").unwrap().len(), 1);
        let two = "[[enclaves]]\naddress = \"vsock:16:5000\"\nrestart = [\"systemctl\", \"restart\", \"e\"]\n\
                   [[enclaves]]\naddress = \"vsock:17:5000\"\n";
        let listed = enclaves(two).unwrap();
        assert_eq!(
            (listed.len(), listed[0].restart.len(), listed[1].restart.len()),
            (2, 3, 0)
        );
        for wrong in [
            "",
            "[[enclaves]]\naddress = \"vsock:1:1\"\n[[enclaves]]\naddress = \"vsock:1:1\"\n",
        ] {
            assert!(
                matches!(enclaves(wrong), Err(VerifierError::Configuration(_))),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_configuration_or_a_typed_error(text in ".{0,200}") {
            let _ = VerifierConfig::parse(&text);
        }
    }
}
