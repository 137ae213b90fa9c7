//! Checks a receipt offline.

fn main() {}
