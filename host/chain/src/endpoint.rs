//! HTTP to servers nobody trusts: one client set-up, and bodies that are never longer than agreed.

use std::{
    fmt,
    sync::{Arc, Once},
    time::Duration,
};

use url::Url;

use crate::public;

/// The address of an HTTP service. It prints as its origin only, because paths and queries often carry access keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Accepts `http://` and `https://` addresses with a host.
    ///
    /// # Errors
    /// [`HttpError::BadAddress`].
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let url = Url::parse(text).map_err(|error| HttpError::BadAddress(error.to_string()))?;
        match (url.scheme(), url.host()) {
            ("http" | "https", Some(_)) => Ok(Self(url)),
            (scheme, _) => Err(HttpError::BadAddress(format!(
                "expected http or https with a host, found {scheme}"
            ))),
        }
    }

    /// The whole address, access keys included.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the host may be on the public internet: a public number, or a name other than this machine's.
    pub fn may_be_public(&self) -> bool {
        public::may_be_public(&self.0)
    }

    /// Whether the service runs on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Endpoint({self})")
    }
}

/// Why an HTTP exchange gave no usable body.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HttpError {
    /// Not an HTTP address.
    #[error("bad address: {0}")]
    BadAddress(String),
    /// The TLS set-up failed, for instance because the machine has no certificate store.
    #[error("cannot set up an HTTP client: {0}")]
    SetUp(String),
    /// No connection, a broken one, or no answer in time.
    #[error("no answer from {endpoint}: {reason}")]
    Unreachable {
        /// Who was asked.
        endpoint: String,
        /// What the HTTP library saw.
        reason: String,
    },
    /// The body is longer than the limit that was agreed for this request.
    #[error("{endpoint} answered more than {limit} bytes")]
    TooLarge {
        /// Who answered.
        endpoint: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

/// A complete answer: status code and a bounded body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The body, at most as long as the request's limit.
    pub body: Vec<u8>,
}

/// One pool of connections; TLS by rustls on `ring`, redirects off, so that an answer comes from who was asked.
#[derive(Debug, Clone)]
pub struct HttpClient {
    inner: reqwest::Client,
}

