//! The operator's page, Prometheus' metrics and the answers about health, served by the daemon itself.
//!
//! Everything is made on the server from one [`Situation`]: the board's live state and the journal's rows. The page works
//! without its script, which only fetches the changing part again. It reads and never writes; there is no key and no
//! password on it, and whoever can reach its address can read it.

mod document;
mod door;
mod frontier;
mod health;
mod markup;
mod metrics;
mod runbook;
#[cfg(test)]
mod samples;
mod sections;
mod settings;
mod shelf;
mod situation;
mod status_document;
mod visit;
mod words;

pub use self::health::Obstacle;
pub use self::settings::PageSettings;
pub use self::situation::{Operation, Situation};

use self::door::Door;
use self::shelf::Shelf;
use self::visit::Visits;
use crate::board::Board;
use crate::error::VerifierError;
use crate::journal::Journal;
use crate::notice::{Notice, Observer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Before a page that could not be served is tried again.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_secs(30);

/// A page that listens and is not served yet.
pub struct Page {
    listener: TcpListener,
    door: Arc<Door>,
}

impl Page {
    /// Listens.
    ///
    /// # Errors
    /// [`VerifierError::Configuration`], or [`VerifierError::Page`] when the address cannot be listened on.
    pub async fn open(
        settings: PageSettings,
        operation: Operation,
        board: Arc<Board>,
        journal: Journal,
    ) -> Result<Self, VerifierError> {
        settings.check()?;
        let address = settings.listen;
        let unusable = |source| VerifierError::Page { address, source };
        let listener = TcpListener::bind(address).await.map_err(unusable)?;
        let door = Arc::new(Door {
            settings,
            operation,
            board,
            shelf: Shelf::new(journal),
        });
        Ok(Self { listener, door })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// [`VerifierError::Page`].
    pub fn address(&self) -> Result<SocketAddr, VerifierError> {
        let address = self.door.settings.listen;
        let unusable = |source| VerifierError::Page { address, source };
        self.listener.local_addr().map_err(unusable)
    }

    /// Answers, until it fails.
    ///
    /// # Errors
    /// [`VerifierError::Page`].
    pub async fn serve(self) -> Result<(), VerifierError> {
        let address = self.door.settings.listen;
        let serving = axum::serve(Visits::new(self.listener), door::router(self.door));
        let served = serving.await;
        served.map_err(|source| VerifierError::Page { address, source })
    }
}

/// Serves for good. A page that cannot be served is told to the board and tried again: verdicts do not wait for it.
pub async fn serve(settings: PageSettings, operation: Operation, board: Arc<Board>, journal: Journal) -> Infallible {
    loop {
        let page = Page::open(settings.clone(), operation, Arc::clone(&board), journal.clone()).await;
        let ended = match page {
            Ok(page) => announced(page, &board).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            board.notice(&Notice::failed(None, &error));
        }
        sleep(BEFORE_ANOTHER_TRY).await;
    }
}

/// Tells where the page is, and serves it.
async fn announced(page: Page, board: &Board) -> Result<(), VerifierError> {
    board.notice(&Notice::PageServed(page.address()?));
    page.serve().await
}
