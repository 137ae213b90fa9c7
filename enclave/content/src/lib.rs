//! 0G Merkle tree, archives and OCI layouts: hostile bytes in, a verified tree out.
