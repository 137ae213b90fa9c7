//! Embedded chain and 0G storage for development and the demo.
