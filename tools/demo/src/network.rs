//! The network that the demo runs on: chain, storage, enclave, wallets; each by its own program.

use crate::program::{ProgramError, Programs, Running};
use crate::scenario::DemoError;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The passphrase of every wallet of the demo: the chain is gone when it ends.
const PASSPHRASE: &str = "a demo has no secrets\n";

/// Coins that each wallet gets from the devnet's faucet.
const COINS: &str = "100og";

/// Private key of the devnet's account 1, which admits enclave keys there. It is published with the devnet.
const ATTESTER_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A running network and the way to speak to it.
pub(crate) struct Network {
    programs: Programs,
    folder: PathBuf,
    deployment: PathBuf,
    measurement: String,
    // In this order they are ended: the enclave before the chain.
    _enclave: Running,
    _devnet: Running,
}

impl Network {
    /// Starts everything in a folder; logs go to another.
    pub(crate) fn start(folder: &Path, logs: PathBuf) -> Result<Self, DemoError> {
        let programs = Programs::beside_this_one(logs)?;
        let socket = format!("unix:{}", folder.join("enclave.sock").display());
        let scratch = text(&folder.join("scratch"));
        let enclave_arguments = strings(&["--listen", &socket, "--scratch", &scratch]);
        let measure = [enclave_arguments.clone(), strings(&["--measure"])].concat();
        let measurement = field(&programs.json("orv-enclave", &measure, &[0])?, "measurement")?;
        let deployment = folder.join("deployment.json");
        let devnet = programs.start(
            "orv",
            "devnet",
            &strings(&[
                "devnet",
                "--json",
                "--rpc-port",
                "0",
                "--storage-port",
                "0",
                "--deployment",
                &text(&deployment),
                "--measurement",
                &measurement,
            ]),
        )?;
        let enclave = programs.start("orv-enclave", "enclave", &enclave_arguments)?;
        let passphrase = folder.join("passphrase");
        write_secret(&passphrase, PASSPHRASE)?;
        Ok(Self {
            programs,
            folder: folder.to_owned(),
            deployment,
            measurement,
            _enclave: enclave,
            _devnet: devnet,
        })
    }

    /// What the enclave attests.
    pub(crate) fn measurement(&self) -> &str {
        &self.measurement
    }

    /// Makes a wallet and gives it coins.
    pub(crate) fn fund(&self, wallet: &str) -> Result<String, DemoError> {
        self.orv(wallet, &strings(&["wallet", "new", wallet, "--cost", "light"]))?;
        let funded = self.orv(wallet, &strings(&["wallet", "fund", wallet, "--amount", COINS]))?;
        field(&funded, "address")
    }

    /// Runs `orv` as a wallet's owner and returns its answer.
    pub(crate) fn orv(&self, wallet: &str, arguments: &[String]) -> Result<Value, DemoError> {
        let settings = strings(&[
            "--json",
            "--deployment",
            &text(&self.deployment),
            "--cache",
            &text(&self.folder.join("cache")),
            "--wallet-home",
            &text(&self.folder.join("wallets")),
            "--wallet",
            wallet,
            "--passphrase-file",
            &text(&self.folder.join("passphrase")),
        ]);
        Ok(self
            .programs
            .json("orv", &[settings, arguments.to_vec()].concat(), &[0])?)
    }

    /// Checks a receipt with the auditor's program.
    pub(crate) fn audit(&self, receipt: &str) -> Result<Value, ProgramError> {
        let arguments = strings(&[
            "receipt",
            receipt,
            "--json",
            "--allow-simulated",
            "--measurement",
            &self.measurement,
        ]);
        self.programs.json("orv-audit", &arguments, &[0, 3])
    }

    /// Starts the verifier with an operator's wallet; receipts go where they stay.
    pub(crate) fn verifier(&self, operator: &str, data: &Path) -> Result<Verifier<'_>, DemoError> {
        let configuration = self.folder.join("verifier.toml");
        write_secret(&configuration, &self.verifier_settings(operator, data))?;
        let configuration = text(&configuration);
        let arguments = strings(&["verifier", "run", &configuration, "--json"]);
        let process = self.programs.spawn("orv", "verifier", &arguments)?;
        Ok(Verifier {
            network: self,
            configuration,
            _process: process,
        })
    }

    fn verifier_settings(&self, operator: &str, data: &Path) -> String {
        format!(
            "deployment = {:?}\nenclave = {:?}\ndata_directory = {:?}\npoll_seconds = 1\n\n\
             [wallet.keystore]\ndirectory = {:?}\nid = {operator:?}\npassphrase_file = {:?}\n\n\
             [admission.local]\ntrust = \"simulator\"\nattester_keys = [{ATTESTER_KEY:?}]\n\
             measurements = [{{ id = {:?}, name = \"the demo's enclave\" }}]\n",
            text(&self.deployment),
            format!("unix:{}", self.folder.join("enclave.sock").display()),
            text(data),
            text(&self.folder.join("wallets")),
            text(&self.folder.join("passphrase")),
            self.measurement,
        )
    }
}

/// A running verifier.
pub(crate) struct Verifier<'a> {
    network: &'a Network,
    configuration: String,
    _process: Running,
}

impl Verifier<'_> {
    /// What its journal says of every proposal.
    pub(crate) fn status(&self) -> Result<Vec<Value>, DemoError> {
        let arguments = strings(&["verifier", "status", &self.configuration, "--json"]);
        let answer = self.network.programs.json("orv", &arguments, &[0])?;
        Ok(at(&answer, "/proposals").as_array().cloned().unwrap_or_default())
    }
}

/// A part of an answer by its JSON pointer (RFC 6901); null where it has none.
pub(crate) fn at<'a>(answer: &'a Value, pointer: &str) -> &'a Value {
    answer.pointer(pointer).unwrap_or(&Value::Null)
}

/// A text field of an answer.
pub(crate) fn field(answer: &Value, name: &'static str) -> Result<String, DemoError> {
    match at(answer, &format!("/{name}")) {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(DemoError::Answer {
            name,
            answer: answer.to_string(),
        }),
    }
}

/// Arguments of a program.
pub(crate) fn strings(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a file that nobody else can read: `orv` uses no secret that others can.
fn write_secret(path: &Path, content: &str) -> Result<(), DemoError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| file.write_all(content.as_bytes()));
    written.map_err(|source| DemoError::File {
        path: path.to_owned(),
        source,
    })
}
