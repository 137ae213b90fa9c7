//! The enclave: key keeper and job service.

fn main() {}
