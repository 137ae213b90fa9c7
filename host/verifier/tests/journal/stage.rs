//! A database for one test, of either kind.

use crate::postgres::Server;
use orv_chain::primitives::Address;
use orv_verifier::journal::{DaemonId, Journal, JournalPlace};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection};
use std::sync::LazyLock;
use tempfile::TempDir;

pub const GATEWAY: Address = Address::repeat_byte(7);

/// One server for the whole run: a test has a database of its own in it.
static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::start);

/// A place that is empty at first.
pub struct Stage {
    pub place: JournalPlace,
    address: String,
    folder: TempDir,
}

impl Stage {
    /// A file.
    pub fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        Self {
            address: format!("sqlite://{}?mode=rwc", path.display()),
            place: JournalPlace::File(path),
            folder,
        }
    }

    /// A database of the server; nothing where there is none.
    pub fn postgres() -> Option<Self> {
        Some(Self::in_server(SERVER.as_ref()?))
    }

    /// A database of a certain server.
    pub fn in_server(server: &Server) -> Self {
        let address = server.database();
        Self {
            place: JournalPlace::Postgres(address.parse().unwrap()),
            address,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The journal in the hands of the only daemon.
    pub async fn open(&self) -> Journal {
        self.open_as(1).await
    }

    /// The journal in the hands of one of several daemons.
    pub async fn open_as(&self, daemon: u8) -> Journal {
        Journal::open(&self.place, GATEWAY, DaemonId::new([daemon; 16]))
            .await
            .unwrap()
    }

    /// What a process of its own is told.
    pub fn writer_address(&self) -> String {
        match &self.place {
            JournalPlace::File(path) => path.display().to_string(),
            JournalPlace::Postgres(url) => url.clone().into(),
        }
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Does to the tables what no journal does.
    pub async fn meddle(&self, statement: &'static str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A connection past the journal.
    pub async fn connect(&self) -> AnyConnection {
        install_default_drivers();
        AnyConnection::connect(&self.address).await.unwrap()
    }
}

/// Runs each behaviour on both databases.
macro_rules! on_both_databases {
    ($($(#[doc = $doc:literal])* async fn $name:ident($stage:ident: Stage) $body:block)+) => {
        $($(#[doc = $doc])* async fn $name($stage: $crate::stage::Stage) $body)+

        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::stage::Stage::file()).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(stage) = $crate::stage::Stage::postgres() {
                    super::$name(stage).await;
                }
            })+
        }
    };
}
