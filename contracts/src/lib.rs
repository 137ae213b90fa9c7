//! Bindings of the contracts, made from their committed artifacts.
