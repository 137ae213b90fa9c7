//! From verified bundles to measured trials: the same code for enclave, creator, miner and auditor.
