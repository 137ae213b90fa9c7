//! The operator's daemon: intake, ticket, fetch, run, settle.
