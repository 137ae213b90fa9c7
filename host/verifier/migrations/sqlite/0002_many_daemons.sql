-- What intake knows of a submission. Rows of the first schema lack it until they are noted again.
ALTER TABLE proposals ADD COLUMN stake TEXT;
ALTER TABLE proposals ADD COLUMN submitted_at INTEGER;
ALTER TABLE proposals ADD COLUMN code_hash TEXT;
ALTER TABLE proposals ADD COLUMN miner TEXT;

-- Which daemon works on the row, and until when its claim holds, in milliseconds of the database's clock.
ALTER TABLE proposals ADD COLUMN claim_owner TEXT;
ALTER TABLE proposals ADD COLUMN claim_until INTEGER;

-- 1: nothing is left to do, unless a reorganisation undoes it.
ALTER TABLE proposals ADD COLUMN final INTEGER NOT NULL DEFAULT 0;
-- 1: no reorganisation will undo the present state.
ALTER TABLE proposals ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;

UPDATE proposals SET final = 1 WHERE state LIKE 'settled:%' OR state LIKE 'closed:%';

CREATE INDEX proposals_workable ON proposals (gateway) WHERE final = 0;
CREATE INDEX proposals_unconfirmed ON proposals (gateway) WHERE final = 1 AND confirmed = 0;
CREATE INDEX proposals_claimed ON proposals (claim_owner) WHERE claim_owner IS NOT NULL;
CREATE INDEX transitions_of_proposal ON transitions (gateway, proposal, number);

-- Receipts, whole: whichever daemon comes next can settle their statements.
CREATE TABLE receipts (
    gateway  TEXT    NOT NULL,
    ticket   TEXT    NOT NULL,
    proposal TEXT    NOT NULL,
    receipt  BLOB    NOT NULL,
    kept_at  INTEGER NOT NULL,
    PRIMARY KEY (gateway, ticket)
) STRICT;

-- How far the chain has been searched, as JSON: the way there is part of it, to find back after a reorganisation.
ALTER TABLE cursors RENAME TO block_cursors;
CREATE TABLE cursors (
    gateway TEXT NOT NULL PRIMARY KEY,
    cursor  TEXT NOT NULL
) STRICT;
-- Blocks that were young then may have been replaced since.
INSERT INTO cursors (gateway, cursor)
    SELECT gateway, '{"first_block":' || max(next_block - 32, 0) || ',"trail":[]}' FROM block_cursors;
DROP TABLE block_cursors;

-- The newest key comes last. Keys of the first schema are of any daemon and any enclave.
ALTER TABLE keys RENAME TO numberless_keys;
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
    UNIQUE (gateway, address)
) STRICT;
INSERT INTO keys (gateway, address, challenge_block, challenge_hash, envelope, noted_at)
    SELECT gateway, address, challenge_block, challenge_hash, envelope, noted_at
    FROM numberless_keys ORDER BY noted_at, rowid;
DROP TABLE numberless_keys;

-- What is left to do on chain once a proposal is decided. The subject is a proposal or a project, by its kind.
CREATE TABLE duties (
    gateway          TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    operator         TEXT    NOT NULL,
    due_at           INTEGER NOT NULL,
    done             INTEGER NOT NULL DEFAULT 0,
    done_transaction TEXT,
    PRIMARY KEY (gateway, kind, subject, operator)
) STRICT;
CREATE INDEX duties_open ON duties (gateway, due_at) WHERE done = 0;
