//! A file from several nodes at once. Each segment is proved before it is written; a node that sends a false one is
//! blamed and not asked again, a node that sends none gets a few more chances.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use orv_content::{
    Root,
    merkle::{SEGMENT_BYTES, Shape},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    cache::Partial,
    error::FetchError,
    fault::{Blames, Fault},
    node::{FileTransaction, StorageNode},
    progress::{Progress, Stage},
};

/// Segments under way at a time.
const PARALLEL: u64 = 8;
/// Failures without a lie, one after the other, after which a node is given up.
const CHANCES: u32 = 4;
/// Pause before every node has been asked a second time; it doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// A node that says it has the file.
pub(super) struct Source {
    pub(super) node: StorageNode,
    pub(super) file: FileTransaction,
}

pub(super) struct Transfer {
    root: Root,
    shape: Shape,
    partial: Partial,
    sources: Vec<Source>,
    next: AtomicU64,
    patience: Duration,
    progress: Arc<dyn Progress>,
    standing: Mutex<Standing>,
}

/// What has been seen of the nodes so far.
struct Standing {
    failures: Vec<u32>,
    blames: Blames,
}

/// Why a worker stopped before the end.
enum Stop {
    /// No node is left that would give this segment.
    Exhausted,
    Disk(std::io::Error),
}

impl Transfer {
    pub(super) fn new(
        root: Root,
        shape: Shape,
        partial: Partial,
        sources: Vec<Source>,
        patience: Duration,
        progress: Arc<dyn Progress>,
    ) -> Self {
        let standing = Standing {
            failures: vec![0; sources.len()],
            blames: Blames::default(),
        };
        Self {
            root,
            shape,
            partial,
            sources,
            next: AtomicU64::new(0),
            patience,
            progress,
            standing: Mutex::new(standing),
        }
    }

    /// All segments, or the blames for what is missing.
    pub(super) async fn run(self) -> Result<Result<Partial, Blames>, FetchError> {
        self.progress.begin(Stage::Download, self.shape.size());
        let shared = Arc::new(self);
        let mut workers = JoinSet::new();
        for _ in 0..PARALLEL.min(shared.shape.data_segments()) {
            workers.spawn(Arc::clone(&shared).work());
        }
        let mut exhausted = false;
        while let Some(joined) = workers.join_next().await {
            match joined {
                Ok(Ok(())) => {}
                Ok(Err(Stop::Exhausted)) => {
                    exhausted = true;
                    workers.abort_all();
                }
                Ok(Err(Stop::Disk(error))) => return Err(error.into()),
                Err(error) if error.is_cancelled() => {}
                Err(_) => return Err(FetchError::Stopped),
            }
        }
        let transfer = Arc::into_inner(shared).ok_or(FetchError::Stopped)?;
        let standing = transfer.standing.into_inner().unwrap_or_else(PoisonError::into_inner);
        for blame in &standing.blames.0 {
            tracing::warn!(root = %transfer.root, %blame, "while downloading");
        }
        Ok(if exhausted {
            Err(standing.blames)
        } else {
            Ok(transfer.partial)
        })
    }

    async fn work(self: Arc<Self>) -> Result<(), Stop> {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.shape.data_segments() {
                return Ok(());
            }
            let data = self.segment(index).await.ok_or(Stop::Exhausted)?;
            self.partial
                .write_at(&data, index.saturating_mul(SEGMENT_BYTES))
                .map_err(Stop::Disk)?;
            self.progress.advance(data.len() as u64);
        }
    }

    /// One segment from whoever has it, beginning with a different node for each, until nobody is left.
    async fn segment(&self, index: u64) -> Option<Vec<u8>> {
        let count = self.sources.len();
        let start = usize::try_from(index).unwrap_or_default();
        for round in 0..CHANCES {
            if round > 0 {
                sleep(FIRST_PAUSE.saturating_mul(1 << (round - 1))).await;
            }
            for position in 0..count {
                let position = start.wrapping_add(position).checked_rem(count)?;
                let source = self.sources.get(position)?;
                if !source.node.shard.holds(source.file.start_entry_index, index) || self.given_up(position) {
                    continue;
                }
                match self.ask(source, index).await {
                    Ok(data) => {
                        self.acquit(position);
                        return Some(data);
                    }
                    Err(fault) => self.blame(position, source, fault),
                }
            }
            if !self.somebody_is_left(index) {
                break;
            }
        }
        None
    }

    async fn ask(&self, source: &Source, index: u64) -> Result<Vec<u8>, Fault> {
        let asked = source.node.segment(&self.root, &self.shape, source.file.seq, index);
        timeout(self.patience, asked).await.unwrap_or(Err(Fault::TooSlow {
            bytes: self.shape.segment_size(index).unwrap_or_default(),
            seconds: self.patience.as_secs(),
        }))
    }

    fn somebody_is_left(&self, index: u64) -> bool {
        let mut sources = self.sources.iter().enumerate();
        sources.any(|(position, source)| {
            source.node.shard.holds(source.file.start_entry_index, index) && !self.given_up(position)
        })
    }

    fn given_up(&self, position: usize) -> bool {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing
            .failures
            .get(position)
            .is_none_or(|failures| *failures >= CHANCES)
    }

    /// A node that gives is no failing one: over a long file everybody stumbles now and then. Who lied stays given up.
    fn acquit(&self, position: usize) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failures) = standing
            .failures
            .get_mut(position)
            .filter(|failures| **failures < CHANCES)
        {
            *failures = 0;
        }
    }

    fn blame(&self, position: usize, source: &Source, fault: Fault) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failures) = standing.failures.get_mut(position) {
            *failures = if fault.is_final() {
                CHANCES
            } else {
                failures.saturating_add(1)
            };
        }
        standing.blames.add(source.node.endpoint(), fault);
    }
}
