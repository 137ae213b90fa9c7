//! Getting content by root from servers that may lie: from nodes, segment by segment with proofs, and when they do not
//! suffice from the indexer's gateway; in either case the whole root is recomputed before anybody sees a byte.

mod gateway;
mod segments;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use orv_content::{Root, merkle::Shape};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::{
    cache::{Cache, Identity, Name, Partial, VerifiedFile},
    error::FetchError,
    fault::{Blames, Fault},
    indexer::Indexer,
    node::{FileTransaction, StorageNode},
    progress::Progress,
};

pub(crate) use self::gateway::Download;
use self::segments::{Source, Transfer};

/// What to get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) root: Root,
    /// A root does not bind the length (0G Storage reference 1), so who knows it says it.
    pub(crate) size: Option<u64>,
    pub(crate) limit: u64,
}

pub(crate) struct Fetch<'a> {
    pub(crate) indexer: &'a Indexer,
    pub(crate) downloads: &'a orv_chain::HttpClient,
    /// How long a server may take for one segment, or as many bytes.
    pub(crate) patience: Duration,
    pub(crate) cache: &'a Cache,
    pub(crate) progress: &'a Arc<dyn Progress>,
}

impl Fetch<'_> {
    pub(crate) async fn run(&self, wanted: Wanted) -> Result<VerifiedFile, FetchError> {
        let mut blames = Blames::default();
        let nodes = self.candidates(&wanted.root, &mut blames).await;
        let indexer_is_silent = blames.0.iter().any(|blame| matches!(blame.fault, Fault::Http(_)));
        for (size, sources) in self.by_size(wanted, nodes, &mut blames).await {
            match self.try_nodes(wanted.root, size, sources).await? {
                Ok(file) => return Ok(file),
                Err(more) => blames.0.extend(more.0),
            }
        }
        match self.try_gateway(wanted).await? {
            Ok(file) => Ok(file),
            Err(fault) => {
                let both_are_silent = indexer_is_silent && matches!(fault, Fault::Http(_));
                blames.add(self.indexer.endpoint(), fault);
                let root = wanted.root;
                Err(if both_are_silent {
                    FetchError::Unreachable { root, blames }
                } else {
                    FetchError::NotAvailable { root, blames }
                })
            }
        }
    }

    /// Those that the indexer says have the file, or where it knows of none, all that it knows.
    async fn candidates(&self, root: &Root, blames: &mut Blames) -> Vec<StorageNode> {
        let located = self.indexer.locations(root, blames).await;
        if !located.is_empty() {
            return located;
        }
        match self.indexer.nodes_known().await {
            Ok(nodes) => nodes,
            Err(fault) => {
                blames.add(self.indexer.endpoint(), fault);
                Vec::new()
            }
        }
    }

    /// Asks all nodes at once what they have; the size that most of them name comes first.
    async fn by_size(&self, wanted: Wanted, nodes: Vec<StorageNode>, blames: &mut Blames) -> Vec<(u64, Vec<Source>)> {
        let mut asked = JoinSet::new();
        for node in nodes {
            let patience = self.patience;
            asked.spawn(async move {
                let answer = timeout(patience, node.available(&wanted.root)).await;
                let seconds = patience.as_secs();
                (node, answer.unwrap_or(Err(Fault::TooSlow { bytes: 1, seconds })))
            });
        }
        let mut sizes: BTreeMap<u64, Vec<Source>> = BTreeMap::new();
        while let Some(joined) = asked.join_next().await {
            let Ok((node, answer)) = joined else { continue };
            match answer.and_then(|file| acceptable(wanted, file)) {
                Ok(file) => sizes.entry(file.size).or_default().push(Source { node, file }),
                Err(fault) => blames.add(node.endpoint(), fault),
            }
        }
        let mut sizes: Vec<_> = sizes.into_iter().collect();
        sizes.sort_by_key(|(_, sources)| std::cmp::Reverse(sources.len()));
        sizes
    }

    async fn try_nodes(
        &self,
        root: Root,
        size: u64,
        sources: Vec<Source>,
    ) -> Result<Result<VerifiedFile, Blames>, FetchError> {
        let shape = Shape::of(size).map_err(|_| FetchError::Empty)?;
        let partial = self.cache.begin()?;
        let transfer = Transfer::new(root, shape, partial, sources, self.patience, Arc::clone(self.progress));
        match transfer.run().await? {
            Ok(partial) => match keep(partial, Name::Root(root), Some(size)).await? {
                Ok(file) => Ok(Ok(file)),
                // Every segment was proved, so this is the disk, not a node.
                Err(_) => Err(FetchError::CacheDamaged { root }),
            },
            Err(blames) => Ok(Err(blames)),
        }
    }

    async fn try_gateway(&self, wanted: Wanted) -> Result<Result<VerifiedFile, Fault>, FetchError> {
        let limit = wanted.size.unwrap_or(wanted.limit);
        let download = Download {
            client: self.downloads,
            limit,
            patience: self.patience,
            progress: self.progress.as_ref(),
        };
        let address = gateway::file_address(self.indexer.endpoint(), &wanted.root)?;
        match download.run(&address, self.cache).await? {
            Ok(partial) => keep(partial, Name::Root(wanted.root), wanted.size).await,
            Err(fault) => Ok(Err(fault)),
        }
    }
}

fn acceptable(wanted: Wanted, file: FileTransaction) -> Result<FileTransaction, Fault> {
    let expected = wanted.size.unwrap_or(file.size);
    if file.size != expected || file.size == 0 || file.size > wanted.limit {
        return Err(Fault::WrongSize {
            expected: expected.min(wanted.limit),
            found: file.size,
        });
    }
    Ok(file)
}

/// Recomputes the hash of what was received, and keeps it only when it is what was asked for.
pub(crate) async fn keep(
    partial: Partial,
    name: Name,
    size: Option<u64>,
) -> Result<Result<VerifiedFile, Fault>, FetchError> {
    let kept = spawn_blocking(move || {
        let Some(found) = partial.identity(&name)? else {
            return Ok(Err(Fault::Missing));
        };
        match compare(&found, &name, size) {
            Ok(()) => partial.keep(&name, &found).map(Ok),
            Err(fault) => Ok(Err(fault)),
        }
    });
    Ok(kept.await.map_err(|_| FetchError::Stopped)??)
}

fn compare(identity: &Identity, name: &Name, size: Option<u64>) -> Result<(), Fault> {
    if let Some(expected) = size.filter(|expected| *expected != identity.size) {
        return Err(Fault::WrongSize {
            expected,
            found: identity.size,
        });
    }
    match (*name, identity.hash) {
        (Name::Root(expected), Name::Root(found)) if found != expected => Err(Fault::WrongRoot { expected, found }),
        (Name::Sha256(expected), Name::Sha256(found)) if found != expected => {
            Err(Fault::WrongSha256 { expected, found })
        }
        _ if identity.is(name) => Ok(()),
        // The identity is always computed for the name; another kind of hash says nothing about it.
        _ => Err(Fault::Missing),
    }
}
