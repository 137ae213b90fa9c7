//! A client of 0G Storage that believes nobody: content is asked for by its Merkle root, every segment is proved when
//! it arrives, the whole root is recomputed before the content is handed out, and a node that lies is named in the
//! error. Publishing is the other direction: pay the Flow contract, hand out the segments, wait until they are stored.
//!
//! Neither direction is trusted by the enclave, which recomputes roots itself (DESIGN 4); what is gained here is that a
//! host finds out early, and from whom, that bytes are wrong.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use orv_storage::{Storage, StorageOptions};
//!
//! let options = StorageOptions::new("https://indexer-storage-testnet-turbo.0g.ai", "/var/cache/orv");
//! let storage = Storage::connect(options)?;
//! let root = "0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc".parse()?;
//! let file = storage.get(root, Some(6)).await?;
//! assert_eq!(file.read(6)?, b"hello\n");
//! # Ok(())
//! # }
//! ```

mod artifact_index;
mod cache;
mod error;
mod fault;
mod fetch;
mod indexer;
mod inspect;
mod node;
mod progress;
mod publish;
mod rpc;
mod shard;
mod storage;

#[doc(hidden)]
pub use self::rpc::examine_answer;
pub use self::{
    artifact_index::{ArtifactAddress, ArtifactIndex, IndexError, IndexSource, IndexedHosts},
    cache::VerifiedFile,
    error::{FetchError, PublishError},
    fault::{Blame, Blames, Fault},
    inspect::{FileId, FileView, NodeView},
    progress::{Progress, Silent, Stage},
    publish::Published,
    shard::{NoSuchShard, Shard},
    storage::{Storage, StorageOptions},
};
