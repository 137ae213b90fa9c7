//! The whole client: one indexer, one cache, perhaps an artifact index.

use std::{
    fs::File,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use orv_chain::{
    Endpoint, HttpClient, TransactionOwner,
    primitives::{Address, U256},
};
use orv_content::{
    Root, Sha256,
    merkle::{SEGMENT_BYTES, Shape},
};
use tokio::task::spawn_blocking;

use crate::{
    artifact_index::{ArtifactAddress, ArtifactIndex, IndexSource, IndexedHosts},
    cache::{Cache, Name, VerifiedFile},
    error::{FetchError, PublishError},
    fault::Blames,
    fetch::{Download, Fetch, Wanted, keep},
    indexer::Indexer,
    inspect::{self, FileId, NodeView},
    progress::{Progress, Silent},
    publish::{Paid, Publication, Published, Source},
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
    /// Which hosts that list may name.
    pub indexed_hosts: IndexedHosts,
    /// Most bytes that are kept, as far as they are not in use.
    pub cache_limit: u64,
    /// Largest file that is fetched, in bytes.
    pub largest_file: u64,
    /// How long a server may take for one segment of 256 KiB, or for as many bytes of another answer.
    pub segment_time: Duration,
    /// The Flow contract that may be paid; the storage nodes' word is taken where it is not known.
    pub flow: Option<Address>,
    /// Most wei paid for one upload.
    pub highest_fee: U256,
    /// Pause between two questions whether a node is ready.
    pub poll_interval: Duration,
}

impl StorageOptions {
    /// A cache of 64 GiB, files of 4 GiB at most, 15 s for a segment, 1 whole coin per upload at most, one question a
    /// second, no artifact index, any Flow contract.
    pub fn new(indexer_url: impl Into<String>, cache_directory: impl Into<PathBuf>) -> Self {
        Self {
            indexer_url: indexer_url.into(),
            cache_directory: cache_directory.into(),
            artifact_index: None,
            indexed_hosts: IndexedHosts::Public,
            cache_limit: 64 << 30,
            largest_file: 4 << 30,
            segment_time: Duration::from_secs(15),
            flow: None,
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
    indexed: HttpClient,
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
        let indexer = Indexer::new(
            questions.clone(),
            Endpoint::parse(&options.indexer_url)?,
            EXCHANGE_TIMEOUT,
        )?;
        let downloads = HttpClient::new(DOWNLOAD_TIMEOUT)?;
        let indexed = match options.indexed_hosts {
            IndexedHosts::Public => HttpClient::to_public_hosts(DOWNLOAD_TIMEOUT)?,
            IndexedHosts::Any => downloads.clone(),
        };
        let cache = Cache::open(&options.cache_directory, options.cache_limit)?;
        Ok(Self {
            indexer,
            questions,
            downloads,
            indexed,
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
            patience: self.options.segment_time,
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

    /// Content by its number in the flow. All nodes that know the number must name the same content; that it was
    /// submitted under this number is their word only, which root it has is in the answer's name.
    ///
    /// # Errors
    /// [`FetchError::NoSubmission`], [`FetchError::Disputed`], or as [`Self::get`].
    pub async fn get_by_sequence(&self, sequence: u64) -> Result<(Root, VerifiedFile), FetchError> {
        let mut blames = Blames::default();
        let mut agreed = None;
        for view in self.describe(FileId::Sequence(sequence)).await? {
            match view.file {
                Ok(file) => {
                    let named = (file.root, file.size);
                    if *agreed.get_or_insert(named) != named {
                        return Err(FetchError::Disputed(sequence));
                    }
                }
                Err(fault) => blames.add(view.server, fault),
            }
        }
        let (root, size) = agreed.ok_or(FetchError::NoSubmission { sequence, blames })?;
        Ok((root, self.get(root, Some(size)).await?))
    }

    /// Removes `bytes` of kept content, or as much as nobody uses and nobody wanted for the time of `stay`: what was wanted
    /// longest ago first. It can be fetched again. Answers how many bytes went.
    ///
    /// # Errors
    /// The system's reason.
    pub async fn make_room(&self, bytes: u64, stay: Duration) -> Result<u64, FetchError> {
        let cache = self.cache.clone();
        Ok(spawn_blocking(move || cache.make_room(bytes, stay, SystemTime::now()))
            .await
            .map_err(|_| FetchError::Stopped)??)
    }

    /// What each storage node that the indexer knows says of a file. Nothing of it is checked.
    ///
    /// # Errors
    /// [`FetchError::Silent`] when the indexer names no node.
    pub async fn describe(&self, id: FileId) -> Result<Vec<NodeView>, FetchError> {
        let nodes = self.indexer.nodes_known().await;
        let nodes = nodes.map_err(|fault| FetchError::Silent {
            server: self.indexer.endpoint().to_string(),
            fault,
        })?;
        Ok(inspect::ask_all(nodes, id, self.options.segment_time).await)
    }

    /// Stores content on 0G, paid by `owner`. Content that every chosen node has already is not paid for again, nor is
    /// content whose upload broke off after it was paid for. It is in the cache afterwards.
    ///
    /// # Errors
    /// [`PublishError::Send`] with `Unknown` inside means that it may have been paid for.
    pub async fn put(&self, content: impl Into<Bytes>, owner: &TransactionOwner) -> Result<Published, PublishError> {
        self.publish(content.into().into(), owner).await
    }

    /// The same for a file, which is read a segment at a time.
    ///
    /// # Errors
    /// As [`Self::put`], or [`PublishError::Unreadable`] and [`PublishError::Changed`].
    pub async fn put_file(&self, file: File, owner: &TransactionOwner) -> Result<Published, PublishError> {
        self.publish(Source::file(file)?, owner).await
    }

    async fn publish(&self, source: Source, owner: &TransactionOwner) -> Result<Published, PublishError> {
        let publication = Publication {
            indexer: &self.indexer,
            owner,
            highest_fee: self.options.highest_fee,
            flow: self.options.flow,
            poll: self.options.poll_interval,
            progress: &self.progress,
            paid: &self.paid,
        };
        let published = publication.run(source.clone()).await?;
        // It is stored; a cache that cannot take it costs a download later.
        if let Err(error) = self.remember(source, &published).await {
            tracing::warn!(root = %published.root, %error, "what was stored is not in the cache");
        }
        Ok(published)
    }

    /// Puts what was stored into the cache, hashed once more.
    async fn remember(&self, source: Source, published: &Published) -> Result<(), FetchError> {
        let (root, size) = (published.root, published.size);
        let shape = Shape::of(size).map_err(|_| FetchError::Empty)?;
        let cache = self.cache.clone();
        let written = spawn_blocking(move || {
            let partial = cache.begin()?;
            for index in 0..shape.data_segments() {
                partial.write_at(&source.segment(&shape, index)?, index.saturating_mul(SEGMENT_BYTES))?;
            }
            Ok::<_, std::io::Error>(partial)
        });
        let partial = written.await.map_err(|_| FetchError::Stopped)??;
        let kept = keep(partial, Name::Root(root), Some(size)).await?;
        kept.map(drop).map_err(|_| FetchError::CacheDamaged { root })
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
        let address = match index.find(&hash, self.options.indexed_hosts)? {
            None => return Ok(None),
            Some(ArtifactAddress::Web(address)) => address,
            // The index only leads to a root; that its bytes have the hash is checked all the same.
            Some(ArtifactAddress::ZeroG(root)) => return self.adopt(self.get(root, None).await?, hash).await.map(Some),
        };
        let download = Download {
            client: &self.indexed,
            limit: self.options.largest_file,
            patience: self.options.segment_time,
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
