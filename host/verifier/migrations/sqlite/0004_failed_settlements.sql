-- Transactions with the present ticket's statement that were paid for in vain, and when the last one was seen.
ALTER TABLE proposals ADD COLUMN failed_settlements INTEGER NOT NULL DEFAULT 0;
ALTER TABLE proposals ADD COLUMN failed_at INTEGER NOT NULL DEFAULT 0;
