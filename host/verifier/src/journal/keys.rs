//! The evidence that keys were admitted with.

use super::record::Columns;
use super::{Journal, JournalError, KeyRecord, signed};
use orv_chain::BlockReference;
use orv_chain::primitives::Address;
use std::collections::BTreeSet;

macro_rules! select_keys {
    ($rest:literal) => {
        concat!(
            "SELECT address, challenge_block, challenge_hash, envelope FROM keys WHERE gateway = $1 ",
            $rest
        )
    };
}

/// Evidences of one key that are kept. An admission is taken for 256 blocks after its challenge, so that an older one
/// than these can only have been admitted before they were made, and then they never were.
const KEPT: i64 = 8;

impl Journal {
    /// Keeps the evidence that a key is admitted with. It is written before the admission is sent, and a key that was
    /// not admitted with it may give another: which one the chain took is found out later. The enclave is the address at
    /// which this daemon has it.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn keep_key(&self, key: &KeyRecord, enclave: &str, at: u64) -> Result<(), JournalError> {
        let mut transaction = self.database.begin().await?;
        // Written anew, so that it becomes the newest; and no more than the newest few are kept.
        let statement = "DELETE FROM keys WHERE gateway = $1 AND address = $2 AND (challenge_hash = $3 OR number NOT IN \
             (SELECT number FROM keys WHERE gateway = $1 AND address = $2 ORDER BY number DESC LIMIT $4))";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(key.address.to_string())
            .bind(key.challenge_block.hash.to_string())
            .bind(KEPT - 1);
        query.execute(&mut *transaction).await?;
        let statement = "INSERT INTO keys (gateway, address, daemon, enclave, challenge_block, challenge_hash, \
             envelope, noted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(key.address.to_string())
            .bind(self.daemon.to_string())
            .bind(enclave.to_owned())
            .bind(signed(key.challenge_block.number)?)
            .bind(key.challenge_block.hash.to_string())
            .bind(key.envelope.clone())
            .bind(signed(at)?);
        query.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The evidence of every key of this operator's daemons, newest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, JournalError> {
        let query = sqlx::query(select_keys!("ORDER BY number DESC")).bind(&self.gateway);
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(|row| key(&Columns(row))).collect()
    }

    /// The keys that enclaves have now, as far as the journal knows: of each place where a daemon has an enclave, the
    /// newest. An enclave that is booted anew has another key, and the old one is gone with what it was.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn present_keys(&self) -> Result<BTreeSet<Address>, JournalError> {
        let statement = "SELECT address, daemon, enclave FROM keys WHERE gateway = $1 ORDER BY number DESC";
        let query = sqlx::query(statement).bind(&self.gateway);
        let rows = query.fetch_all(&self.database.pool).await?;
        let (mut places, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for row in &rows {
            let columns = Columns(row);
            let daemon: Option<String> = columns.optional("daemon")?;
            let enclave: Option<String> = columns.optional("enclave")?;
            if places.insert((daemon, enclave)) {
                keys.insert(columns.parsed("address")?);
            }
        }
        Ok(keys)
    }

    /// The evidence of one key, newest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn evidence_of(&self, address: Address) -> Result<Vec<KeyRecord>, JournalError> {
        let query = sqlx::query(select_keys!("AND address = $2 ORDER BY number DESC"))
            .bind(&self.gateway)
            .bind(address.to_string());
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(|row| key(&Columns(row))).collect()
    }

    /// The newest evidence that this daemon had from an enclave's address, or that an earlier program kept without
    /// saying from where.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn newest_key(&self, enclave: &str) -> Result<Option<KeyRecord>, JournalError> {
        let statement =
            select_keys!("AND ((daemon = $2 AND enclave = $3) OR daemon IS NULL) ORDER BY number DESC LIMIT 1");
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(self.daemon.to_string())
            .bind(enclave.to_owned());
        let row = query.fetch_optional(&self.database.pool).await?;
        row.map(|row| key(&Columns(&row))).transpose()
    }
}

fn key(columns: &Columns<'_>) -> Result<KeyRecord, JournalError> {
    let (number, hash) = (columns.number("challenge_block")?, columns.parsed("challenge_hash")?);
    Ok(KeyRecord {
        address: columns.parsed("address")?,
        challenge_block: BlockReference { number, hash },
        envelope: columns.bytes("envelope")?,
    })
}
