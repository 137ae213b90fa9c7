//! `orv wallet`.

use clap::{Subcommand, ValueEnum};
use orv_chain::{primitives::U256, wallet::Cost};
use serde_json::json;

use crate::{amount, failure::Failure, faucet, output::Answer, session::Session};

#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Generate a key and store it encrypted
    #[command(
        after_help = "The file is a Web3 Secret Storage v3 keystore, which other wallets read too. An existing one is never replaced.\n\n\
        Example:\n  orv wallet new main --passphrase-file passphrase"
    )]
    New {
        /// Name of the wallet
        id: String,
        /// How costly guessing the passphrase is
        #[arg(long, value_enum, default_value_t = Guessing::Standard)]
        cost: Guessing,
    },
    /// Print a wallet's account, without its passphrase
    #[command(after_help = "Example:\n  orv wallet address main")]
    Address {
        /// Name of the wallet [default: --wallet]
        id: Option<String>,
    },
    /// Give a wallet coins on a development chain; any other chain is refused
    #[command(after_help = "Example:\n  orv wallet fund main --amount 100og --deployment deployment.json")]
    Fund {
        /// Name of the wallet [default: --wallet]
        id: Option<String>,
        /// How much: 1.5og, 2000wei, or a number of wei
        #[arg(long, value_parser = amount::wei, default_value = "100og")]
        amount: U256,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Guessing {
    /// About a second and 256 MiB for each guess
    Standard,
    /// Next to nothing: for development chains only
    Light,
}

impl From<Guessing> for Cost {
    fn from(cost: Guessing) -> Self {
        match cost {
            Guessing::Standard => Self::Standard,
            Guessing::Light => Self::Light,
        }
    }
}

pub async fn run(command: WalletCommand, session: &Session) -> Result<Answer, Failure> {
    match command {
        WalletCommand::New { id, cost } => {
            let wallet = session.wallets().create(&id, &session.passphrase()?, cost.into())?;
            let keystore = session.wallets().path(&id)?;
            let address = wallet.address();
            let fields = json!({ "wallet_id": id, "address": address.to_string(), "keystore": keystore });
            let text = format!(
                "{address}\nkeystore {}\nkeep the passphrase: nobody can restore it",
                keystore.display()
            );
            Ok(Answer::new("orv.wallet/1", fields, text))
        }
        WalletCommand::Address { id } => {
            let id = named(id.as_deref(), session)?;
            let address = session.wallets().address(id)?.to_string();
            Ok(Answer::new(
                "orv.wallet/1",
                json!({ "wallet_id": id, "address": address }),
                address,
            ))
        }
        WalletCommand::Fund { id, amount } => {
            let id = named(id.as_deref(), session)?;
            let account = session.wallets().address(id)?;
            let chain = session.bare_chain().await?;
            let balance = faucet::fund(&chain, account, amount).await?;
            let fields = json!({ "wallet_id": id, "address": account.to_string(), "balance_wei": balance.to_string() });
            Ok(Answer::new(
                "orv.wallet/1",
                fields,
                format!("{account} has {balance} wei"),
            ))
        }
    }
}

fn named<'a>(id: Option<&'a str>, session: &'a Session) -> Result<&'a str, Failure> {
    id.map_or_else(|| session.wallet_id(), Ok)
}
