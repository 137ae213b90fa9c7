//! The command line of miners, creators and verifier operators.

fn main() {}
