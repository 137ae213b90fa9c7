-- One row for each proposal that a gateway may settle. Numbers beyond 64 bits are decimal text, words are 0x text.
CREATE TABLE proposals (
    gateway             TEXT    NOT NULL,
    proposal            TEXT    NOT NULL,
    project             TEXT    NOT NULL,
    claimed_score       TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    cause               TEXT    NOT NULL,
    attempt             INTEGER NOT NULL DEFAULT 0,
    runs                INTEGER NOT NULL DEFAULT 0,
    ticket              TEXT,
    ticket_key          TEXT,
    closes_at           INTEGER,
    incumbent_code_hash TEXT,
    incumbent_score     TEXT,
    verdict             INTEGER,
    reason              TEXT,
    score               TEXT,
    lower               TEXT,
    upper               TEXT,
    bundle_root         TEXT,
    receipt_path        TEXT,
    transaction_hash    TEXT,
    gas_used            INTEGER,
    changed_at          INTEGER NOT NULL,
    PRIMARY KEY (gateway, proposal)
) STRICT;

-- Every change of a state, and why. Rows are added and never changed.
CREATE TABLE transitions (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway     TEXT    NOT NULL,
    proposal    TEXT    NOT NULL,
    state_from  TEXT    NOT NULL,
    state_to    TEXT    NOT NULL,
    cause       TEXT    NOT NULL,
    changed_at  INTEGER NOT NULL,
    FOREIGN KEY (gateway, proposal) REFERENCES proposals (gateway, proposal)
) STRICT;

-- The first block that has not been searched for events.
CREATE TABLE cursors (
    gateway    TEXT    NOT NULL PRIMARY KEY,
    next_block INTEGER NOT NULL
) STRICT;

-- The evidence that a key was admitted with: every statement of the key names its root.
CREATE TABLE keys (
    gateway         TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    challenge_block INTEGER NOT NULL,
    challenge_hash  TEXT    NOT NULL,
    envelope        BLOB    NOT NULL,
    noted_at        INTEGER NOT NULL,
    PRIMARY KEY (gateway, address)
) STRICT;
