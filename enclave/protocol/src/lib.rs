//! The published rule, from protocol.json to verdict: pure, no I/O.
