//! The whole client: one indexer, one cache, perhaps an artifact index.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use orv_chain::{Endpoint, HttpClient, TransactionOwner, primitives::U256};
use orv_content::{Root, Sha256};
use tokio::task::spawn_blocking;

use crate::{
    artifact_index::{ArtifactAddress, ArtifactIndex, IndexSource},
    cache::{Cache, Name, VerifiedFile},
    error::{FetchError, PublishError},
    fault::Blames,
    fetch::{Download, Fetch, Wanted, keep},
    indexer::Indexer,
    progress::{Progress, Silent},
    publish::{Paid, Publication, Published},
};

/// How long one question to a node may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one whole file by plain HTTP may take.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(3600);

/// How a [`Storage`] is set up.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// The indexer's address, from the deployment file.
    pub indexer_url: String,
    /// Where content is kept.
    pub cache_directory: PathBuf,
    /// Where upstream's miners' artifacts are listed, when anywhere.
    pub artifact_index: Option<IndexSource>,
    /// Largest file that is fetched, in bytes.
    pub largest_file: u64,
    /// Most wei paid for one upload.
    pub highest_fee: U256,
    /// Pause between two questions whether a node is ready.
    pub poll_interval: Duration,
}

impl StorageOptions {
    /// 4 GiB at most, 1 whole coin per upload at most, one question a second, no artifact index.
    pub fn new(indexer_url: impl Into<String>, cache_directory: impl Into<PathBuf>) -> Self {
        Self {
            indexer_url: indexer_url.into(),
            cache_directory: cache_directory.into(),
            artifact_index: None,
            largest_file: 4 << 30,
            highest_fee: U256::from(1_000_000_000_000_000_000_u64),
            poll_interval: Duration::from_secs(1),
        }
    }
}

/// A client of one 0G Storage network. Clones share connections and cache.
#[derive(Clone)]
pub struct Storage {
    indexer: Indexer,
    questions: HttpClient,
    downloads: HttpClient,
    cache: Cache,
    options: Arc<StorageOptions>,
    progress: Arc<dyn Progress>,
    paid: Arc<Paid>,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Storage")
            .field("indexer", self.indexer.endpoint())
            .finish_non_exhaustive()
    }
}

impl Storage {
    /// Sets the client up. Nobody is asked anything yet.
    ///
    /// # Errors
    /// An address that is no HTTP address, or a cache directory that cannot be made.
    pub fn connect(options: StorageOptions) -> Result<Self, FetchError> {
        let questions = HttpClient::new(EXCHANGE_TIMEOUT)?;
        let indexer = Indexer::new(questions.clone(), Endpoint::parse(&options.indexer_url)?);
        let downloads = HttpClient::new(DOWNLOAD_TIMEOUT)?;
        let cache = Cache::open(&options.cache_directory)?;
        Ok(Self {
            indexer,
            questions,
            downloads,
            cache,
            options: Arc::new(options),
            progress: Arc::new(Silent),
            paid: Arc::default(),
        })
    }

