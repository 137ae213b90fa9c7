//! A whole file by plain HTTP. The 0G gateway answers errors with status 200 and a JSON body (0G Storage reference 4),
//! so the status proves nothing and the hash everything.

use std::time::Duration;

use orv_chain::{Body, Endpoint, HttpClient};
use orv_content::{Root, merkle::SEGMENT_BYTES};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::{
    cache::{Cache, Partial},
    error::FetchError,
    fault::Fault,
    progress::{Progress, Stage},
};

/// Longest body that is looked at as a possible error message, in bytes.
const MAX_MESSAGE_BYTES: usize = 4096;

pub(crate) struct Download<'a> {
    pub(crate) client: &'a HttpClient,
    pub(crate) limit: u64,
    /// How long the server may take for as many bytes as a segment has.
    pub(crate) patience: Duration,
    pub(crate) progress: &'a dyn Progress,
}

/// Least pace of a download: a segment's worth of bytes, or the end, in each stretch of time.
struct Pace {
    patience: Duration,
    stretch_ends: Instant,
    received: u64,
}

impl Pace {
    fn new(patience: Duration) -> Self {
        Self {
            patience,
            stretch_ends: Instant::now() + patience,
            received: 0,
        }
    }

    /// The next piece, if it comes before the stretch ends.
    async fn next(&mut self, body: &mut Body) -> Result<Option<Vec<u8>>, Fault> {
        let Ok(piece) = timeout_at(self.stretch_ends, body.next_piece()).await else {
            return Err(Fault::TooSlow {
                bytes: SEGMENT_BYTES,
                seconds: self.patience.as_secs(),
            });
        };
        let piece = piece?;
        self.received = self.received.saturating_add(piece.as_ref().map_or(0, Vec::len) as u64);
        if self.received >= SEGMENT_BYTES {
            *self = Self::new(self.patience);
        }
        Ok(piece)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    code: i64,
    message: String,
    #[serde(default, rename = "data")]
    _data: serde::de::IgnoredAny,
}

/// `GET /file?root=0x…` beside the indexer's JSON-RPC.
pub(crate) fn file_address(indexer: &Endpoint, root: &Root) -> Result<Endpoint, FetchError> {
    let mut url = indexer.url().clone();
    let path = format!("{}/file", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.query_pairs_mut().append_pair("root", &root.to_string());
    Ok(Endpoint::parse(url.as_str())?)
}

impl Download<'_> {
    /// Receives a body of at most the limit. What it is worth is for the caller to check.
    pub(crate) async fn run(&self, address: &Endpoint, cache: &Cache) -> Result<Result<Partial, Fault>, FetchError> {
        let partial = cache.begin()?;
        let mut pace = Pace::new(self.patience);
        let opened = timeout_at(pace.stretch_ends, self.client.open(address, self.limit)).await;
        let mut body = match opened {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return Ok(Err(error.into())),
            Err(_) => {
                return Ok(Err(Fault::TooSlow {
                    bytes: 1,
                    seconds: self.patience.as_secs(),
                }));
            }
        };
        self.progress
            .begin(Stage::Download, body.announced_length().unwrap_or(self.limit));
        let mut offset = 0_u64;
        let mut head = Vec::new();
        loop {
            let piece = match pace.next(&mut body).await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(fault) => return Ok(Err(fault)),
            };
            partial.write_at(&piece, offset)?;
            offset = offset.saturating_add(piece.len() as u64);
            self.progress.advance(piece.len() as u64);
            if head.len() <= MAX_MESSAGE_BYTES {
                head.extend_from_slice(&piece);
            }
        }
        if body.status() != 200 {
            return Ok(Err(Fault::Refused {
                code: i64::from(body.status()),
                reason: "HTTP status".into(),
            }));
        }
        Ok(match message(&head) {
            Some(fault) => Err(fault),
            None => Ok(partial),
        })
    }
}

/// An error message in place of the file. A file that happens to look like one is lost to this way of getting it; the
/// nodes still have it.
fn message(body: &[u8]) -> Option<Fault> {
    if body.len() > MAX_MESSAGE_BYTES {
        return None;
    }
    let message: Message = serde_json::from_slice(body).ok()?;
    match message.code {
        0 => None,
        101 => Some(Fault::Missing),
        code => Some(Fault::Refused {
            code,
            reason: message.message.chars().take(300).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_with_status_200_is_an_error() {
        let missing = message(br#"{"code":101,"message":"File not found","data":null}"#);
        assert!(matches!(missing, Some(Fault::Missing)));
        let large = message(br#"{"code":105,"message":"too large","data":{"size":1}}"#);
        assert!(matches!(large, Some(Fault::Refused { code: 105, .. })));
    }

    #[test]
    fn a_file_of_json_is_a_file() {
        assert!(message(br#"{"schemaKind":"protocol","code":1,"message":"x"}"#).is_none());
        assert!(message(b"{}\n").is_none());
    }

    #[test]
    fn the_file_address_lies_beside_the_indexer() {
        let root = Root([0x11; 32]);
        for indexer in ["http://127.0.0.1:1/base", "http://127.0.0.1:1/base/"] {
            let address = file_address(&Endpoint::parse(indexer).unwrap(), &root).unwrap();
            assert_eq!(
                address.url().as_str(),
                format!("http://127.0.0.1:1/base/file?root={root}")
            );
        }
    }

    proptest! {
        #[test]
        fn reading_a_message_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = message(&bytes);
        }
    }
}
