//! Runs the whole way of a proposal on this machine.

fn main() {}