impl HttpClient {
    /// Makes a client whose exchanges end after `timeout`.
    ///
    /// # Errors
    /// [`HttpError::SetUp`].
    pub fn new(timeout: Duration) -> Result<Self, HttpError> {
        install_tls_provider();
        let inner = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(timeout.min(Duration::from_secs(20)))
            .timeout(timeout)
            .user_agent(concat!("orv/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::SetUp(error.to_string()))?;
        Ok(Self { inner })
    }

    /// Makes a client for addresses that somebody else named: it reaches public hosts only, whatever their names resolve
    /// to, and follows a few redirects among them.
    ///
    /// # Errors
    /// [`HttpError::SetUp`].
    pub fn to_public_hosts(timeout: Duration) -> Result<Self, HttpError> {
        install_tls_provider();
        let inner = reqwest::Client::builder()
            .redirect(public::redirects())
            .dns_resolver(Arc::new(public::PublicNames))
            .no_proxy()
            .connect_timeout(timeout.min(Duration::from_secs(20)))
            .timeout(timeout)
            .user_agent(concat!("orv/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::SetUp(error.to_string()))?;
        Ok(Self { inner })
    }

    /// Posts a JSON document and reads at most `limit` bytes of answer.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] or [`HttpError::TooLarge`]; any status code is an answer, not an error.
    pub async fn post_json(&self, endpoint: &Endpoint, body: Vec<u8>, limit: u64) -> Result<Answer, HttpError> {
        let request = self
            .inner
            .post(endpoint.0.clone())
            .header("content-type", "application/json")
            .body(body);
        collect(endpoint, request, limit).await
    }

    /// Gets a document of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::post_json`].
    pub async fn get(&self, endpoint: &Endpoint, limit: u64) -> Result<Answer, HttpError> {
        collect(endpoint, self.inner.get(endpoint.0.clone()), limit).await
    }

    /// Begins a download whose body is taken piece by piece.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`], or [`HttpError::TooLarge`] when the announced length already exceeds `limit`.
    pub async fn open(&self, endpoint: &Endpoint, limit: u64) -> Result<Body, HttpError> {
        Body::begin(endpoint, self.inner.get(endpoint.0.clone()), limit).await
    }
}

/// A body being received.
#[derive(Debug)]
pub struct Body {
    endpoint: String,
    response: reqwest::Response,
    received: u64,
    limit: u64,
}

impl Body {
    async fn begin(endpoint: &Endpoint, request: reqwest::RequestBuilder, limit: u64) -> Result<Self, HttpError> {
        let response = request
            .send()
            .await
            .map_err(|error| unreachable_because(&endpoint.to_string(), error))?;
        let body = Self {
            endpoint: endpoint.to_string(),
            response,
            received: 0,
            limit,
        };
        match body.response.content_length() {
            Some(length) if length > limit => Err(body.too_large()),
            _ => Ok(body),
        }
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The length the server announced, in bytes; at most the limit.
    pub fn announced_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// [`HttpError::TooLarge`] as soon as more than the limit has arrived.
    pub async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        let piece = self
            .response
            .chunk()
            .await
            .map_err(|error| unreachable_because(&self.endpoint, error))?;
        let Some(piece) = piece else { return Ok(None) };
        self.received = self.received.saturating_add(piece.len() as u64);
        if self.received > self.limit {
            return Err(self.too_large());
        }
        Ok(Some(piece.to_vec()))
    }

    fn too_large(&self) -> HttpError {
        HttpError::TooLarge {
            endpoint: self.endpoint.clone(),
            limit: self.limit,
        }
    }
}

async fn collect(endpoint: &Endpoint, request: reqwest::RequestBuilder, limit: u64) -> Result<Answer, HttpError> {
    let mut open = Body::begin(endpoint, request, limit).await?;
    let mut body = Vec::new();
    while let Some(piece) = open.next_piece().await? {
        body.extend_from_slice(&piece);
    }
    Ok(Answer {
        status: open.status(),
        body,
    })
}

/// The library's error without the address, which may hold an access key, but with every cause beneath it.
fn unreachable_because(endpoint: &str, error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    HttpError::Unreachable {
        endpoint: endpoint.to_owned(),
        reason,
    }
}

/// reqwest without a built-in provider takes the process's; ours is `ring` unless the program chose one before.
fn install_tls_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("the program has installed a TLS provider already");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_prints_without_its_access_key() {
        let endpoint = Endpoint::parse("https://rpc.example.org/v1/s3cret?key=s3cret").unwrap();
        assert_eq!(endpoint.to_string(), "https://rpc.example.org");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(https://rpc.example.org)");
    }

    #[test]
    fn only_http_addresses_are_endpoints() {
        for text in ["file:///etc/passwd", "ftp://a/b", "nonsense", "http://"] {
            assert!(matches!(Endpoint::parse(text), Err(HttpError::BadAddress(_))), "{text}");
        }
    }

    #[tokio::test]
    async fn a_client_can_be_made_with_ring_alone() {
        HttpClient::new(Duration::from_secs(1)).unwrap();
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed() {
        let client = HttpClient::to_public_hosts(Duration::from_secs(5)).unwrap();
        let name = Endpoint::parse("http://localhost.localdomain:9/").unwrap();
        let answer = client.get(&name, 10).await;
        assert!(matches!(answer, Err(HttpError::Unreachable { .. })), "{answer:?}");
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let client = HttpClient::new(Duration::from_secs(5)).unwrap();
        let answer = client.get(&Endpoint::parse("http://127.0.0.1:9/").unwrap(), 10).await;
        assert!(matches!(answer, Err(HttpError::Unreachable { .. })));
    }
}
