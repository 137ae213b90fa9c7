//! Chain access: bindings, transactions, events, keystore.
