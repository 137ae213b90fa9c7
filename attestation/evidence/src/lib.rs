//! Guest side of attestation: one envelope for all platforms, and the binding of a key to its evidence.
