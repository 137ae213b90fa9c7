//! A whole file by plain HTTP. The 0G gateway answers errors with status 200 and a JSON body (0G Storage reference 4),
//! so the status proves nothing and the hash everything.

use orv_chain::{Endpoint, HttpClient};
use orv_content::Root;
use serde::Deserialize;

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
    pub(crate) progress: &'a dyn Progress,
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
        let mut body = match self.client.open(address, self.limit).await {
            Ok(body) => body,
            Err(error) => return Ok(Err(error.into())),
        };
        self.progress
            .begin(Stage::Download, body.announced_length().unwrap_or(self.limit));
        let mut offset = 0_u64;
        let mut head = Vec::new();
        loop {
            let piece = match body.next_piece().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => return Ok(Err(error.into())),
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