    /// The same client, reporting its transfers.
    #[must_use]
    pub fn reporting_to(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Content by root: from the cache, or from nodes of which none is trusted. Give the size when it is known, since a
    /// root alone lets a node cut or append zeros.
    ///
    /// # Errors
    /// [`FetchError::NotAvailable`] with a blame for each server that failed or lied; [`FetchError::Unreachable`] when
    /// the indexer gave no answer.
    pub async fn get(&self, root: Root, size: Option<u64>) -> Result<VerifiedFile, FetchError> {
        let cached = self.cached(Name::Root(root)).await?;
        if let Some(file) = cached.filter(|file| size.is_none_or(|size| size == file.size)) {
            return Ok(file);
        }
        let fetch = Fetch {
            indexer: &self.indexer,
            downloads: &self.downloads,
            cache: &self.cache,
            progress: &self.progress,
        };
        fetch
            .run(Wanted {
                root,
                size,
                limit: self.options.largest_file,
            })
            .await
    }

    /// Content by a hash on chain, of which nobody says whether it is a root or a SHA-256 (DESIGN 5.7): the cache under
    /// either name, then a root on 0G, then the artifact index. The answer says which hash matched.
    ///
    /// # Errors
    /// [`FetchError::UnknownHash`] with the reason for each way, or [`FetchError::Unreachable`].
    pub async fn get_by_hash(&self, hash: [u8; 32]) -> Result<VerifiedFile, FetchError> {
        if let Some(file) = self.cached(Name::Sha256(Sha256(hash))).await? {
            return Ok(file);
        }
        let as_root = match self.get(Root(hash), None).await {
            Err(FetchError::NotAvailable { blames, .. }) => blames,
            Err(unreachable @ FetchError::Unreachable { .. }) => {
                return self.get_indexed(Sha256(hash)).await.ok().flatten().ok_or(unreachable);
            }
            other => return other,
        };
        match self.get_indexed(Sha256(hash)).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(unknown(hash, as_root, "not in the artifact index".into())),
            Err(FetchError::Cache(error)) => Err(FetchError::Cache(error)),
            Err(error) => Err(unknown(hash, as_root, error.to_string())),
        }
    }

    /// Stores content on 0G, paid by `owner`. Content that every chosen node has already
    /// is not paid for again, nor is content that this client paid for and could not hand over.
    ///
    /// # Errors
    /// [`PublishError::Send`] with `Unknown` inside means that it may have been paid for.
    pub async fn put(&self, content: impl Into<Bytes>, owner: &TransactionOwner) -> Result<Published, PublishError> {
        let publication = Publication {
            indexer: &self.indexer,
            owner,
            highest_fee: self.options.highest_fee,
            poll: self.options.poll_interval,
            progress: &self.progress,
            paid: &self.paid,
        };
        publication.run(content.into()).await
    }

    async fn cached(&self, name: Name) -> Result<Option<VerifiedFile>, FetchError> {
        let cache = self.cache.clone();
        Ok(spawn_blocking(move || cache.find(&name))
            .await
            .map_err(|_| FetchError::Stopped)??)
    }

    async fn get_indexed(&self, hash: Sha256) -> Result<Option<VerifiedFile>, FetchError> {
        let Some(source) = &self.options.artifact_index else {
            return Ok(None);
        };
        let index = ArtifactIndex::load(source, &self.questions).await?;
        let address = match index.find(&hash)? {
            None => return Ok(None),
            Some(ArtifactAddress::Web(address)) => address,
            // The index only leads to a root; that its bytes have the hash is checked all the same.
            Some(ArtifactAddress::ZeroG(root)) => return self.adopt(self.get(root, None).await?, hash).await.map(Some),
        };
        let download = Download {
            client: &self.downloads,
            limit: self.options.largest_file,
            progress: self.progress.as_ref(),
        };
        let received = match download.run(&address, &self.cache).await? {
            Ok(partial) => keep(partial, Name::Sha256(hash), None).await?,
            Err(fault) => Err(fault),
        };
        received.map(Some).map_err(|fault| {
            let mut blames = Blames::default();
            blames.add(address, fault);
            unknown(hash.0, Blames::default(), blames.to_string())
        })
    }

    /// A file got by its root, kept once more under its SHA-256.
    async fn adopt(&self, file: VerifiedFile, hash: Sha256) -> Result<VerifiedFile, FetchError> {
        let cache = self.cache.clone();
        let copied = spawn_blocking(move || cache.copy(&file))
            .await
            .map_err(|_| FetchError::Stopped)??;
        keep(copied, Name::Sha256(hash), None).await?.map_err(|fault| {
            let mut blames = Blames::default();
            blames.add("the artifact index", fault);
            unknown(hash.0, Blames::default(), blames.to_string())
        })
    }
}

fn unknown(hash: [u8; 32], as_root: Blames, by_sha256: String) -> FetchError {
    FetchError::UnknownHash {
        hash,
        as_root,
        by_sha256,
    }
}
