//! Messages and frames between host and enclave.
