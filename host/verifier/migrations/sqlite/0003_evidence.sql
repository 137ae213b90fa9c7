-- A key has several evidences until one of them is admitted.
ALTER TABLE keys RENAME TO single_keys;
CREATE TABLE keys (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway         TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    daemon          TEXT,
    enclave         TEXT,
    challenge_block INTEGER NOT NULL,
    challenge_hash  TEXT    NOT NULL,
    envelope        BLOB    NOT NULL,
    noted_at        INTEGER NOT NULL,
    UNIQUE (gateway, address, challenge_hash)
) STRICT;
INSERT INTO keys (gateway, address, daemon, enclave, challenge_block, challenge_hash, envelope, noted_at)
    SELECT gateway, address, daemon, enclave, challenge_block, challenge_hash, envelope, noted_at
    FROM single_keys ORDER BY number;
DROP TABLE single_keys;
