-- The second schema at once: PostgreSQL came with it. Column for column that of SQLite, where the reasons are.
CREATE TABLE proposals (
    gateway             TEXT   NOT NULL,
    proposal            TEXT   NOT NULL,
    project             TEXT   NOT NULL,
    claimed_score       TEXT   NOT NULL,
    state               TEXT   NOT NULL,
    cause               TEXT   NOT NULL,
    attempt             BIGINT NOT NULL DEFAULT 0,
    runs                BIGINT NOT NULL DEFAULT 0,
    ticket              TEXT,
    ticket_key          TEXT,
    closes_at           BIGINT,
    incumbent_code_hash TEXT,
    incumbent_score     TEXT,
    verdict             BIGINT,
    reason              TEXT,
    score               TEXT,
    lower               TEXT,
    upper               TEXT,
    bundle_root         TEXT,
    receipt_path        TEXT,
    transaction_hash    TEXT,
    gas_used            BIGINT,
    changed_at          BIGINT NOT NULL,
    stake               TEXT,
    submitted_at        BIGINT,
    code_hash           TEXT,
    miner               TEXT,
    claim_owner         TEXT,
    claim_until         BIGINT,
    final               BIGINT NOT NULL DEFAULT 0,
    confirmed           BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, proposal)
);
CREATE INDEX proposals_workable ON proposals (gateway) WHERE final = 0;
CREATE INDEX proposals_unconfirmed ON proposals (gateway) WHERE final = 1 AND confirmed = 0;
CREATE INDEX proposals_claimed ON proposals (claim_owner) WHERE claim_owner IS NOT NULL;

CREATE TABLE transitions (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway    TEXT   NOT NULL,
    proposal   TEXT   NOT NULL,
    state_from TEXT   NOT NULL,
    state_to   TEXT   NOT NULL,
    cause      TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    FOREIGN KEY (gateway, proposal) REFERENCES proposals (gateway, proposal)
);
CREATE INDEX transitions_of_proposal ON transitions (gateway, proposal, number);

CREATE TABLE receipts (
    gateway  TEXT   NOT NULL,
    ticket   TEXT   NOT NULL,
    proposal TEXT   NOT NULL,
    receipt  BYTEA  NOT NULL,
    kept_at  BIGINT NOT NULL,
    PRIMARY KEY (gateway, ticket)
);

CREATE TABLE cursors (
    gateway TEXT NOT NULL PRIMARY KEY,
    cursor  TEXT NOT NULL
);

CREATE TABLE keys (
    number          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway         TEXT   NOT NULL,
    address         TEXT   NOT NULL,
    daemon          TEXT,
    enclave         TEXT,
    challenge_block BIGINT NOT NULL,
    challenge_hash  TEXT   NOT NULL,
    envelope        BYTEA  NOT NULL,
    noted_at        BIGINT NOT NULL,
    UNIQUE (gateway, address)
);

CREATE TABLE duties (
    gateway          TEXT   NOT NULL,
    kind             TEXT   NOT NULL,
    subject          TEXT   NOT NULL,
    operator         TEXT   NOT NULL,
    due_at           BIGINT NOT NULL,
    done             BIGINT NOT NULL DEFAULT 0,
    done_transaction TEXT,
    PRIMARY KEY (gateway, kind, subject, operator)
);
CREATE INDEX duties_open ON duties (gateway, due_at) WHERE done = 0;
