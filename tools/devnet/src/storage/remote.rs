//! A chain read by JSON-RPC over plain HTTP.
//!
//! The client blocks and needs no runtime: it is used while the node is locked, on a thread that may block, and must
//! not wait for a runtime whose thread waits for that lock.

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use alloy::primitives::{B256, U64};
use alloy::rpc::types::{Filter, Log};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::error::NodeError;
use super::source::ChainSource;

/// How long the chain may take for one step of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer that is read, in bytes.
const ANSWER_LIMIT: u64 = 64 << 20;

/// Why an address cannot be a chain's.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a URL.
    #[error("not a URL: {text:?}: {source}")]
    NotUrl {
        /// What was given.
        text: String,
        /// Where it breaks.
        source: url::ParseError,
    },
    /// Another scheme than `http`.
    #[error("the storage node speaks plain HTTP only, not {0:?}")]
    NotHttp(String),
    /// The host has no address.
    #[error("no address for {text:?}: {source}")]
    NoAddress {
        /// What was given.
        text: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A chain behind a JSON-RPC address.
#[derive(Debug, Clone)]
pub struct RemoteChain {
    addresses: Vec<SocketAddr>,
    host: String,
    path: String,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Header {
    hash: B256,
}

impl RemoteChain {
    /// The chain at `rpc_url`; nothing is asked yet.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn at(rpc_url: &str) -> Result<Self, AddressError> {
        let text = || rpc_url.to_owned();
        let url = Url::parse(rpc_url).map_err(|source| AddressError::NotUrl { text: text(), source })?;
        if url.scheme() != "http" {
            return Err(AddressError::NotHttp(url.scheme().to_owned()));
        }
        let addresses = url
            .socket_addrs(|| None)
            .map_err(|source| AddressError::NoAddress { text: text(), source })?;
        Ok(Self {
            addresses,
            host: url.authority().to_owned(),
            path: url.path().to_owned(),
        })
    }

    /// Asks one question and waits for the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, NodeError> {
        let failed = |reason: &dyn Display| NodeError::Chain(format!("{method}: {reason}"));
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let raw = self.exchange(&call).map_err(|error| failed(&error))?;
        let body = body(&raw).map_err(|reason| failed(&reason))?;
        let answer: Answer = serde_json::from_slice(body).map_err(|error| failed(&error))?;
        if let Some(error) = answer.error {
            return Err(failed(&error));
        }
        serde_json::from_value(answer.result.unwrap_or_default()).map_err(|error| failed(&error))
    }

    /// Passes a whole call on, and the whole answer back, an error in it included.
    pub(crate) fn pass(&self, call: &Value) -> Result<Value, NodeError> {
        let failed = |reason: &dyn Display| NodeError::Chain(reason.to_string());
        let raw = self.exchange(&call.to_string()).map_err(|error| failed(&error))?;
        let body = body(&raw).map_err(|reason| failed(&reason))?;
        serde_json::from_slice(body).map_err(|error| failed(&error))
    }

    /// Sends one request and reads until the other side closes, which HTTP/1.0 makes it do.
    fn exchange(&self, call: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "POST {} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{call}",
            self.path,
            self.host,
            call.len()
        )?;
        let mut raw = Vec::new();
        stream.take(ANSWER_LIMIT).read_to_end(&mut raw)?;
        Ok(raw)
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for address in &self.addresses {
            match TcpStream::connect_timeout(address, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The body of a successful answer. A body that was cut short is no JSON, so its length is not looked at.
fn body(raw: &[u8]) -> Result<&[u8], String> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, rest) = end
        .and_then(|end| raw.split_at_checked(end))
        .ok_or("the answer has no header")?;
    let status = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = String::from_utf8_lossy(status);
    if status.split(' ').nth(1) != Some("200") {
        return Err(format!("answered {status:?}"));
    }
    rest.get(4..).ok_or_else(|| "the answer has no body".to_owned())
}

impl ChainSource for RemoteChain {
    fn chain_id(&self) -> Result<u64, NodeError> {
        self.ask::<U64>("eth_chainId", json!([])).map(|id| id.to())
    }

    fn height(&self) -> Result<u64, NodeError> {
        self.ask::<U64>("eth_blockNumber", json!([])).map(|number| number.to())
    }

    fn block_hash(&self, number: u64) -> Result<Option<B256>, NodeError> {
        let params = json!([U64::from(number), false]);
        let header: Option<Header> = self.ask("eth_getBlockByNumber", params)?;
        Ok(header.map(|header| header.hash))
    }

    fn logs(&self, filter: &Filter) -> Result<Vec<Log>, NodeError> {
        self.ask("eth_getLogs", json!([filter]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_body_of_a_successful_answer_is_what_follows_its_header() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\na: b\r\n\r\n{}"), Ok(b"{}".as_slice()));
        assert_eq!(body(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(b"".as_slice()));
        assert!(body(b"HTTP/1.0 403 Forbidden\r\n\r\nno").unwrap_err().contains("403"));
        assert!(body(b"HTTP/1.0 200 OK\r\n").is_err());
    }

    #[test]
    fn only_a_plain_http_address_is_taken() {
        assert!(RemoteChain::at("http://127.0.0.1:8545/path").is_ok());
        assert!(matches!(
            RemoteChain::at("https://127.0.0.1"),
            Err(AddressError::NotHttp(_))
        ));
        assert!(matches!(
            RemoteChain::at("8545 please"),
            Err(AddressError::NotUrl { .. })
        ));
    }

    #[test]
    fn a_chain_that_is_not_there_is_said_with_the_question() {
        let error = RemoteChain::at("http://127.0.0.1:9").unwrap().height().unwrap_err();
        assert!(error.to_string().contains("eth_blockNumber"), "{error}");
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = body(&raw);
        }
    }
}
