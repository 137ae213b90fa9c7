//! A client that signs as one account, for what is sent to a chain from here and from tests.

use alloy::network::EthereumWallet;
use alloy::providers::fillers::{
    BlobGasFiller, ChainIdFiller, FillProvider, GasFiller, JoinFill, NonceFiller, WalletFiller,
};
use alloy::providers::{Identity, ProviderBuilder, RootProvider};
use alloy::signers::local::PrivateKeySigner;

type Fillers = JoinFill<GasFiller, JoinFill<BlobGasFiller, JoinFill<NonceFiller, ChainIdFiller>>>;

/// An alloy provider that fills in and signs transactions.
pub type Client = FillProvider<JoinFill<JoinFill<Identity, Fillers>, WalletFiller<EthereumWallet>>, RootProvider>;

/// An address that is no URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a URL: {0:?}")]
pub struct NotUrl(pub String);

/// A client of the chain at `rpc_url`, which may be any node; it signs with `signer`.
///
/// # Errors
/// [`NotUrl`]; whether anybody answers there shows with the first request.
pub fn connect(rpc_url: &str, signer: PrivateKeySigner) -> Result<Client, NotUrl> {
    provide_tls();
    let url = rpc_url.parse().map_err(|_| NotUrl(rpc_url.to_owned()))?;
    Ok(ProviderBuilder::new().wallet(signer).connect_http(url))
}

/// Names ring as this process's TLS provider unless another is named already. Where the HTTP client is built without
/// one of its own, as in the whole workspace, it refuses to start before that, even for plain HTTP.
pub fn provide_tls() {
    // It is taken already: what was wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
